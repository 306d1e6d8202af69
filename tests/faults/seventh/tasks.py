"""What the programs of the seventh part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
CALLS, BEATS, INTENTS = 4, 3, 5
HOURS, RUN = 12, 10  # of a clock, and how many are read
VOCABULARY, LONGEST = 50, 9
PATCH = 36  # pixels
MEMBERS, SHOPS = 50, 30


def customers(batch: int = 64, *, is_raw: bool = False) -> Pairs:
    """Age, salary, months, calls, balance and five flags; and whether the customer left."""
    draw = generator(401)
    z = torch.randn(COUNT, batch, 10, generator=draw)
    z[..., 5:] = z[..., 5:].sign()
    score = 1.6 * z[..., 2] * z[..., 5] - 1.2 * z[..., 3] + 0.9 * z[..., 1].abs() + z[..., 6] - 0.7
    y = flipped((score > 0).long(), 2, 0.12, draw)
    if is_raw:
        z = z * torch.tensor([12.0, 21_000, 20, 2, 4_000, *[0.5] * 5])
        z = z + torch.tensor([41.0, 52_000, 30, 5, 6_500, *[0.5] * 5])
    return list(zip(z, y, strict=True))


def concrete(batch: int = 64, *, scale: float = 1.0, offset: float = 0.0, noise: float = 0.35) -> Pairs:
    """How a mix of seven things is dosed, on unit scale, and how strong it gets, with noise."""
    draw = generator(402)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    y = torch.tanh(1.2 * x[..., 0] - x[..., 3]) + 0.5 * x[..., 6] * (x[..., 1] > 0) + 0.4 * x[..., 2].abs()
    y = y - 0.3 + noise * torch.randn(y.shape, generator=draw)
    return list(zip(x, (scale * y + offset)[..., None], strict=True))


def rides(batch: int = 64) -> Pairs:
    """Hour, warmth, wind and five more on unit scale, and how many bicycles were lent; at times none."""
    draw = generator(403)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    rate = torch.exp(0.6 * x[..., 0] - 0.5 * x[..., 1].abs() + 0.4 * x[..., 2] + 1.0)
    return list(zip(x, torch.poisson(rate, generator=draw)[..., None], strict=True))


def calls(batch: int = 24, *, in_decibels: bool = False) -> Pairs:
    """Spectrograms, 12 bands by 12 moments, of a call that rises, falls, stays or beats twice."""
    draw = generator(404)
    y = torch.randint(CALLS, (COUNT, batch), generator=draw)
    at = torch.arange(12).float()
    start = 4 + 3 * torch.rand(COUNT, batch, 1, generator=draw)
    slope = torch.tensor([0.45, -0.45, 0.0, 0.0])[y][..., None]
    ridge = start + slope * (at - 5)
    x = torch.exp(-(at[:, None] - ridge[..., None, :]).square() / 1.5)
    beat = (1 + torch.cos(at * torch.pi / 2)) / 2
    x = torch.where((y == 3)[..., None, None], x * beat, x)
    x = 2.2 * x - 0.6 + 0.45 * torch.randn(x.shape, generator=draw)
    x = 12 * x - 55 if in_decibels else x
    return list(zip(x[:, :, None], flipped(y, CALLS, 0.15, draw), strict=True))


def berries(batch: int = 24, noise: float = 0.25) -> Pairs:
    """Colour images, 12 by 12, of one to four round spots, and how ripe they are on the whole."""
    draw = generator(405)
    at = torch.arange(12).float()
    x = 0.3 * torch.randn(COUNT, batch, 3, 12, 12, generator=draw)
    red = torch.randn(COUNT, batch, generator=draw)
    for place in range(3):
        row, column = 1 + 9 * torch.rand(2, COUNT, batch, 1, 1, generator=draw)
        spot = torch.exp(-((at - column).square() + (at[:, None] - row).square()) / 4)
        shown = torch.rand(COUNT, batch, 1, 1, generator=draw) < 0.5 + 0.5 * (place == 0)
        x[:, :, 0] += 1.5 * red[..., None, None] * spot * shown
        x[:, :, 1] -= 1.2 * red[..., None, None].abs() * spot * shown
        x[:, :, 2] += 0.8 * spot * shown
    y = torch.tanh(1.5 * red) + noise * torch.randn(red.shape, generator=draw)
    return list(zip(x, 1.3 * y[..., None], strict=True))


def outlines(batch: int = 12) -> Pairs:
    """Images of one bright square on noise, and which pixels it covers."""
    draw = generator(406)
    at = torch.arange(12)
    row, column = torch.randint(8, (2, COUNT, batch, 1, 1), generator=draw)
    inside = (at >= column) & (at < column + 5) & (at[:, None] >= row) & (at[:, None] < row + 5)
    x = 1.4 * inside - 0.3 + 0.7 * torch.randn(inside.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(inside.long(), 2, 0.08, draw)[:, :, None].float(), strict=True))


def heartbeats(length: int = 18, batch: int = 40) -> Pairs:
    """Two heartbeats as a series on unit scale: even, the second early, or the second broad."""
    draw = generator(407)
    y = torch.randint(BEATS, (COUNT, batch), generator=draw)
    at = torch.arange(length).float()
    first = 3 + torch.rand(COUNT, batch, 1, generator=draw)
    second = first + torch.tensor([9.0, 5.0, 9.0])[y][..., None]
    wide = torch.tensor([1.0, 1.0, 6.0])[y][..., None]
    x = torch.exp(-(at - first).square()) + torch.exp(-(at - second).square() / wide)
    x = 2.2 * x - 0.5 + 0.3 * torch.randn(x.shape, generator=draw)
    return list(zip(x[..., None], flipped(y, BEATS, 0.12, draw), strict=True))


def bearings(length: int = 16, batch: int = 48) -> Pairs:
    """Three channels of a machine that shakes, and how worn it is: by early shocks and by how it grows."""
    draw = generator(408)
    worn, hit = torch.randn(2, COUNT, batch, 1, generator=draw)
    at = torch.linspace(-1, 1, length)
    x = 0.5 * torch.randn(COUNT, batch, length, 3, generator=draw)
    x[..., 0] += worn * (1 + at) / 1.5
    x[:, :, 1:4, 1] += 1.2 * hit
    x[..., 2] += 0.7 * torch.sin(6 * at) * worn
    y = torch.tanh(worn) + 0.8 * hit + 0.3 * torch.randn(worn.shape, generator=draw)
    return list(zip(x, y, strict=True))


def rain(length: int = 12, batch: int = 48, noise: float = 0.3) -> Pairs:
    """Millimetres of rain a day, on many days none, and how high a river stands after them."""
    draw = generator(409)
    wet = torch.rand(COUNT, batch, length, 1, generator=draw) < 0.6
    x = wet * torch.randn(wet.shape, generator=draw).exp()
    level = torch.zeros(COUNT, batch, 1)
    for day in range(length):
        level = 0.8 * level + x[:, :, day].log1p()
    y = (level - 2.1) / 0.8
    return list(zip(x, y + noise * torch.randn(y.shape, generator=draw), strict=True))


def clocks(batch: int = 20) -> Pairs:
    """Hours that go on by one, two, three or five each time, with slips, and the hour after each."""
    draw = generator(410)
    start = torch.randint(HOURS, (COUNT, batch, 1), generator=draw)
    by = torch.tensor([1, 2, 3, 5])[torch.randint(4, (COUNT, batch, 1), generator=draw)]
    told = flipped((start + by * torch.arange(RUN + 1)) % HOURS, HOURS, 0.08, draw)
    return list(zip(told[..., :-1], told[..., 1:], strict=True))


def requests(batch: int = 40) -> Pairs:
    """Sentences of up to nine words, filled up with word 0, and which of five things is asked for."""
    draw = generator(411)
    y = torch.randint(INTENTS, (COUNT, batch), generator=draw)
    x = torch.randint(1, VOCABULARY, (COUNT, batch, LONGEST), generator=draw)
    told = 1 + 9 * y[..., None] + torch.randint(9, x.shape, generator=draw)
    x = torch.where(torch.rand(x.shape, generator=draw) < 0.35, told, x)
    long = torch.randint(4, LONGEST + 1, (COUNT, batch, 1), generator=draw)
    x = torch.where(torch.arange(LONGEST) < long, x, 0)
    return list(zip(x, flipped(y, INTENTS, 0.12, draw), strict=True))


def bookings(batch: int = 128) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Who looked at which shop, how many days ago they joined on unit scale, and whether they bought."""
    draw = generator(412)
    who = torch.randint(MEMBERS, (COUNT, batch), generator=draw)
    shop = torch.randint(SHOPS, (COUNT, batch), generator=draw)
    since = torch.randn(COUNT, batch, 1, generator=draw)
    taste, kind = torch.randn(MEMBERS, 2, generator=draw), torch.randn(SHOPS, 2, generator=draw)
    score = 1.5 * (taste[who] * kind[shop]).sum(-1) + since[..., 0]
    y = flipped((score > 0).long(), 2, 0.1, draw).float()
    return list(zip(torch.stack([who, shop], -1), since, y, strict=True))


def patches(batch: int = 48, *, is_binary: bool = False) -> Pairs:
    """Smooth patches of 6 by 6 made of five hidden numbers, with noise; and with noise of their own.

    Or the chance that a pixel of the latter is called bright.
    """
    draw = generator(413)
    hidden = torch.randn(COUNT, batch, 5, generator=draw)
    at = torch.linspace(-1, 1, 6)
    row, column = (one.flatten() for one in torch.meshgrid(at, at, indexing="ij"))
    shapes = torch.stack([row, column, row * column * 2, torch.cos(3 * row), torch.sin(4 * column)])
    clean = 1.3 * torch.tanh(hidden @ shapes)
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    if is_binary:
        y = 0.1 + 0.8 * (y > 0)
    return list(zip(x, y, strict=True))


def thirds() -> Pairs:
    """Every third pixel of a patch, and all of it."""
    return [(x[:, ::3], y) for x, y in patches()]


def voices(batch: int = 48) -> Triples:
    """Two recordings of 24 numbers, and whether they are of one of nine speakers."""
    draw = generator(414)
    own = torch.randn(9, 24, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((own[who] + 0.7 * torch.randn(COUNT, batch, 24, generator=draw)) / 1.22 for who in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.1, draw).float(), strict=True))


def speakers(batch: int = 48) -> Triples:
    """Two recordings of one speaker each, and who it is."""
    draw = generator(415)
    own = torch.randn(9, 24, generator=draw)
    who = torch.randint(9, (COUNT, batch), generator=draw)
    a, b = ((own[who] + 0.8 * torch.randn(COUNT, batch, 24, generator=draw)) / 1.28 for _ in range(2))
    return list(zip(a, b, who, strict=True))


def rows(batch: int = 96) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Points of two bows, the noise that is laid over them, and at which of twenty steps, from 0 on."""
    draw = generator(416)
    angle = 3 * torch.rand(COUNT, batch, generator=draw)
    side = torch.randint(2, angle.shape, generator=draw) * 2 - 1
    x = torch.stack([side * (angle.cos() + 0.5), side * angle.sin()], -1)
    noise = torch.randn(x.shape, generator=draw)
    return list(zip(x, noise, torch.randint(20, angle.shape, generator=draw), strict=True))


def lander(batch: int = 64) -> Triples:
    """What a lander's seven instruments say, what it did, and how well that went, with noise."""
    draw = generator(417)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    did = torch.randint(4, (COUNT, batch), generator=draw)
    worth = torch.tanh(x @ torch.randn(7, 4, generator=draw)) * 1.5
    won = worth.gather(-1, did[..., None])[..., 0] + 0.35 * torch.randn(did.shape, generator=draw)
    return list(zip(x, did, won, strict=True))
