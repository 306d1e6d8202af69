"""What these programs learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
SHOWERS, POSES, MOTHS, SHANTIES = 4, 4, 3, 4
NOTES, BARS = 14, 10
SITES, PLANTS = 30, 24
WORDS, TOLD = 44, 8
FATHOMS, WOOD, MASK, SHERD = 24, 9, 20, 14
ANIMALS, DIETS = 8, 3


def enzymes(batch: int = 64) -> Pairs:
    """Eight conditions of an assay on unit scale; the rate of the reaction, about its mean."""
    draw = generator(9101)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    bound = 2 * torch.sigmoid(1.5 * x[..., 0] - x[..., 1]) - 1
    y = 1.6 * bound - 0.6 * (x[..., 2] - 0.4).square() + 0.8 * x[..., 3] * (x[..., 4] > 0) + 0.5 * x[..., 5]
    y = (y + 0.7) / 1.6 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def meteors(batch: int = 64) -> Pairs:
    """Six numbers of a meteor's path about their means; its shower, of which one in ten is drawn anew."""
    draw = generator(9102)
    centres = 1.3 * torch.randn(3 * SHOWERS, 6, generator=draw)
    which = torch.randint(3 * SHOWERS, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.65 * torch.randn(COUNT, batch, 6, generator=draw)) / 1.45
    return list(zip(x, flipped(which % SHOWERS, SHOWERS, 0.1, draw), strict=True))


def puppets(size: int = 10, batch: int = 24) -> Pairs:
    """Pictures of a puppet whose arms are each up or down; one label in seven is drawn anew."""
    draw = generator(9103)
    y = torch.randint(POSES, (COUNT, batch), generator=draw)
    poses = torch.zeros(POSES, size, size)
    poses[:, 2:8, 4:6] = 1.0
    for pose in range(POSES):
        for far in range(1, 4):
            left, right = (far if up else -far for up in (pose % 2, pose // 2))
            poses[pose, 5 - left, 4 - far] = poses[pose, 5 - right, 5 + far] = 1.4
    bright = 1 + 0.3 * torch.randn(COUNT, batch, 1, 1, generator=draw)
    x = 2.2 * bright * poses[y] - 0.5 + 0.7 * torch.randn(COUNT, batch, size, size, generator=draw)
    return list(zip(x[:, :, None], flipped(y, POSES, 0.15, draw), strict=True))


def moths(size: int = 8, batch: int = 24) -> Pairs:
    """Photographs of wings in three colours: bands, a spot in the middle, or neither; one in six errs."""
    draw = generator(9104)
    y = torch.randint(MOTHS, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    spot = ((at[:, None].square() + at.square()) < 5).float()
    bands = ((torch.arange(size) // 2) % 2).float().expand(size, size)
    marks = torch.stack([bands, spot, torch.full((size, size), 0.4)])[y][:, :, None]
    light, dark = torch.randn(2, COUNT, batch, 3, 1, 1, generator=draw)
    x = light + (1.8 + 0.5 * dark) * marks - 0.7
    x = (x + 0.4 * torch.randn(COUNT, batch, 3, size, size, generator=draw)) / 1.3
    return list(zip(x, flipped(y, MOTHS, 0.16, draw), strict=True))


def glaciers(length: int = 12, batch: int = 40) -> Pairs:
    """Speed, snow and warmth of a glacier by month, about their means; its speed in the month to come."""
    draw = generator(9105)
    snow = torch.randn(COUNT, batch, length, generator=draw)
    warm = torch.randn(COUNT, batch, length, generator=draw)
    speed = torch.randn(COUNT, batch, generator=draw)
    speeds = []
    for month in range(length):
        speeds.append(speed)
        fallen = snow[..., month - 1] if month else 0.0
        speed = 0.6 * speed + 0.6 * warm[..., month] - 0.5 * fallen
        speed = speed + 0.35 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([torch.stack(speeds, -1), snow, warm], -1)
    return list(zip(x, speed[..., None], strict=True))


def shanties(length: int = 18, batch: int = 40) -> Pairs:
    """The first two beats of a shanty tell its kind, all after them is stamping; one label in seven errs."""
    draw = generator(9106)
    y = torch.randint(SHANTIES, (COUNT, batch), generator=draw)
    x = 0.3 * torch.randn(COUNT, batch, length, 4, generator=draw)
    x[:, :, 0] += 1.7 * F.one_hot(y, 4) - 0.4
    x[:, :, 1] += 1.0 * F.one_hot((y + 1) % 4, 4) - 0.2
    return list(zip(x, flipped(y, SHANTIES, 0.14, draw), strict=True))


def reels(batch: int = 14) -> Pairs:
    """Notes of a reel, each told by the two before it; and what follows each."""
    draw = generator(9107)
    one, two = 2.3 * torch.randn(2, NOTES, NOTES, generator=draw)
    sung = [torch.randint(NOTES, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(BARS - 1):
        chances = torch.softmax(one[sung[-1]] + 0.4 * two[sung[-2]], -1)
        sung.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(sung, 1).reshape(COUNT, batch, BARS + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def pollen(batch: int = 96) -> Triples:
    """Wind and rain of a day; which site counts which plant; and how much there is, about the mean."""
    draw = generator(9108)
    which = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (SITES, PLANTS)], -1)
    open_, rich = torch.randn(SITES, generator=draw), torch.randn(PLANTS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = 0.9 * open_[which[..., 0]] + 1.0 * rich[which[..., 1]] + 0.6 * torch.tanh(2 * x[..., 0])
    y = (y - 0.5 * x[..., 1]) / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, which, y[..., None], strict=True))


def legends(batch: int = 48) -> Pairs:
    """Words of a legend, 0 where it was shorter (a few are lost), and its region; one in ten errs."""
    draw = generator(9109)
    common = 1 + (WORDS * torch.rand(COUNT, batch, TOLD, generator=draw) ** 1.7).long()
    y = torch.randint(4, (COUNT, batch), generator=draw)
    own = common - common % 4 + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.6, own, common).clamp(1, WORDS)
    length = torch.randint(0, TOLD + 1, (COUNT, batch, 1), generator=draw)
    return list(zip(torch.where(torch.arange(TOLD) < length, x, 0), flipped(y, 4, 0.1, draw), strict=True))


def fjords(batch: int = 48) -> Pairs:
    """Depths across a fjord about their mean, and the same as a second ship has sounded them."""
    draw = generator(9110)
    at = torch.linspace(-2, 2, FATHOMS)
    middle, steep, sill, deep = torch.randn(4, COUNT, batch, 1, generator=draw)
    clean = (1.8 + 0.8 * deep) * torch.tanh((1.5 + 0.5 * steep) * ((at - 0.7 * middle).abs() - 0.9))
    clean = clean + 0.7 * sill * torch.cos(2 * at) - 0.5
    x, y = clean / 1.4 + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def masks(batch: int = 48) -> Pairs:
    """Nine numbers of a block of wood, and the face of the mask that is cut from it, with noise."""
    draw = generator(9111)
    first, last = (torch.randn(size, generator=draw) / 2.4 for size in ((WOOD, 12), (12, MASK)))
    x = torch.randn(COUNT, batch, WOOD, generator=draw)
    y = 1.6 * torch.tanh(1.5 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def sherds(batch: int = 48) -> Triples:
    """Numbers of two sherds, and whether they are of one pot; one answer in eight errs."""
    draw = generator(9112)
    pot = 1.3 * torch.randn(9, SHERD, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((pot[y] + 0.8 * torch.randn(COUNT, batch, SHERD, generator=draw)) / 1.5 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def amber(batch: int = 32) -> Pairs:
    """Two scans of one piece of amber each; those beside it in a batch are others."""
    draw = generator(9113)
    piece = torch.randn(COUNT, batch, 5, generator=draw)
    mix = torch.randn(5, SHERD, generator=draw) / 2
    a, b = (piece @ mix + 0.45 * torch.randn(COUNT, batch, SHERD, generator=draw) for _ in range(2))
    return list(zip(a, b, strict=True))


def webs(batch: int = 24) -> Triples:
    """Diets and numbers of animals in a pond, who eats whom, and how steady it is, with noise."""
    draw = generator(9114)
    diet = torch.randint(DIETS, (COUNT, batch, ANIMALS), generator=draw)
    many = torch.randn(COUNT, batch, ANIMALS, generator=draw)
    eats = (torch.rand(COUNT, batch, ANIMALS, ANIMALS, generator=draw) < 0.5).float().triu(1)
    eats = eats + eats.mT
    greed = torch.tensor([-1.1, 0.2, 1.0])[diet]
    near = (eats @ greed[..., None])[..., 0] / (eats.sum(-1) + 1)
    y = 2.2 * (greed + 1.4 * near * many).mean(-1) + 0.3 * torch.randn(COUNT, batch, generator=draw)
    x = torch.cat([F.one_hot(diet, DIETS).float(), many[..., None]], -1)
    return list(zip(x, eats, y[..., None], strict=True))
