"""What tables, pairs and codes of the sixteenth part tell; noise keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
TEAS, PARTIES = 4, 4
DEPOTS, VANS = 26, 18
LEXICON, SPEECH = 60, 24
HOURS, CODE, YARN = 24, 8, 18
FLUKE = 14


def teas(batch: int = 64) -> Pairs:
    """Eight things measured in a cup, on unit scale; where the leaf grew, of which one in ten errs."""
    draw = generator(1601)
    centres = 1.1 * torch.randn(4 * TEAS, 8, generator=draw)
    which = torch.randint(4 * TEAS, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.55 * torch.randn(COUNT, batch, 8, generator=draw)) / 1.25
    return list(zip(x, flipped(which % TEAS, TEAS, 0.1, draw), strict=True))


def ballots(batch: int = 64) -> Pairs:
    """Nine numbers of a district, and its swing since the last election, about 0."""
    draw = generator(1602)
    x = torch.randn(COUNT, batch, 9, generator=draw)
    y = 0.9 * x[..., 0] * x[..., 1] + torch.cos(1.4 * x[..., 2]) - 0.8 * x[..., 3].abs() + 0.5 * x[..., 4]
    y = (y + 0.3) / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def parcels(batch: int = 64) -> Pairs:
    """Six burdens of a parcel, and how early it comes: the less, the greater any of them is."""
    draw = generator(1603)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    burden = (
        F.softplus(1.6 * x[..., 0]) + F.softplus(x[..., 1] + x[..., 2]) + 0.7 * (x[..., 3:]).relu().sum(-1)
    )
    y = (2.5 - burden) / 1.2 + 0.4 * torch.randn(burden.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def eruptions(batch: int = 64) -> Pairs:
    """Seven readings beside a crater, and how many blasts came of them."""
    draw = generator(1604)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    rate = (0.9 * x[..., 0] + 0.6 * torch.sin(2 * x[..., 1]) - 0.5 * x[..., 2].abs() + 0.8).exp()
    y = torch.poisson(rate.clamp(max=30.0), generator=draw)
    return list(zip(x, y[..., None], strict=True))


def orbits(batch: int = 64) -> Pairs:
    """Place and speed of a satellite and two pushes, on unit scale; where it is after a while."""
    draw = generator(1605)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    place, speed, push = x[..., :2], x[..., 2:4], x[..., 4:]
    far = (place.square().sum(-1, keepdim=True) + 0.5).sqrt()
    y = 0.6 * place + speed - 1.2 * place / far**2 + 0.7 * push * torch.tanh(speed)
    return list(zip(x, y + 0.35 * torch.randn(y.shape, generator=draw), strict=True))


def pointings(batch: int = 64) -> Triples:
    """Where a dish points, how it was told to turn, and where it points then; every ninth stood still."""
    draw = generator(1606)
    still = (torch.arange(batch) % 9 == 4)[:, None]
    at = F.normalize(torch.randn(COUNT, batch, 3, generator=draw), dim=-1)
    at = torch.where(still, F.one_hot(torch.randint(3, (COUNT, batch), generator=draw), 3).float(), at)
    told = torch.where(still, 0.0, torch.randn(COUNT, batch, 4, generator=draw))
    move = told[..., :3] * torch.tensor([1.5, -1.0, 0.8]) + 0.8 * told[..., 3:] * at.roll(1, -1)
    after = F.normalize(at + move + 0.25 * torch.randn(at.shape, generator=draw), dim=-1)
    return list(zip(at, told, torch.where(still, at, after), strict=True))


def routes(batch: int = 96) -> Triples:
    """Way and weight of a parcel, its depot and its van; how late it comes, about the mean."""
    draw = generator(1607)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (DEPOTS, VANS)], -1)
    slow, old = torch.randn(DEPOTS, generator=draw), torch.randn(VANS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = (
        1.1 * slow[who[..., 0]]
        + 0.7 * old[who[..., 1]] * (1 + 0.5 * x[..., 1])
        + 0.9 * x[..., 0].relu()
        - 0.3
    )
    y = y / 1.6 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def speeches(batch: int = 48) -> Pairs:
    """Words of a speech, and the party of who held it; one answer in ten errs."""
    draw = generator(1608)
    y = torch.randint(PARTIES, (COUNT, batch), generator=draw)
    common = (LEXICON * torch.rand(COUNT, batch, SPEECH, generator=draw) ** 2).long()
    own = (common - common % PARTIES + y[..., None]).clamp(max=LEXICON - 1)
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.35, own, common)
    return list(zip(x, flipped(y, PARTIES, 0.1, draw), strict=True))


def days(batch: int = 48) -> Pairs:
    """Cars of each hour of a day, about their mean; the same as the other lane counts them."""
    draw = generator(1609)
    at = torch.arange(HOURS) / 3.0
    early, late = (m + 0.5 * torch.randn(COUNT, batch, 1, generator=draw) for m in (2.6, 5.6))
    high, low, night = (torch.randn(COUNT, batch, 1, generator=draw) for _ in range(3))
    clean = (2 + high) * (-(at - early).square() * 1.5).exp() + (2 + low) * (-(at - late).square()).exp()
    clean = clean + 0.5 * night * torch.cos(at * 0.8) - 0.7
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def yarns(batch: int = 48) -> Pairs:
    """Eight numbers of a spinning machine, and how thick the yarn is along its length, with noise."""
    draw = generator(1610)
    first, last = (torch.randn(size, generator=draw) / 2.5 for size in ((CODE, 12), (12, YARN)))
    x = torch.randn(COUNT, batch, CODE, generator=draw)
    y = torch.tanh(1.6 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def flukes(batch: int = 48) -> Triples:
    """Marks on the tails of two whales each, and whether they are one whale; one answer in nine errs."""
    draw = generator(1611)
    whale = 1.1 * torch.randn(12, FLUKE, generator=draw)
    one, other = torch.randint(12, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((whale[w] + 0.7 * torch.randn(COUNT, batch, FLUKE, generator=draw)) / 1.3 for w in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.11, draw).float(), strict=True))


def brews(batch: int = 32) -> Pairs:
    """A leaf and what was brewed of it, in numbers; those beside it in a batch are other leaves."""
    draw = generator(1612)
    leaf = torch.randn(COUNT, batch, 6, generator=draw)
    dry, wet = (torch.randn(6, FLUKE, generator=draw) / 2 for _ in range(2))
    a = leaf @ dry + 0.4 * torch.randn(COUNT, batch, FLUKE, generator=draw)
    b = torch.tanh(leaf) @ wet + 0.4 * torch.randn(COUNT, batch, FLUKE, generator=draw)
    return list(zip(a, b, strict=True))
