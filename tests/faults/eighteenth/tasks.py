"""What the programs of the eighteenth part learn from tables; noise keeps the best loss above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
TREE, OXIDES, SPAN, STALL, WICK = 9, 7, 8, 6, 6
FINISHES, MOULDS = 4, 3
BUYERS, GOODS = 30, 26
WORDS, MENU, KITCHENS = 60, 30, 4
PROFILE, CODE, WAVE = 24, 8, 20
SHELL, SPECIES = 12, 9


def apples(batch: int = 64) -> Pairs:
    """Age, pruning and seven more numbers of an apple tree on unit scale; its yield about the mean."""
    draw = generator(1801)
    x = torch.randn(COUNT, batch, TREE, generator=draw)
    y = 1.1 * x[..., 0] * torch.sigmoid(2 * x[..., 1]) - 0.8 * x[..., 2].abs() + 0.6 * x[..., 3:5].sum(-1)
    y = (y + 0.6) / 1.2 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def glazes(batch: int = 64) -> Pairs:
    """Oxides of a glaze and the heat of its firing on unit scale; its finish, one in seven drawn anew."""
    draw = generator(1802)
    centres = 1.1 * torch.randn(3 * FINISHES, OXIDES, generator=draw)
    which = torch.randint(3 * FINISHES, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.6 * torch.randn(COUNT, batch, OXIDES, generator=draw)) / 1.25
    return list(zip(x, flipped(which % FINISHES, FINISHES, 0.14, draw), strict=True))


def bridges(batch: int = 64) -> Pairs:
    """Eight numbers of a bridge on unit scale, and whether it was closed; one answer in ten errs."""
    draw = generator(1803)
    x = torch.randn(COUNT, batch, SPAN, generator=draw)
    worn = x[..., 0] * x[..., 1] + 0.9 * x[..., 2].abs() - 0.7 * x[..., 3] - 0.6
    y = flipped((worn > 0).long(), 2, 0.1, draw).float()
    return list(zip(x, y[..., None], strict=True))


def markets(batch: int = 64) -> Pairs:
    """Hour, weather and four more numbers of a stall on unit scale; how many baskets it sold, 0 or more."""
    draw = generator(1804)
    x = torch.randn(COUNT, batch, STALL, generator=draw)
    rate = (0.9 * torch.sin(1.4 * x[..., 0]) + 0.7 * x[..., 1] - 0.5 * x[..., 2].abs() + 0.5).exp()
    return list(zip(x, torch.poisson(rate, generator=draw)[..., None], strict=True))


def candles(batch: int = 64) -> Pairs:
    """Draught and five more numbers of a candle on unit scale, and how long it burns: each shortens it."""
    draw = generator(1805)
    x = torch.randn(COUNT, batch, WICK, generator=draw)
    short = F.softplus(2 * x[..., 0] + x[..., 1]) + 0.6 * F.softplus(1.5 * x[..., 2:].sum(-1)) - 2.0
    y = -short / 1.5 + 0.35 * torch.randn(short.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def cellars(batch: int = 64) -> Triples:
    """Eight numbers of a cellar; the warmth in it about the mean, and which of three moulds grows there."""
    draw = generator(1806)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    warm = 0.9 * x[..., 0] + 0.7 * torch.sin(1.5 * x[..., 1]) - 0.5 * x[..., 2] * x[..., 3]
    damp = x[..., 4:7] + 0.6 * torch.stack([x[..., 0].abs(), x[..., 1] ** 2 - 1, -x[..., 2]], -1)
    warm = warm / 1.2 + 0.3 * torch.randn(warm.shape, generator=draw)
    return list(zip(x, warm[..., None], flipped(damp.argmax(-1), 3, 0.1, draw), strict=True))


def barters(batch: int = 96) -> Triples:
    """Weight and age of a good; who bought which; and how well it was liked, about the mean."""
    draw = generator(1807)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (BUYERS, GOODS)], -1)
    kind, dear = torch.randn(BUYERS, generator=draw), torch.randn(GOODS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = kind[who[..., 0]] - 0.9 * dear[who[..., 1]] + 0.7 * x[..., 0] - 0.5 * x[..., 1].abs() + 0.4
    y = y / 1.6 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def menus(batch: int = 48) -> Pairs:
    """Words of a menu, some common and most rare, and whose kitchen it is; one label in ten errs."""
    draw = generator(1808)
    y = torch.randint(KITCHENS, (COUNT, batch), generator=draw)
    common = (WORDS * torch.rand(COUNT, batch, MENU, generator=draw) ** 2).long()
    own = common - common % KITCHENS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.45, own, common)
    return list(zip(x, flipped(y, KITCHENS, 0.1, draw), strict=True))


def vases(batch: int = 48) -> Pairs:
    """Half widths of a vase from foot to rim, about their mean, and the same as measured once more."""
    draw = generator(1809)
    at = torch.linspace(0, 3.1, PROFILE)
    belly, neck, lean, foot = torch.randn(4, COUNT, batch, 1, generator=draw)
    clean = (1 + 0.6 * belly) * torch.sin(at + 0.5 * lean) + 0.7 * neck * torch.cos(2 * at) + 0.4 * foot - 0.6
    x, y = 1.3 * clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def chimes(batch: int = 48) -> Pairs:
    """Eight numbers of a chime, and its sound at twenty moments, up to about 4 on either side."""
    draw = generator(1810)
    x = torch.randn(COUNT, batch, CODE, generator=draw)
    first, last = (torch.randn(size, generator=draw) for size in ((CODE, 12), (12, WAVE)))
    y = torch.sin(x @ first / 2.2) @ last
    return list(zip(x, y + 0.4 * torch.randn(y.shape, generator=draw), strict=True))


def shells(batch: int = 48) -> Triples:
    """Twelve numbers of two shells each, and whether they are of one species; one answer in ten errs."""
    draw = generator(1811)
    species = 1.2 * torch.randn(SPECIES, SHELL, generator=draw)
    one, other = torch.randint(SPECIES, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.42, one, other)
    a, b = (
        (species[y] + 0.7 * torch.randn(COUNT, batch, SHELL, generator=draw)) / 1.35 for y in (one, other)
    )
    return list(zip(a, b, flipped((one == other).long(), 2, 0.1, draw).float(), strict=True))


def duets(batch: int = 32) -> Pairs:
    """What two microphones, as numbers, heard of one duet each; those beside it in a batch are others."""
    draw = generator(1812)
    piece = torch.randn(COUNT, batch, 5, generator=draw)
    mix = torch.randn(2, 5, SHELL, generator=draw) / 2
    a, b = (piece @ mix[side] + 0.45 * torch.randn(COUNT, batch, SHELL, generator=draw) for side in (0, 1))
    return list(zip(a, b, strict=True))


def cranes(batch: int = 64) -> Triples:
    """Place, swing and wind of a crane's load, which of three levers was pulled, and what came of it."""
    draw = generator(1813)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    done = torch.randint(3, (COUNT, batch), generator=draw)
    pull = F.one_hot(done, 3).float() @ torch.tensor([-1.2, 0.0, 1.2])
    gain = 1.0 - (x[..., 0] + 0.6 * x[..., 1] + pull).abs() + 0.5 * x[..., 2] * x[..., 3]
    return list(zip(x, done, gain + 0.3 * torch.randn(gain.shape, generator=draw), strict=True))
