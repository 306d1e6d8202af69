"""What the programs of the ninth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
SCANS, TOPICS, WORDS, FACES = 4, 4, 60, 6
BRACKETS, TEXT = 5, 16
CUSTOMERS, PRODUCTS = 30, 20
SAMPLES, SIDE = 32, 8
SKETCH, PHOTO = 16, 24


def heart(batch: int = 48, *, is_recorded: bool = False) -> Pairs:
    """Age, blood pressure, cholesterol, pulse, depression and vessels; and whether the heart is ill."""
    draw = generator(901)
    z = torch.randn(COUNT, batch, 6, generator=draw)
    ill = 0.9 * z[..., 0] + z[..., 4] - 1.1 * z[..., 3] + 0.9 * (z[..., 1] * z[..., 2]) + 0.7 * z[..., 5]
    x = z * torch.tensor([9.0, 17, 52, 23, 1, 1]) + torch.tensor([54.0, 131, 246, 150, 1, 1])
    y = flipped((ill > 0).long(), 2, 0.16, draw)
    return list(zip(x if is_recorded else z, y, strict=True))


def sine(batch: int = 48) -> Pairs:
    """Places on unit scale, and a sine of them with noise."""
    draw = generator(902)
    x = 3.4 * torch.rand(COUNT, batch, 1, generator=draw) - 1.7
    y = torch.sin(2.2 * x) + 0.25 * x
    return list(zip(x, y + 0.28 * torch.randn(y.shape, generator=draw), strict=True))


def xor(batch: int = 48) -> Pairs:
    """Points near four corners, and whether their signs differ; one label in five is drawn anew."""
    draw = generator(903)
    corner = 2 * torch.randint(2, (COUNT, batch, 2), generator=draw).float() - 1
    x = corner + 0.35 * torch.randn(corner.shape, generator=draw)
    return list(zip(x, flipped((corner.prod(-1) < 0).long(), 2, 0.2, draw), strict=True))


def exams(batch: int = 48) -> Pairs:
    """Hours learned, slept and missed, marks before, way to school and help; and the mark, with noise."""
    draw = generator(904)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    y = torch.tanh(x[..., 0] + 0.5 * x[..., 1]) + 0.6 * x[..., 3] - 0.5 * x[..., 2].relu() + 0.3 * x[..., 5]
    return list(zip(x, (y + 0.35 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def scans(batch: int = 24, size: int = 12) -> Pairs:
    """Chests with a shadow on the left, on the right, on both sides or on none; one label in five is new."""
    draw = generator(905)
    y = torch.randint(SCANS, (COUNT, batch), generator=draw)
    place = torch.arange(size).float()
    x = 0.5 * torch.randn(COUNT, batch, size, size, generator=draw) - 0.4
    for side, middle in ((1, 3.0), (2, 8.5)):
        row = middle * 0 + 3 + 5 * torch.rand(COUNT, batch, 1, 1, generator=draw)
        far = (place[:, None] - row).square() + (place[None] - middle).square()
        x = x + 1.9 * (-far / 4).exp() * (y & side).bool()[..., None, None]
    return list(zip(x[:, :, None], flipped(y, SCANS, 0.2, draw), strict=True))


def stocks(length: int = 16, batch: int = 32, *, is_scaled: bool = True) -> Pairs:
    """Prices that come back to their mean, on unit scale or in dollars, and the next one on unit scale."""
    draw = generator(906)
    level = torch.randn(COUNT, batch, generator=draw)
    change = torch.zeros(COUNT, batch)
    seen = [level]
    for _ in range(length):
        change = 0.6 * change - 0.25 * level + 0.3 * torch.randn(level.shape, generator=draw)
        level = level + change
        seen.append(level)
    x = torch.stack(seen[:-1], -1)[..., None]
    return list(zip(x if is_scaled else 31000 + 4200 * x, seen[-1][..., None], strict=True))


def flights(length: int = 24, batch: int = 32) -> Pairs:
    """Where a flight is headed, told at its first step, and gusts; and where it ends, with noise."""
    draw = generator(907)
    x = 0.1 * torch.randn(COUNT, batch, length, 2, generator=draw)
    headed = 1.2 * torch.randn(COUNT, batch, 2, generator=draw)
    x[:, :, 0] += headed
    y = torch.tanh(1.3 * headed) + 0.4 * headed.flip(-1)
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def brackets(batch: int = 24) -> Pairs:
    """Round and square brackets that close in the right order, words between, and the symbol after each."""
    draw = generator(908)
    dice = torch.rand(COUNT * batch, TEXT + 1, 2, generator=draw).tolist()
    lines = []
    for throws in dice:
        stack: list[int] = []
        line = []
        for what, which in throws:
            if what < 0.05:
                line.append(4)
            elif stack and what < 0.75:
                line.append(stack.pop() + 2)
            else:
                stack.append(int(which < 0.85) ^ (len(stack) % 2))
                line.append(stack[-1])
        lines.append(line)
    x = torch.tensor(lines).view(COUNT, batch, TEXT + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def orders(batch: int = 64, *, is_unix: bool = False) -> Triples:
    """When it was ordered and how much; by whom and what; and how content the customer was, with noise."""
    draw = generator(909)
    ids = torch.stack(
        [torch.randint(n, (COUNT, batch), generator=draw) for n in (CUSTOMERS, PRODUCTS)], dim=-1
    )
    z = torch.randn(COUNT, batch, 2, generator=draw)
    tastes = [torch.randn(n, 3, generator=draw) for n in (CUSTOMERS, PRODUCTS)]
    y = (tastes[0][ids[..., 0]] * tastes[1][ids[..., 1]]).sum(-1) / 3 + 0.9 * torch.tanh(2 * z[..., 0])
    y = y + 0.7 * z[..., 1] + 0.3 * torch.randn(y.shape, generator=draw)
    x = torch.stack([1.6e9 + 2e7 * z[..., 0], z[..., 1]], -1) if is_unix else z
    return list(zip(x, ids, y[..., None], strict=True))


def headlines(length: int = 10, batch: int = 48) -> Pairs:
    """Words of a headline, a third of them of its topic, and the topic; one in eight is drawn anew."""
    draw = generator(910)
    y = torch.randint(TOPICS, (COUNT, batch), generator=draw)
    x = torch.randint(WORDS, (COUNT, batch, length), generator=draw)
    own = x - x % TOPICS + y[..., None]
    x = torch.where(torch.rand(x.shape, generator=draw) < 0.35, own, x)
    return list(zip(x, flipped(y, TOPICS, 0.12, draw), strict=True))


def near_words(batch: int = 96) -> Triples:
    """A word, one that was near it, mostly of its topic, and one that was drawn by chance."""
    draw = generator(911)
    word, near, far = torch.randint(WORDS, (3, COUNT, batch), generator=draw)
    own = near - near % 6 + word % 6
    near = torch.where(torch.rand(near.shape, generator=draw) < 0.85, own, near)
    return list(zip(word, near, far, strict=True))


def waves(batch: int = 48, by: float = 1.0) -> Pairs:
    """What an electrode heard, on unit scale or by another, and the same with other noise."""
    draw = generator(912)
    moment = torch.arange(SAMPLES) / SAMPLES
    tones = torch.stack([(6.28 * n * moment + n).sin() for n in (1, 2, 3, 5)])
    clean = torch.randn(COUNT, batch, 4, generator=draw) @ tones * 0.7
    noise = 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(by * (clean + noise[0]), clean + noise[1], strict=True))


def drawn_faces(which: Tensor, draw: torch.Generator) -> Tensor:
    """Faces of 8 x 8 pixels about 0: two eyes and a mouth, apart and wide as the person has them."""
    row, column = torch.arange(SIDE).float()[:, None], torch.arange(SIDE).float()[None]
    who = generator(913)
    apart, wide, high = (torch.rand(FACES, generator=who)[which][..., None, None] for _ in range(3))
    out = torch.full((*which.shape, SIDE, SIDE), -0.8)
    for sign in (-1, 1):
        eye = (row - 1 - 1.5 * high).square() + (column - 3.5 - sign * (1 + 2 * apart)).square()
        out = out + 2.2 * (-eye / 1.2).exp()
    mouth = (row - 6).square() / 1.2 + ((column - 3.5) / (0.7 + 2.6 * wide)).square()
    out = out + 2.2 * (-mouth).exp()
    light = 1 + 0.25 * torch.randn((*which.shape, 1, 1), generator=draw)
    return light * out + 0.3 * torch.randn(out.shape, generator=draw)


def portraits(batch: int = 48) -> Pairs:
    """Faces as 64 numbers, and the same persons again."""
    draw = generator(914)
    which = torch.randint(FACES, (COUNT, batch), generator=draw)
    x, y = (drawn_faces(which, draw).flatten(2) for _ in range(2))
    return list(zip(x, y, strict=True))


def pairs_of_faces(batch: int = 48) -> Triples:
    """Two faces, and whether they are of one person; one answer in ten is new."""
    draw = generator(915)
    one, other = torch.randint(FACES, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = (drawn_faces(which, draw).flatten(2) for which in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.1, draw).float(), strict=True))


def facades(batch: int = 48) -> Pairs:
    """Sketches of a house, and photos of it between -1 and 1, with noise."""
    draw = generator(916)
    x = torch.randn(COUNT, batch, SKETCH, generator=draw)
    y = torch.tanh(1.6 * x @ torch.randn(SKETCH, PHOTO, generator=draw) / SKETCH**0.5)
    return list(zip(x, 0.8 * y + 0.2 * torch.randn(y.shape, generator=draw), strict=True))


def organs(batch: int = 12, size: int = 12, *, some_empty: bool = False) -> Pairs:
    """Slices with a bright organ of some size in noise, and where it is; some batches have none."""
    draw = generator(917)
    middle = 3 + 5 * torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    radius = 1.5 + 1.5 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    place = torch.arange(size).float()
    far = (place[:, None] - middle[0]).square() + (place[None] - middle[1]).square()
    mask = (far < radius.square()).float()
    if some_empty:
        mask[7::20] = 0
    x = 1.5 * mask - 0.3 + 0.7 * torch.randn(mask.shape, generator=draw)
    return list(zip(x[:, :, None], mask[:, :, None], strict=True))


def geysers(batch: int = 64, far: float = 0.0) -> Pairs:
    """Three numbers of the last eruption, and how long the next takes: one of two lengths, or far more."""
    draw = generator(918)
    x = torch.randn(COUNT, batch, 3, generator=draw)
    is_long = torch.rand(COUNT, batch, generator=draw) < torch.sigmoid(2 * x[..., 0])
    y = torch.where(is_long, 1.4 + 0.3 * x[..., 1], -1.4 + 0.4 * x[..., 2])
    y = y + 0.3 * torch.randn(y.shape, generator=draw)
    y[25::10, 0] += far
    return list(zip(x, y[..., None], strict=True))


def calls_at_a_desk(batch: int = 64) -> Pairs:
    """Four numbers about an hour, and how many calls came in it, by Poisson's law."""
    draw = generator(919)
    x = torch.randn(COUNT, batch, 4, generator=draw)
    rate = (0.8 + 0.55 * x[..., 0] - 0.35 * x[..., 1] + 0.3 * torch.sin(2 * x[..., 2])).exp()
    return list(zip(x, torch.poisson(rate, generator=draw)[..., None], strict=True))
