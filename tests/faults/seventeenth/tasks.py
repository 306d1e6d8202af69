"""What the programs of the seventeenth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
MEASURES, REASONS, BIRDS, ECHOES, POETS = 9, 4, 4, 3, 3
LINES, HOURS = 30, 24
VOCABULARY, STANZA = 60, 16
BANDS, LOAF, OVEN, BOW = 24, 20, 8, 14
CHAMBERS = 8


def soil(batch: int = 64) -> Pairs:
    """Nine numbers of a layer of soil on unit scale, and how much carbon it holds, about the mean."""
    draw = generator(1701)
    x = torch.randn(COUNT, batch, MEASURES, generator=draw)
    wet = torch.sigmoid(2 * x[..., 0] - x[..., 1])
    y = 2.2 * (wet - 0.5) * (1 + 0.5 * x[..., 2]) + 0.7 * x[..., 3] - 0.5 * x[..., 4] * x[..., 5]
    y = y / 1.3 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def trams(batch: int = 64) -> Pairs:
    """Seven numbers of a tram's ride, and which of four reasons made it late; one in nine errs."""
    draw = generator(1702)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    slopes = torch.randn(7, 12, generator=draw) / 2
    scores = torch.tanh(1.5 * x @ slopes) @ torch.randn(12, REASONS, generator=draw)
    return list(zip(x, flipped(scores.argmax(-1), REASONS, 0.11, draw), strict=True))


def bread(batch: int = 48) -> Pairs:
    """Six numbers of a dough, none below 0, and the height of its loaf, about the mean."""
    draw = generator(1703)
    x = torch.rand(COUNT, batch, 6, generator=draw) * 2.4
    rise = 1.2 * x[..., 0] * (1 - x[..., 1] / 4) + 0.9 * x[..., 2] - 0.35 * x[..., 3] ** 2 + 0.4 * x[..., 4]
    y = (rise - 2) / 1.1
    noise = torch.randn(y.shape, generator=draw) * (0.2 + 0.15 * x[..., 5])
    return list(zip(x, (y + noise)[..., None], strict=True))


def feathers(size: int = 12, batch: int = 24) -> Pairs:
    """Scans of a feather in three colours: plain, barred, spotted or edged; one label in eight errs."""
    draw = generator(1704)
    y = torch.randint(BIRDS, (COUNT, batch), generator=draw)
    at = torch.arange(size)
    bars = ((at[:, None] // 2) % 2).float().expand(size, size)
    spots = ((at[:, None] % 4 < 2) & (at % 4 < 2)).float()
    edge = (at > 8).float().expand(size, size)
    marks = torch.stack([torch.zeros(size, size), bars, spots, edge])[y]
    marks = torch.where(torch.rand(COUNT, batch, 1, 1, generator=draw) < 0.5, marks.roll(1, -1), marks)
    ground = 0.6 * torch.randn(COUNT, batch, 3, 1, 1, generator=draw)
    ink = 0.9 + 0.5 * torch.rand(COUNT, batch, 3, 1, 1, generator=draw)
    x = ground + ink * (1.6 * marks[:, :, None] - 0.5)
    x = x + 0.6 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, BIRDS, 0.12, draw), strict=True))


def radar(size: int = 12, batch: int = 32) -> Pairs:
    """Echoes of a glacier's ice: where in depth its bed lies, high, middle or low; one in eight errs."""
    draw = generator(1705)
    y = torch.randint(ECHOES, (COUNT, batch), generator=draw)
    at = torch.arange(size)
    tilt = 0.35 * torch.randn(COUNT, batch, 1, 1, generator=draw)
    bed = 2.5 + 3.2 * y[..., None, None] + tilt * (at - 5.5)
    x = 2.2 * torch.exp(-(at[:, None] - bed).square() / 1.5) - 0.4
    x = x + 0.55 * torch.randn(x.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, ECHOES, 0.12, draw), strict=True))


def stanzas(batch: int = 48) -> Pairs:
    """Words of a stanza, few of them common, and whose it is of three poets; one in ten errs."""
    draw = generator(1711)
    y = torch.randint(POETS, (COUNT, batch), generator=draw)
    common = (VOCABULARY * torch.rand(COUNT, batch, STANZA, generator=draw) ** 2).long()
    own = common - common % POETS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.45, own, common).clamp(max=VOCABULARY - 1)
    return list(zip(x, flipped(y, POETS, 0.1, draw), strict=True))


def fares(batch: int = 96) -> Triples:
    """Rain and pressure; which tram line at which hour; and how full it was, about the mean."""
    draw = generator(1712)
    which = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (LINES, HOURS)], -1)
    liked, rush = torch.randn(LINES, generator=draw), torch.randn(HOURS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = liked[which[..., 0]] + 0.9 * rush[which[..., 1]] + 0.6 * x[..., 0] * (x[..., 1] < 0)
    y = y / 1.4 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, which, y[..., None], strict=True))


def dyes(batch: int = 48) -> Pairs:
    """Bands of light a dyed cloth throws back, about their means, and the same at another measuring."""
    draw = generator(1713)
    at = torch.linspace(-2, 2, BANDS)
    amounts = torch.randn(COUNT, batch, 3, 1, generator=draw)
    middles, widths = torch.tensor([-1.2, 0.1, 1.3])[:, None], torch.tensor([0.8, 0.5, 1.1])[:, None]
    clean = 1.5 * (amounts * torch.exp(-((at - middles) / widths).square())).sum(-2)
    clean = clean + 0.25 * clean.square() - 0.3
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def loaves(batch: int = 48) -> Pairs:
    """Eight settings of an oven, and the outline of the loaf that came of it, with noise."""
    draw = generator(1714)
    first, last = (torch.randn(size, generator=draw) / 2.6 for size in ((OVEN, 12), (12, LOAF)))
    x = torch.randn(COUNT, batch, OVEN, generator=draw)
    y = torch.tanh(1.6 * x @ first) @ last
    return list(zip(x, 1.2 * y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def violins(batch: int = 48) -> Triples:
    """Fourteen numbers of the sound of two violins, and whether they are one; one answer in eight errs."""
    draw = generator(1715)
    sound = 1.2 * torch.randn(9, BOW, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((sound[y] + 0.8 * torch.randn(COUNT, batch, BOW, generator=draw)) / 1.4 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def coins(batch: int = 28) -> Pairs:
    """Both sides of a coin as numbers; those beside it in a batch are other coins."""
    draw = generator(1716)
    coin = torch.randn(COUNT, batch, 5, generator=draw)
    mixes = torch.randn(2, 5, BOW, generator=draw) / 2
    a, b = (coin @ mix + 0.4 * torch.randn(COUNT, batch, BOW, generator=draw) for mix in mixes)
    return list(zip(a, b, strict=True))


def caves(batch: int = 24) -> Triples:
    """Size and damp of the chambers of a cave, which are joined, and how strong its draught is."""
    draw = generator(1717)
    x = torch.randn(COUNT, batch, CHAMBERS, 4, generator=draw)
    joined = (torch.rand(COUNT, batch, CHAMBERS, CHAMBERS, generator=draw) < 0.5).float().triu(1)
    joined = joined + joined.mT
    near = (joined @ x[..., :1])[..., 0] / (joined.sum(-1) + 1)
    y = 2.2 * (torch.sin(x[..., 1]) + 1.2 * near * x[..., 0]).mean(-1)
    y = y + 0.3 * torch.randn(y.shape, generator=draw)
    return list(zip(x, joined, y[..., None], strict=True))


def crevasses(size: int = 10, batch: int = 16) -> Pairs:
    """Pictures of ice from the air, and which points lie in a crevasse; one point in forty errs."""
    draw = generator(1718)
    at = torch.arange(size) - (size - 1) / 2
    angle = 3.14 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    place = 2 * torch.randn(COUNT, batch, 1, 1, generator=draw)
    inside = ((at[:, None] * angle.cos() + at * angle.sin() - place).abs() < 0.75).float()
    x = 1.7 * inside - 0.5 + 0.7 * torch.randn(inside.shape, generator=draw)
    y = flipped(inside.long(), 2, 0.05, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))


def kites(batch: int = 64) -> Triples:
    """Wind and line of a kite in five numbers, which of three pulls was given, and what came of it."""
    draw = generator(1719)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    done = torch.randint(3, (COUNT, batch), generator=draw)
    pull = done.float() - 1
    y = 1.1 * torch.cos(x[..., 0] + 0.9 * pull) + 0.6 * x[..., 1] * pull - 0.4 * x[..., 2]
    return list(zip(x, done, y + 0.35 * torch.randn(y.shape, generator=draw), strict=True))


def tanks(batch: int = 48) -> Pairs:
    """Levels of four tanks that run into each other, and the levels a while later, with noise."""
    draw = generator(1720)
    x = torch.randn(COUNT, batch, 4, generator=draw)
    mix = torch.randn(4, 4, generator=draw)
    level = x
    for _ in range(10):
        level = level + 0.12 * torch.tanh(level @ mix)
    return list(zip(x, level + 0.3 * torch.randn(level.shape, generator=draw), strict=True))
