"""What the programs of this writer learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
DELAYS, FLOWERS, STAMPS, TYPISTS, OPINIONS = 4, 4, 3, 4, 3
NOTES, JINGLE = 14, 10
MACHINES, SNACKS = 24, 30
LEXICON, REVIEW = 45, 10
KITE, RECIPE, BUTTON, GLOVE = 20, 10, 24, 12
STOPS, CRAFTS = 8, 3


def greenhouses(batch: int = 64) -> Pairs:
    """Warmth, light, water and five more numbers of a greenhouse on unit scale; its yield, about 0."""
    draw = generator(3101)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    warm = 1 - 0.5 * (x[..., 0] - 0.4).square()
    y = warm + 1.1 * x[..., 1] + 0.7 * torch.tanh(2 * x[..., 2]) * x[..., 3] + 0.4 * x[..., 5]
    y = (y - 0.4) / 1.6 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def ferries(batch: int = 64) -> Pairs:
    """Wind, waves and four more numbers of a crossing; how late it was, of which one in ten is drawn anew."""
    draw = generator(3102)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    rough = 1.2 * x[..., 0] + (x[..., 1] * x[..., 2]).clamp(-2, 2) - 0.6 * x[..., 3]
    y = (rough > 0).long() + 2 * (x[..., 4] + 0.5 * x[..., 5].abs() > 0.3).long()
    return list(zip(x, flipped(y, DELAYS, 0.1, draw), strict=True))


def tickets(batch: int = 64) -> Pairs:
    """Seven numbers of a concert, and whether it was sold out; one answer in ten errs."""
    draw = generator(3103)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    sold = 1.1 * x[..., 0] + 0.9 * x[..., 1] * x[..., 2] - 0.7 * x[..., 3].abs() + 0.6 * x[..., 4] + 0.5
    return list(zip(x, flipped((sold > 0).long(), 2, 0.1, draw).float()[..., None], strict=True))


def sunflowers(size: int = 10, batch: int = 24) -> Pairs:
    """Pictures of a flower with wide or narrow petals and a bright or dark middle; one in eight errs."""
    draw = generator(3104)
    y = torch.randint(FLOWERS, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    place = 0.7 * torch.randn(2, COUNT, batch, 1, 1, generator=draw)
    far = ((at[:, None] - place[0]).square() + (at - place[1]).square()).sqrt()
    wide = 2.4 + 1.5 * (y % 2)[..., None, None]
    middle = (2.0 * (y // 2) - 1.0)[..., None, None]
    x = 1.6 * ((far < wide) & (far > 1.5)) + 1.4 * middle * (far <= 1.5) - 0.4
    x = x + 0.8 * torch.randn(x.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, FLOWERS, 0.12, draw), strict=True))


def stamps(size: int = 8, batch: int = 24) -> Pairs:
    """Scans of stamps between 0 and 1: a frame, a cross or a bar, in any colours; one label in eight errs."""
    draw = generator(3105)
    y = torch.randint(STAMPS, (COUNT, batch), generator=draw)
    drawn = torch.zeros(STAMPS, size, size)
    drawn[0, 1:-1, 1:-1], drawn[0, 2:-2, 2:-2] = 1.0, 0.0
    drawn[1, 3:5], drawn[1, :, 3:5] = 1.0, 1.0
    drawn[2, 2:6] = 1.0
    back, front = 0.5 * torch.rand(2, COUNT, batch, 3, 1, 1, generator=draw)
    x = back + (0.3 + front) * drawn[y][:, :, None]
    x = x + 0.12 * torch.randn(x.shape, generator=draw)
    return list(zip(x.clamp(0, 1), flipped(y, STAMPS, 0.12, draw), strict=True))


def keystrokes(length: int = 14, batch: int = 32) -> Pairs:
    """Four numbers of each key that was hit; who hit it has a beat and a weight; one label in nine errs."""
    draw = generator(3106)
    y = torch.randint(TYPISTS, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 1, generator=draw)
    beat = torch.sin(torch.arange(length) * (0.8 + 0.9 * (y[..., None] % 2)) + phase)
    lean = (y[..., None] // 2 - 0.5) * torch.linspace(-1.5, 1.5, length)
    other = torch.randn(COUNT, batch, length, 2, generator=draw)
    x = torch.stack([1.3 * beat, lean - 0.3 * beat], -1) + 0.4 * torch.randn(other.shape, generator=draw)
    return list(zip(torch.cat([x, 0.7 * other], -1), flipped(y, TYPISTS, 0.11, draw), strict=True))


def openings(length: int = 16, batch: int = 40) -> Pairs:
    """The first key of a shortcut tells what it does, all after it is noise; one label in eight errs."""
    draw = generator(3107)
    y = torch.randint(TYPISTS, (COUNT, batch), generator=draw)
    x = 0.3 * torch.randn(COUNT, batch, length, 4, generator=draw)
    x[:, :, :2] += 1.8 * F.one_hot(y, 4)[:, :, None] - 0.45
    return list(zip(x, flipped(y, TYPISTS, 0.12, draw), strict=True))


def tides(length: int = 14, batch: int = 40) -> Pairs:
    """Height and wind of the last hours, about their means; the height that comes next."""
    draw = generator(3108)
    at = torch.arange(length + 1) + 12.4 * torch.rand(COUNT, batch, 1, generator=draw)
    high = 0.7 + 0.5 * torch.rand(COUNT, batch, 1, generator=draw)
    wind = torch.randn(COUNT, batch, length + 1, generator=draw)
    height = 1.4 * high * torch.sin(0.507 * at) + 0.35 * torch.randn(wind.shape, generator=draw)
    height[..., 1:] += 0.5 * wind[..., :-1]
    x = torch.stack([height, wind], -1)
    return list(zip(x[:, :, :-1], height[..., -1:], strict=True))


def jingles(batch: int = 14) -> Pairs:
    """Notes of a tune, each told by the two before it; and what follows each."""
    draw = generator(3109)
    one, two = 2.3 * torch.randn(2, NOTES, NOTES, generator=draw)
    sung = [torch.randint(NOTES, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(JINGLE - 1):
        chances = torch.softmax(one[sung[-1]] + 0.4 * two[sung[-2]], -1)
        sung.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(sung, 1).reshape(COUNT, batch, JINGLE + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def snacks(batch: int = 96) -> Triples:
    """Price and heat of a day; which machine and which snack; and how many were sold, about the mean."""
    draw = generator(3110)
    which = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (MACHINES, SNACKS)], -1)
    busy, liked = torch.randn(MACHINES, generator=draw), torch.randn(SNACKS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = 0.9 * busy[which[..., 0]] + liked[which[..., 1]] - 0.6 * x[..., 0] + 0.5 * x[..., 1].abs() - 0.4
    y = y / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, which, y[..., None], strict=True))


def reviews(batch: int = 48) -> Pairs:
    """Words of a review, 0 where it was shorter (a few are empty), and its opinion; one in ten errs."""
    draw = generator(3111)
    y = torch.randint(OPINIONS, (COUNT, batch), generator=draw)
    common = 1 + (LEXICON * torch.rand(COUNT, batch, REVIEW, generator=draw) ** 2).long()
    own = common - common % OPINIONS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.5, own, common).clamp(1, LEXICON)
    length = torch.randint(0, REVIEW + 1, (COUNT, batch, 1), generator=draw)
    x = torch.where(torch.arange(REVIEW) < length, x, 0)
    return list(zip(x, flipped(y, OPINIONS, 0.1, draw), strict=True))


def kites(batch: int = 48) -> Pairs:
    """Heights along the string of a kite, about their mean, and the same as another camera saw them."""
    draw = generator(3112)
    at = torch.linspace(0, 1, KITE)
    high, sag, wave, phase = torch.randn(4, COUNT, batch, 1, generator=draw)
    clean = high * (2 * at - 1) + 2.4 * sag * at * (1 - at) + 0.8 * wave * torch.sin(6 * at + phase)
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def buttons(batch: int = 48) -> Pairs:
    """Ten numbers that order a button, and its outline, with noise."""
    draw = generator(3113)
    first, last = (torch.randn(size, generator=draw) / 2.8 for size in ((RECIPE, 14), (14, BUTTON)))
    x = torch.randn(COUNT, batch, RECIPE, generator=draw)
    y = torch.tanh(1.6 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def gloves(batch: int = 48) -> Triples:
    """Two gloves, and whether they are of one pair; one answer in eight errs."""
    draw = generator(3114)
    kind = 1.2 * torch.randn(9, GLOVE, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((kind[y] + 0.8 * torch.randn(COUNT, batch, GLOVE, generator=draw)) / 1.4 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def routes(batch: int = 24) -> Triples:
    """Kind and load of boats at the stops of a route map, which stops are joined; the delay, with noise."""
    draw = generator(3115)
    kind = torch.randint(CRAFTS, (COUNT, batch, STOPS), generator=draw)
    load = torch.randn(COUNT, batch, STOPS, generator=draw)
    joined = (torch.rand(COUNT, batch, STOPS, STOPS, generator=draw) < 0.55).float().triu(1)
    joined = joined + joined.mT
    slow = torch.tensor([-1.1, 0.2, 1.0])[kind]
    near = (joined @ slow[..., None])[..., 0] / (joined.sum(-1) + 1)
    y = 2.4 * (slow + 1.4 * near * load).mean(-1) + 0.3 * torch.randn(COUNT, batch, generator=draw)
    x = torch.cat([F.one_hot(kind, CRAFTS).float(), load[..., None]], -1)
    return list(zip(x, joined, y[..., None], strict=True))


def leaves(size: int = 10, batch: int = 16) -> Pairs:
    """Pictures of a leaf on soil, and which points it covers; one point in fourteen errs."""
    draw = generator(3116)
    at = torch.arange(size) - (size - 1) / 2
    place = 1.4 * torch.randn(2, COUNT, batch, 1, 1, generator=draw)
    wide, high = 1.6 + 2 * torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    inside = ((at[:, None] - place[0]) / high).square() + ((at - place[1]) / wide).square() < 1
    x = 1.7 * inside - 0.5 + 0.7 * torch.randn(inside.shape, generator=draw)
    y = flipped(inside.long(), 2, 0.07, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))
