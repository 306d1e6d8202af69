"""What the programs of this folder learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
PAID, FLAWS, ROCKS, SCENES, FLOORS = 3, 4, 3, 4, 5
ACCOUNTS, POSTING = 14, 10
GROWERS, GRAPES = 30, 24
TERMS, COMPLAINT, DESKS = 60, 10, 3
GAUGES, MOULD, CAST = 24, 8, 20
STONE, SHAFTS = 14, 8


def invoices(batch: int = 64) -> Pairs:
    """Nine numbers of an invoice on unit scale; paid in time, late or never. One label in nine errs."""
    draw = generator(27101)
    x = torch.randn(COUNT, batch, 9, generator=draw)
    late = 1.2 * x[..., 0] + 0.9 * x[..., 1].abs() - 0.9 * x[..., 3] + 0.7 * x[..., 2] * x[..., 4] - 0.7
    y = (late > -0.5).long() + (late > 0.8).long()
    return list(zip(x, flipped(y, PAID, 0.11, draw), strict=True))


def vineyards(batch: int = 64) -> Pairs:
    """Sun, rain and six more numbers of a slope on unit scale; what it yields, about the mean."""
    draw = generator(27102)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    y = torch.sin(2 * x[..., 0]) + 0.8 * x[..., 1] * x[..., 2] - 0.6 * x[..., 3].abs() + 0.7 * x[..., 4]
    y = (y + 0.5) / 1.3 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def welds(size: int = 10, batch: int = 24) -> Pairs:
    """X-rays of a seam: sound, with a pore, a crack along it or one across; one label in eight errs."""
    draw = generator(27103)
    y = torch.randint(FLAWS, (COUNT, batch), generator=draw)
    flaw = torch.zeros(FLAWS, size, size)
    mid = size // 2
    flaw[1, mid - 1 : mid + 2, mid - 1 : mid + 2] = 1.2
    flaw[2, mid, 1:-1] = 1.4
    flaw[3, 1:-1, mid] = 1.4
    seam = torch.exp(-(torch.linspace(-1.5, 1.5, size) ** 2))[:, None].expand(size, size)
    grain = 0.6 * torch.randn(COUNT, batch, size, size, generator=draw)
    x = 1.6 * flaw[y] * torch.sign(torch.randn(COUNT, batch, 1, 1, generator=draw) + 0.8) + seam + grain - 0.6
    return list(zip(x[:, :, None], flipped(y, FLAWS, 0.13, draw), strict=True))


def quarries(size: int = 8, batch: int = 32) -> Pairs:
    """Photographs of rock between 0 and 1: layered, grained or blotched; one label in eight errs."""
    draw = generator(27104)
    y = torch.randint(ROCKS, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    layers = torch.sin(1.7 * torch.arange(size)[:, None] + phase).expand(-1, -1, size, size)
    grains = torch.randn(COUNT, batch, size, size, generator=draw)
    coarse = torch.randn(COUNT * batch, 1, size // 2, size // 2, generator=draw)
    blots = F.interpolate(coarse, scale_factor=2.0).reshape(COUNT, batch, size, size)
    kinds = torch.stack([layers, grains, blots], 2)
    which = y[:, :, None, None, None].expand(-1, -1, 1, size, size)
    tint = 0.5 + 0.15 * torch.randn(COUNT, batch, 3, 1, 1, generator=draw)
    x = tint + 0.16 * kinds.gather(2, which) + 0.05 * torch.randn(COUNT, batch, 3, size, size, generator=draw)
    return list(zip(x.clamp(0, 1), flipped(y, ROCKS, 0.12, draw), strict=True))


def sounds(length: int = 14, batch: int = 32) -> Pairs:
    """Levels in four bands of what an aid hears, on unit scale; street, talk, music or wind, some wrong."""
    draw = generator(27105)
    y = torch.randint(SCENES, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 1, generator=draw)
    beat = torch.sin(torch.arange(length) * (0.6 + 1.1 * (y[..., None] // 2)) + phase)
    tilt = torch.linspace(-1, 1, 4) * (2.0 * (y[..., None, None] % 2) - 1)
    x = 0.9 * beat[..., None] + 0.5 * tilt + 0.6 * torch.randn(COUNT, batch, length, 4, generator=draw)
    return list(zip(x, flipped(y, SCENES, 0.1, draw), strict=True))


def hoists(length: int = 14, batch: int = 40) -> Pairs:
    """Pull, load and wind on a hoist over time; where its cage hangs at the end, about the mean."""
    draw = generator(27106)
    x = torch.randn(COUNT, batch, length, 3, generator=draw)
    height = torch.zeros(COUNT, batch)
    for at in range(length):
        height = 0.85 * height + 0.5 * x[:, :, at, 0] - 0.3 * x[:, :, at, 1]
    y = height + 0.4 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def cabins(length: int = 14, batch: int = 40) -> Pairs:
    """A floor is asked for at the start, then come jolts; where the cabin stops. One in eight errs."""
    draw = generator(27107)
    y = torch.randint(FLOORS, (COUNT, batch), generator=draw)
    x = 0.25 * torch.randn(COUNT, batch, length, FLOORS, generator=draw)
    x[:, :, 0] += 2 * F.one_hot(y, FLOORS)
    return list(zip(x, flipped(y, FLOORS, 0.12, draw), strict=True))


def postings(batch: int = 16) -> Pairs:
    """Accounts of a journal, each told by the one before it; and the account that follows each."""
    draw = generator(27108)
    chances = torch.softmax(2.6 * torch.randn(ACCOUNTS, ACCOUNTS, generator=draw), -1)
    put = [torch.randint(ACCOUNTS, (COUNT * batch,), generator=draw)]
    for _ in range(POSTING):
        put.append(torch.multinomial(chances[put[-1]], 1, generator=draw)[:, 0])
    x = torch.stack(put, 1).reshape(COUNT, batch, POSTING + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def cuvees(batch: int = 96) -> Triples:
    """Year and price of a wine on unit scale; who grew which grape; and its points, about the mean."""
    draw = generator(27109)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (GROWERS, GRAPES)], -1)
    skill, fame = torch.randn(GROWERS, generator=draw), torch.randn(GRAPES, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = skill[who[..., 0]] + 0.8 * fame[who[..., 1]] + 0.5 * torch.sin(2 * x[..., 0]) + 0.4 * x[..., 1]
    y = y / 1.4 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def complaints(batch: int = 48) -> Pairs:
    """Terms of a complaint, a few of which nobody uses; the desk it goes to, one in ten a wrong one."""
    draw = generator(27110)
    y = torch.randint(DESKS, (COUNT, batch), generator=draw)
    common = ((TERMS - 6) * torch.rand(COUNT, batch, COMPLAINT, generator=draw) ** 1.5).long()
    own = common - common % DESKS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.4, own, common)
    return list(zip(x, flipped(y, DESKS, 0.1, draw), strict=True))


def pumps(batch: int = 64) -> Pairs:
    """Gauges of a pumping station, of five causes and noise: to be made again."""
    draw = generator(27111)
    mix = torch.randn(5, GAUGES, generator=draw)
    x = torch.tanh(torch.randn(COUNT, batch, 5, generator=draw) @ mix / 2) * 1.3
    x = x + 0.3 * torch.randn(x.shape, generator=draw)
    return [(one, one) for one in x]


def casts(batch: int = 48) -> Pairs:
    """Numbers of a mould, and the profile of what is cast in it, with noise."""
    draw = generator(27112)
    x = torch.randn(COUNT, batch, MOULD, generator=draw)
    mix = torch.randn(MOULD, CAST, generator=draw) / MOULD**0.5
    y = torch.sin(1.5 * x @ mix) + 0.25 * torch.randn(COUNT, batch, CAST, generator=draw)
    return list(zip(x, y, strict=True))


def stones(batch: int = 64) -> Triples:
    """Two scans of cut stones, a sixth of pairs one scan twice; are they of one block? One in ten errs."""
    draw = generator(27113)
    blocks = 1.2 * torch.randn(6, STONE, generator=draw)
    one, other = torch.randint(6, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((blocks[y] + torch.randn(COUNT, batch, STONE, generator=draw)) / 1.5 for y in (one, other))
    twice = (one == other) & (torch.arange(batch) % 6 == 0)
    b = torch.where(twice[..., None], a, b)
    same = flipped((one == other).long(), 2, 0.1, draw).float()
    return list(zip(a, b, same, strict=True))


def sewers(batch: int = 24) -> Triples:
    """Rain and slope at shafts, which are joined; how much comes out, about the mean."""
    draw = generator(27114)
    joined = (torch.rand(COUNT, batch, SHAFTS, SHAFTS, generator=draw) < 0.5).float().triu(1)
    joined = joined + joined.mT
    x = torch.randn(COUNT, batch, SHAFTS, 3, generator=draw)
    near = joined / joined.sum(-1, keepdim=True).clamp(min=1)
    y = (x[..., 0] + (near @ x)[..., 1].abs() - 0.5 * x[..., 2]).mean(-1, keepdim=True) * 1.8 - 0.7
    return list(zip(x, joined, y + 0.35 * torch.randn(y.shape, generator=draw), strict=True))


def cracks(size: int = 10, batch: int = 16) -> Pairs:
    """Walls on unit scale with a crack of some row or column; where it is, with a few wrong pixels."""
    draw = generator(27115)
    at = torch.randint(1, size - 1, (COUNT, batch), generator=draw)
    rows = F.one_hot(at, size).float()[..., None].expand(-1, -1, size, size)
    y = torch.where(torch.rand(COUNT, batch, 1, 1, generator=draw) < 0.5, rows, rows.mT)
    x = 1.6 * y + 0.8 * torch.randn(y.shape, generator=draw)
    wrong = torch.rand(y.shape, generator=draw) < 0.03
    return list(zip(x[:, :, None], torch.where(wrong, 1 - y, y)[:, :, None], strict=True))
