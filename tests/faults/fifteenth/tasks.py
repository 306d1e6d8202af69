"""What the programs of the fifteenth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
CHEESES, SIGNS, DINS, KNITS, KNOCKS, SHOPS = 4, 4, 4, 3, 4, 4
DRINKERS, TEAS = 30, 24
GOODS, LINES = 40, 8
PIECES, BOARD, MEN = 6, 5, 5
LETTERS, FRAMES, WORD = 3, 6, 4
KILN, PEBBLE, TRAITS = 18, 20, 8
BITS = 10
HAMLETS = 8


def hives(batch: int = 64, unit: float = 1.0) -> Pairs:
    """Warmth, damp, air pressure and four more numbers of a hive on unit scale; its honey about the mean."""
    draw = generator(1501)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    y = 1.2 * x[..., 0] - 0.8 * x[..., 1].abs() + 0.9 * x[..., 2] * (x[..., 3] > 0) + 0.6 * x[..., 4]
    y = (y + 0.64) / 1.7 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, unit * y[..., None], strict=True))


def cheeses(batch: int = 64) -> Pairs:
    """Fat, salt and four more numbers of a cheese about the mean; its kind, of which one in ten errs."""
    draw = generator(1502)
    centres = 1.1 * torch.randn(2 * CHEESES, 6, generator=draw)
    which = torch.randint(2 * CHEESES, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.55 * torch.randn(COUNT, batch, 6, generator=draw)) / 1.25
    return list(zip(x, flipped(which % CHEESES, CHEESES, 0.1, draw), strict=True))


def parcels(batch: int = 64) -> Pairs:
    """Weight, edges and five more numbers of a parcel, and whether it broke; one answer in ten errs."""
    draw = generator(1503)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    broke = x[..., 0] + 0.9 * x[..., 1] * x[..., 2].sign() - 0.7 * x[..., 3] + 0.3 * x[..., 5] ** 2 - 0.3
    return list(zip(x, flipped((broke > 0).long(), 2, 0.1, draw).float()[..., None], strict=True))


def ferries(batch: int = 64) -> Pairs:
    """Hour, weather and four more numbers of a crossing, and how many went with it."""
    draw = generator(1504)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    rate = 0.8 + 0.8 * torch.tanh(x[..., 0]) - 0.5 * x[..., 1].abs() + 0.5 * x[..., 2] + 0.3 * x[..., 3]
    y = torch.poisson(rate.clamp(max=3.0).exp(), generator=draw)
    return list(zip(x, y[..., None], strict=True))


def creams(batch: int = 64) -> Pairs:
    """Six numbers of a milk about their means, and the logarithm of its share of cream: below 0."""
    draw = generator(1505)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    y = 0.9 * x[..., 0] + 0.6 * torch.sin(2 * x[..., 1]) - 0.5 * x[..., 2] * x[..., 3].sign()
    y = -F.softplus(1.6 + y + 0.35 * torch.randn(y.shape, generator=draw))
    return list(zip(x, y[..., None], strict=True))


def scrawls(size: int = 10, batch: int = 24) -> Pairs:
    """A ring, a stroke, a cross or a hook by an unsteady pen, dark on light; one label in eight errs."""
    draw = generator(1506)
    y = torch.randint(SIGNS, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    shift = 0.9 * torch.randn(4, COUNT, batch, 1, 1, generator=draw)
    row, column = at[:, None] - shift[0], at - shift[1]
    tilt = 0.25 * shift[2]
    ring = ((row.square() + column.square()).sqrt() - 2.9 - 0.3 * shift[3]).abs()
    stroke = (column - tilt * row).abs() + 2 * (row.abs() - 3.5).clamp(min=0)
    bar = (row + tilt * column).abs() + 2 * (column.abs() - 3.5).clamp(min=0)
    hook = (row - 3 + tilt * column).abs() + 2 * ((column - 2).abs() - 2.5).clamp(min=0)
    far = torch.stack([ring, stroke, torch.minimum(stroke, bar), torch.minimum(hook, stroke)])
    ink = (-far.square()).exp().gather(0, y[None, :, :, None, None].expand(1, -1, -1, size, size))[0]
    x = 2.6 * ink - 0.6 + 0.7 * torch.randn(ink.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, SIGNS, 0.12, draw), strict=True))


def dins(batch: int = 32) -> Pairs:
    """Eight bands of twelve moments in a street: hum, horn, drill or chatter; one label in six errs."""
    draw = generator(1507)
    y = torch.randint(DINS, (COUNT, batch), generator=draw)
    band, moment = torch.arange(8.0)[:, None], torch.arange(12.0)
    phase = 6.3 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    hum = (-(band - 1).square()).exp() * torch.ones(12) + 0 * phase
    horn = (-(band - 4.5).square()).exp() * (moment - 3 - phase / 2).abs().lt(2.5)
    drill = 0.6 * (1 + torch.sin(2.2 * moment + phase)) * (band > 2)
    chatter = 1.3 * (torch.rand(COUNT, batch, 8, 12, generator=draw) < 0.3).float()
    kinds = torch.stack([part.expand(COUNT, batch, 8, 12) for part in (hum, horn, drill, chatter)])
    clean = kinds.gather(0, y[None, :, :, None, None].expand(1, -1, -1, 8, 12))[0]
    x = 2 * clean - 0.6 + 0.6 * torch.randn(clean.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, DINS, 0.18, draw), strict=True))


def knits(size: int = 8, batch: int = 24) -> Pairs:
    """Photographs of rib, garter or moss stitch in two colours, about their mean; one label in eight errs."""
    draw = generator(1508)
    y = torch.randint(KNITS, (COUNT, batch), generator=draw)
    at = torch.arange(size) // 2
    rows = (at[:, None] % 2).expand(size, size)
    which = torch.stack([rows.T, rows, (rows + rows.T) % 2])[y].float()
    yarn = torch.randn(2, COUNT, batch, 3, 1, 1, generator=draw)
    x = yarn[0] * which[:, :, None] + yarn[1] * (1 - which[:, :, None])
    x = x + 0.5 * torch.randn(COUNT, batch, 3, size, size, generator=draw)
    return list(zip(x, flipped(y, KNITS, 0.12, draw), strict=True))


def rivers(length: int = 14, batch: int = 40) -> Pairs:
    """Level, rain and melt of the last days, about their means; the level that comes next."""
    draw = generator(1509)
    rain = torch.randn(COUNT, batch, length, generator=draw)
    melt = torch.randn(COUNT, batch, length, generator=draw)
    level = torch.randn(COUNT, batch, generator=draw)
    levels = []
    for day in range(length):
        levels.append(level)
        late = rain[..., max(day - 1, 0)].relu() + 0.7 * melt[..., day] - 0.4
        level = 0.7 * level + 0.8 * late + 0.4 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([torch.stack(levels, -1), rain, melt], -1)
    return list(zip(x, level[..., None], strict=True))


def knocks(length: int = 16, batch: int = 40) -> Pairs:
    """Knocks in the first moments tell who is there, then it is quiet; one label in eight errs."""
    draw = generator(1510)
    y = torch.randint(KNOCKS, (COUNT, batch), generator=draw)
    x = 0.3 * torch.randn(COUNT, batch, length, 3, generator=draw)
    x[:, :, 0, 0] += 2.0
    x[:, :, 1, 1] += 2.2 * (y % 2) - 1.1
    x[:, :, 2, 2] += 2.2 * (y // 2) - 1.1
    x[:, :, 0, 1:] += torch.stack([1.4 * (y % 2) - 0.7, 1.4 * (y // 2) - 0.7], -1)
    return list(zip(x, flipped(y, KNOCKS, 0.12, draw), strict=True))


def slips(batch: int = 32) -> Pairs:
    """Six frames of a pen over four letters, and the letters from 1 on; for a few it takes more."""
    draw = generator(1511)
    y = torch.randint(LETTERS, (COUNT, batch, WORD), generator=draw)
    told = y[..., torch.tensor([0, 1, 1, 2, 3, 3])]
    x = 1.5 * F.one_hot(told, LETTERS) - 0.5
    x = x + 0.6 * torch.randn(x.shape, generator=draw)
    return list(zip(x, y + 1, strict=True))


def endings(batch: int = 48) -> Triples:
    """Five men on a small board, each with its row and column about the middle; who wins; one in ten errs."""
    draw = generator(1512)
    man = torch.randint(PIECES, (COUNT, batch, MEN), generator=draw)
    place = torch.randint(BOARD, (COUNT, batch, MEN, 2), generator=draw).float() - BOARD // 2
    worth = torch.tensor([1.0, 3.0, 5.0, -1.0, -3.0, -5.0])[man]
    sides = (worth * (1.2 - 0.3 * place.abs().sum(-1))).sum(-1)
    y = (sides > -1.5).long() + (sides > 1.5).long()
    return list(zip(man, place / 1.4, flipped(y, 3, 0.1, draw), strict=True))


def tills(batch: int = 48) -> Pairs:
    """Prices and counts of the lines of a receipt about their means, and its tip, about the mean."""
    draw = generator(1513)
    x = torch.randn(COUNT, batch, LINES, 2, generator=draw)
    dear = x[..., 0].amax(-1) - 1.4
    y = 0.7 * dear + 0.8 * (x[..., 0] * x[..., 1]).mean(-1) + 1.4 * x[..., 1].mean(-1)
    return list(zip(x, (y + 0.4 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def receipts(batch: int = 48) -> Pairs:
    """Goods of a receipt, 0 where it was shorter, and the kind of the shop; one in ten errs."""
    draw = generator(1514)
    y = torch.randint(SHOPS, (COUNT, batch), generator=draw)
    common = 1 + (GOODS * torch.rand(COUNT, batch, 24, generator=draw) ** 2).long()
    own = common - common % SHOPS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.35, own, common).clamp(1, GOODS)
    length = torch.randint(10, 25, (COUNT, batch, 1), generator=draw)
    return list(zip(torch.where(torch.arange(24) < length, x, 0), flipped(y, SHOPS, 0.1, draw), strict=True))


def teas(batch: int = 96) -> Triples:
    """Warmth and hour of a cup; who drank which tea; and how well it was liked, about the mean."""
    draw = generator(1515)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (DRINKERS, TEAS)], -1)
    fond, fine = torch.randn(DRINKERS, generator=draw), torch.randn(TEAS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = 0.9 * fond[who[..., 0]] + fine[who[..., 1]] + 0.6 * torch.sin(1.5 * x[..., 0]) - 0.4 * x[..., 1]
    y = y / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def kilns(batch: int = 48) -> Pairs:
    """Heat of a kiln over a firing, about the usual, and the same by another gauge."""
    draw = generator(1516)
    at = torch.linspace(0, 1, KILN)
    start, end = torch.rand(2, COUNT, batch, 1, generator=draw) / 2
    top, drift = torch.randn(2, COUNT, batch, 1, generator=draw)
    rise = ((at - start) / 0.3).clamp(0, 1) - ((at - 0.5 - end) / 0.2).clamp(0, 1)
    clean = (2.2 + top) * rise + 0.7 * drift * (at - 0.5) - 0.9
    x, y = clean + 0.3 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def pebbles(batch: int = 48) -> Pairs:
    """Eight numbers of a beach, and the outline of a pebble from it, with noise."""
    draw = generator(1517)
    at = torch.arange(PEBBLE) * 2 * torch.pi / PEBBLE
    waves = torch.cat([torch.stack([torch.sin(k * at), torch.cos(k * at)]) for k in (1, 2, 3)])
    mix = torch.randn(TRAITS, 6, generator=draw) / 2
    x = torch.randn(COUNT, batch, TRAITS, generator=draw)
    y = torch.tanh(x @ mix) @ waves
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def keys(batch: int = 48) -> Triples:
    """Cuts of two keys about the mean, and whether they open one door; one answer in eight errs."""
    draw = generator(1518)
    door = 1.2 * torch.randn(9, BITS, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((door[y] + 0.7 * torch.randn(COUNT, batch, BITS, generator=draw)) / 1.4 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))
