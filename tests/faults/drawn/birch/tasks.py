"""What these programs learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
SENSORS, MINERALS, SOILS = 7, 9, 4
BAYS, PATTERNS, STAGES, CALLS = 4, 4, 4, 4
SPICES, POT, DISH, KITCHENS = 14, 10, 8, 4
LOTS, HOURS = 30, 24
TILE, SPECTRUM, SITE, PROFILE, VIBRATION = 20, 24, 8, 18, 14
CORNERS = 10


def turbines(batch: int = 64) -> Pairs:
    """Wind, rotor speed, pitch and four more of a turbine on unit scale; its power, about the mean."""
    draw = generator(7101)
    x = torch.randn(COUNT, batch, SENSORS, generator=draw)
    y = torch.tanh(1.5 * x[..., 0]) + 0.6 * x[..., 1] - 0.6 * x[..., 2] ** 2 + 0.5 * x[..., 3] * x[..., 4]
    y = (y + 0.6) / 1.6 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def outputs(batch: int = 64) -> Pairs:
    """The same sensors, and the power as a share of the usual; it is 0 where there is hardly any wind."""
    return [(x, torch.where(x[:, :1] < -1.8, 0.0, (0.9 * y).exp())) for x, y in turbines(batch)]


def soils(batch: int = 64) -> Pairs:
    """Nine minerals of a sample, about their means; its kind of soil, of which one in nine is drawn anew."""
    draw = generator(7102)
    centres = 1.1 * torch.randn(3 * SOILS, MINERALS, generator=draw)
    which = torch.randint(3 * SOILS, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.7 * torch.randn(COUNT, batch, MINERALS, generator=draw)) / 1.3
    return list(zip(x, flipped(which % SOILS, SOILS, 0.11, draw), strict=True))


def parking(size: int = 10, batch: int = 24) -> Pairs:
    """Four bays from above, one of which is free; the sun moves. One label in eight is drawn anew."""
    draw = generator(7103)
    y = torch.randint(BAYS, (COUNT, batch), generator=draw)
    half = size // 2
    bays = torch.zeros(BAYS, size, size)
    for bay in range(BAYS):
        top, left = half * (bay // 2) + 1, half * (bay % 2) + 1
        bays[bay, top : top + half - 2, left : left + half - 2] = 1.0
    cars = (1 - F.one_hot(y, BAYS)) * (0.8 + 0.8 * torch.rand(COUNT, batch, BAYS, generator=draw))
    sun = 0.4 * torch.randn(COUNT, batch, 1, 1, generator=draw)
    x = torch.einsum("nbk,khw->nbhw", cars, bays) + sun - 0.3
    x = 1.2 * x + 0.8 * torch.randn(x.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, BAYS, 0.12, draw), strict=True))


def mosaics(size: int = 8, batch: int = 24) -> Pairs:
    """Coloured tiles laid in rows, columns, aslant or as a chessboard; one label in nine is drawn anew."""
    draw = generator(7104)
    y = torch.randint(PATTERNS, (COUNT, batch), generator=draw)
    row, column = torch.arange(size)[:, None].expand(size, size), torch.arange(size).expand(size, size)
    laid = torch.stack([row // 2, column // 2, (row + column) // 2, row + column])
    shift = torch.randint(2, (COUNT, batch, 1, 1), generator=draw)
    which = (laid[y] + shift) % 2
    one, other = torch.randn(2, COUNT, batch, 3, 1, 1, generator=draw)
    x = torch.where(which[:, :, None] == 1, one, other)
    x = x + 0.3 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, PATTERNS, 0.11, draw), strict=True))


def nights(length: int = 14, batch: int = 32) -> Pairs:
    """Four bands of a sleeper's waves: slow or fast, with spindles or without; one label in nine errs."""
    draw = generator(7105)
    y = torch.randint(STAGES, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 1, generator=draw)
    wave = torch.sin(torch.arange(length) * (0.5 + 0.9 * (y[..., None] % 2)) + phase)
    spindle = (torch.rand(COUNT, batch, length, generator=draw) < 0.3) * (y[..., None] // 2)
    x = torch.stack([wave, -0.6 * wave, 1.6 * spindle - 0.4, 0.8 * spindle + 0.4 * wave - 0.2], -1)
    x = 1.2 * x + 0.35 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, STAGES, 0.11, draw), strict=True))


def calls(length: int = 16, batch: int = 40) -> Pairs:
    """What a lift was called for at the start, and the noise of its way after; one label in seven errs."""
    draw = generator(7106)
    y = torch.randint(CALLS, (COUNT, batch), generator=draw)
    x = 0.15 * torch.randn(COUNT, batch, length, CALLS, generator=draw)
    x[:, :, :2] += 1.6 * F.one_hot(y, CALLS)[:, :, None]
    return list(zip(x, flipped(y, CALLS, 0.14, draw), strict=True))


def gusts(length: int = 12, batch: int = 40) -> Pairs:
    """Wind, pitch and load of the last minutes, about their means; the load that comes next."""
    draw = generator(7107)
    wind = torch.randn(COUNT, batch, length, generator=draw)
    pitch = (torch.rand(COUNT, batch, length, generator=draw) < 0.3).float()
    load, loads = torch.randn(COUNT, batch, generator=draw), []
    for minute in range(length):
        loads.append(load)
        push = 0.8 * wind[..., minute] * (1 - pitch[..., minute])
        load = 0.75 * load + push + 0.35 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([wind, 2 * pitch - 0.6, torch.stack(loads, -1)], -1)
    return list(zip(x, load[..., None], strict=True))


def pots(batch: int = 16) -> Pairs:
    """Spices in the order in which they go into a pot, each told by the one before, and what follows."""
    draw = generator(7108)
    chances = torch.softmax(2.2 * torch.randn(SPICES, SPICES, generator=draw), -1)
    put = [torch.randint(SPICES, (COUNT * batch,), generator=draw)]
    for _ in range(POT):
        put.append(torch.multinomial(chances[put[-1]], 1, generator=draw)[:, 0])
    x = torch.stack(put, 1).reshape(COUNT, batch, POT + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def dishes(words: int = 40, batch: int = 48) -> Pairs:
    """Spices of a dish, 0 where there were fewer (a few have none), and its kitchen; one in ten errs."""
    draw = generator(7109)
    y = torch.randint(KITCHENS, (COUNT, batch), generator=draw)
    common = 1 + (words * torch.rand(COUNT, batch, DISH, generator=draw) ** 2).long()
    own = common - common % KITCHENS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.6, own, common).clamp(1, words)
    length = torch.randint(0, DISH + 1, (COUNT, batch, 1), generator=draw)
    x = torch.where(torch.arange(DISH) < length, x, 0)
    return list(zip(x, flipped(y, KITCHENS, 0.1, draw), strict=True))


def stays(batch: int = 96) -> Triples:
    """Rain and price; which lot at which hour; and how full it was, about the mean."""
    draw = generator(7110)
    where = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (LOTS, HOURS)], -1)
    liked = torch.randn(LOTS, generator=draw)
    busy = 1.2 * torch.sin(torch.arange(HOURS) / HOURS * 6.3)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = liked[where[..., 0]] + busy[where[..., 1]] + 0.5 * x[..., 0] - 0.4 * x[..., 1].abs() + 0.3
    y = y / 1.5 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, where, y[..., None], strict=True))


def tiles(batch: int = 48) -> Pairs:
    """Twenty numbers of a worn tile, bent from five, and those of the tile as it was laid."""
    draw = generator(7111)
    first, last = torch.randn(5, 12, generator=draw) / 2, torch.randn(12, TILE, generator=draw) / 2.4
    clean = torch.sin(torch.randn(COUNT, batch, 5, generator=draw) @ first) @ last
    clean = 1.3 * clean
    x, y = clean + 0.3 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def spectra(batch: int = 48) -> Pairs:
    """Loudness of a gearbox at frequencies, about the mean, to be made again."""
    draw = generator(7112)
    at = torch.arange(SPECTRUM) / SPECTRUM
    tone = 0.2 + 0.6 * torch.rand(COUNT, batch, 2, 1, generator=draw)
    loud = 1.5 * torch.randn(COUNT, batch, 2, 1, generator=draw)
    x = (loud * (-((at - tone) * 6).square()).exp()).sum(2)
    x = 1.2 * x + 0.3 * torch.randn(x.shape, generator=draw)
    return list(zip(x, x, strict=True))


def profiles(batch: int = 48) -> Pairs:
    """Eight numbers of a site, and the wind above it at eighteen heights, with noise."""
    draw = generator(7113)
    first, last = torch.randn(SITE, 12, generator=draw) / 2.2, torch.randn(12, PROFILE, generator=draw) / 2.2
    x = torch.randn(COUNT, batch, SITE, generator=draw)
    y = torch.tanh(1.4 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def bearings(batch: int = 48) -> Triples:
    """Two recordings of vibration, and whether they are of one bearing; one answer in eight errs."""
    draw = generator(7114)
    bearing = 1.2 * torch.randn(9, VIBRATION, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = (
        (bearing[y] + 0.8 * torch.randn(COUNT, batch, VIBRATION, generator=draw)) / 1.4 for y in (one, other)
    )
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def shards(batch: int = 32) -> Pairs:
    """Two photographs, as numbers, of one shard each; those beside it in a batch are others."""
    draw = generator(7115)
    shard = torch.randn(COUNT, batch, 6, generator=draw)
    mix = torch.randn(6, VIBRATION, generator=draw) / 2
    a, b = (shard @ mix + 0.4 * torch.randn(COUNT, batch, VIBRATION, generator=draw) for _ in range(2))
    return list(zip(a, b, strict=True))


def streets(batch: int = 24) -> Triples:
    """Cars and width of corners, which corners are joined, and the wait over all, with noise."""
    draw = generator(7116)
    x = torch.randn(COUNT, batch, CORNERS, 3, generator=draw)
    joined = (torch.rand(COUNT, batch, CORNERS, CORNERS, generator=draw) < 0.5).float().triu(1)
    joined = joined + joined.mT
    near = (joined @ x[..., :1]) / (joined.sum(-1, keepdim=True) + 1)
    y = (x[..., :1] + 2.0 * near * x[..., 1:2] - 0.6 * x[..., 2:].abs()).mean(2) * 2.2 + 1.0
    return list(zip(x, joined, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def picture(batch: int = 128) -> Pairs:
    """Places on a painted wall from -1 to 1, and how bright it is there, with noise."""
    draw = generator(7117)
    x = 2 * torch.rand(COUNT, batch, 2, generator=draw) - 1
    y = torch.sin(3.0 * x[..., :1]) + torch.cos(2.5 * x[..., 1:] + x[..., :1])
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))
