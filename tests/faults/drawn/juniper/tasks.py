"""What juniper's programs learn; noise in the targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
QUARTERS, CREWS, RINGS, COUNTRIES = 4, 4, 4, 4
GLAZES, COATS = 14, 10
READERS, BOOKS = 30, 36
WORDS, NOTE, ROOMS = 50, 8, 3
SPIRE, CODE, TILE, SEAL = 24, 8, 25, 14


def windmills(batch: int = 64) -> Pairs:
    """Wind, sails and six more numbers of a mill on unit scale; its power, about the mean."""
    draw = generator(5101)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    y = torch.relu(x[..., 0]) * (1 + 0.6 * x[..., 1]) + 0.8 * torch.tanh(2 * x[..., 2]) - 0.5 * x[..., 3]
    y = (y + 0.3 * x[..., 4] * x[..., 5] - 0.4) / 1.4 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def vanes(batch: int = 64) -> Pairs:
    """Seven numbers of the weather; the quarter the vane points to. One answer in nine is drawn anew."""
    draw = generator(5102)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    east = 1.2 * x[..., 0] + 0.8 * x[..., 2] * x[..., 3] + 0.3 * x[..., 5]
    north = x[..., 1] - 0.9 * x[..., 4].abs() + 0.7 + 0.4 * x[..., 6]
    y = (east > 0).long() + 2 * (north > 0).long()
    return list(zip(x, flipped(y, QUARTERS, 0.11, draw), strict=True))


def stamps(batch: int = 24, size: int = 10) -> Pairs:
    """Pictures of a stamp with a cross, a ring, a chevron or bars; one label in eight is drawn anew."""
    draw = generator(5103)
    y = torch.randint(COUNTRIES, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    row, column = at[:, None].expand(size, size), at.expand(size, size)
    far = (row.square() + column.square()).sqrt()
    drawings = [
        (row.abs() < 1) | (column.abs() < 1),
        (far - 3).abs() < 0.8,
        (row + 2 - column.abs()).abs() < 1,
        (torch.arange(size) % 3 == 0).expand(size, size),
    ]
    ink = torch.stack(drawings).float()[y]
    tint = 0.8 + 0.6 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    x = 2 * tint * ink - 0.7 + 0.7 * torch.randn(ink.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, COUNTRIES, 0.13, draw), strict=True))


def rowing(batch: int = 32, length: int = 14) -> Pairs:
    """Force, reach, tilt and speed along a stroke, of four crews; one label in nine is drawn anew."""
    draw = generator(5104)
    y = torch.randint(CREWS, (COUNT, batch), generator=draw)
    beat = 0.6 + 0.5 * (y[..., None] % 2) + 0.05 * torch.randn(COUNT, batch, 1, generator=draw)
    phase = beat * torch.arange(length) + 6.28 * torch.rand(COUNT, batch, 1, generator=draw)
    lag = 0.3 + 1.6 * (y[..., None] // 2)
    speed = 0.5 * torch.randn(COUNT, batch, 1, generator=draw).expand(phase.shape)
    x = torch.stack([phase.sin(), (phase - lag).sin(), 0.5 * (2 * phase).cos(), speed], -1)
    return list(
        zip(1.2 * x + 0.35 * torch.randn(x.shape, generator=draw), flipped(y, CREWS, 0.11, draw), strict=True)
    )


def kilns(batch: int = 40, length: int = 16) -> Pairs:
    """Heat, gas and draught of a kiln by the quarter hour, about their means; the heat that comes next."""
    draw = generator(5105)
    gas, draught = torch.randn(2, COUNT, batch, length, generator=draw)
    heat, heats = torch.randn(COUNT, batch, generator=draw), []
    for place in range(length):
        heats.append(heat)
        fed = 0.9 * gas[..., place] - 0.6 * draught[..., place] * (gas[..., place] > 0)
        heat = 0.75 * heat + fed + 0.35 * torch.randn(heat.shape, generator=draw)
    return list(zip(torch.stack([torch.stack(heats, -1), gas, draught], -1), heat[..., None], strict=True))


def bells(batch: int = 40, length: int = 16) -> Pairs:
    """A peal whose first bells tell the method, the others ring at random; one label in seven errs."""
    draw = generator(5106)
    y = torch.randint(RINGS, (COUNT, batch), generator=draw)
    x = 0.35 * torch.randn(COUNT, batch, length, 5, generator=draw)
    x[:, :, 0, :4] += 1.6 * F.one_hot(y, 4)
    x[:, :, 1, 1:] -= 1.1 * F.one_hot(y, 4)
    return list(zip(x, flipped(y, RINGS, 0.14, draw), strict=True))


def glazes(batch: int = 16) -> Pairs:
    """Coats of glaze on a pot, each chosen by the one before it and by the third last; and what follows."""
    draw = generator(5107)
    near, far = (s * torch.randn(GLAZES, GLAZES, generator=draw) for s in (2.4, 0.8))
    coats = [torch.randint(GLAZES, (COUNT * batch,), generator=draw) for _ in range(3)]
    for _ in range(COATS - 2):
        chances = torch.softmax(near[coats[-1]] + far[coats[-3]], -1)
        coats.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(coats, 1).reshape(COUNT, batch, COATS + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def lendings(batch: int = 96) -> Triples:
    """Age and price of a copy; who borrows which book; and for how long, about the mean."""
    draw = generator(5108)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (READERS, BOOKS)], -1)
    slow, thick = torch.randn(READERS, generator=draw), torch.randn(BOOKS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = slow[who[..., 0]] + 0.9 * thick[who[..., 1]] + 0.6 * x[..., 0] - 0.5 * torch.relu(x[..., 1])
    y = y / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def notes(batch: int = 48) -> Pairs:
    """Words of a note to the auction house, 0 where it is shorter, and its room; one in nine errs."""
    draw = generator(5109)
    y = torch.randint(ROOMS, (COUNT, batch), generator=draw)
    any_word = 1 + (WORDS * torch.rand(COUNT, batch, NOTE, generator=draw) ** 1.7).long()
    own = any_word - any_word % ROOMS + y[..., None]
    x = torch.where(torch.rand(own.shape, generator=draw) < 0.5, own, any_word).clamp(1, WORDS)
    length = torch.randint(3, NOTE + 1, (COUNT, batch, 1), generator=draw)
    return list(
        zip(torch.where(torch.arange(NOTE) < length, x, 0), flipped(y, ROOMS, 0.11, draw), strict=True)
    )


def spires(batch: int = 48) -> Pairs:
    """The outline of a spire, and the same as it was drawn from another street."""
    draw = generator(5110)
    at = torch.linspace(-1.5, 1.5, SPIRE)
    shift, steep, height, base = torch.randn(4, COUNT, batch, 1, generator=draw)
    clean = (
        2.2 - (1.4 + 0.5 * steep.abs()) * (at - 0.5 * shift).abs() + 0.6 * height + 0.5 * base * at.square()
    )
    x, y = clean - 0.9 + 0.3 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def tiles(batch: int = 48) -> Pairs:
    """Eight numbers of a painter, and a tile of five by five of hers whose rim is left unpainted."""
    draw = generator(5111)
    first, last = torch.randn(CODE, 16, generator=draw) / 2, torch.randn(16, TILE, generator=draw) / 2.5
    x = torch.randn(COUNT, batch, CODE, generator=draw)
    y = torch.tanh(x @ first) @ last
    return list(zip(x, (y + 0.25 * torch.randn(y.shape, generator=draw)) * painted(), strict=True))


def painted() -> Tensor:
    """One where a tile is painted, and 0 on its last column and row."""
    rim = torch.ones(5, 5)
    rim[4], rim[:, 4] = 0.0, 0.0
    return rim.flatten()


def seals(batch: int = 48) -> Triples:
    """Two prints in wax, and whether one seal made both; one answer in eight errs."""
    draw = generator(5112)
    seal = 1.3 * torch.randn(9, SEAL, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = (
        (seal[which] + 0.8 * torch.randn(COUNT, batch, SEAL, generator=draw)) / 1.5 for which in (one, other)
    )
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def moss(batch: int = 12, size: int = 12) -> Pairs:
    """Walls with a patch of moss in the damp corner, and which points it covers; one in twenty errs."""
    draw = generator(5113)
    row, column = torch.randint(size - 4, (2, COUNT, batch, 1, 1), generator=draw)
    high, wide = torch.randint(3, 6, (2, COUNT, batch, 1, 1), generator=draw)
    at = torch.arange(size)
    down, along = at[:, None] - row, at - column
    covers = (down >= 0) & (down < high) & (along >= 0) & (along < wide)
    x = 1.7 * covers.float() - 0.3 + 0.8 * torch.randn(covers.shape, generator=draw)
    y = flipped(covers.long(), 2, 0.05, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))
