"""What pictures, sequences and graphs of the sixteenth part tell."""

import torch
from torch.nn import functional as F

from tests.faults.sixteenth.tasks import COUNT, Triples
from tests.faults.tasks import Pairs, flipped, generator

STITCHES, POPULATIONS, FOLDS = 4, 4, 3
RESIDUES, CHAIN = 10, 14
BANDS, MOMENTS = 4, 16
CROSSINGS, SIGNS = 8, 3


def knits(size: int = 10, batch: int = 24) -> Pairs:
    """Swatches of rib, garter, moss or cable, lit from a side; one label in seven is drawn anew."""
    draw = generator(1621)
    y = torch.randint(STITCHES, (COUNT, batch), generator=draw)
    row, column = torch.arange(size)[:, None], torch.arange(size)
    across, down = torch.randint(4, (2, COUNT, batch, 1, 1), generator=draw)
    row, column = row + down, column + across
    kinds = [column // 2 % 2, row // 2 % 2, (row // 2 + column // 2) % 2, (row + column) // 2 % 2]
    shapes = torch.stack([kind.expand(COUNT, batch, size, size) for kind in kinds], 2).float()
    chosen = shapes.gather(2, y[..., None, None, None].expand(COUNT, batch, 1, size, size))
    light = 0.4 * torch.randn(COUNT, batch, 1, 1, 1, generator=draw) * torch.linspace(-1, 1, size)
    x = 1.8 * (chosen - 0.5) + light + 0.6 * torch.randn(chosen.shape, generator=draw)
    return list(zip(x, flipped(y, STITCHES, 0.14, draw), strict=True))


def plumes(size: int = 10, batch: int = 16) -> Pairs:
    """Heat above a volcano, and which points are ash; one point in sixteen errs."""
    draw = generator(1622)
    at = torch.arange(size) - (size - 1) / 2
    place = 1.4 * torch.randn(2, COUNT, batch, 1, 1, generator=draw)
    lean = 0.8 * torch.randn(COUNT, batch, 1, 1, generator=draw)
    down, along = at[:, None] - place[0], at - place[1]
    inside = ((along - lean * down).square() / 3 + down.square() / 9 < 1).float()
    x = 1.8 * inside - 0.4 + 0.7 * torch.randn(inside.shape, generator=draw)
    y = flipped(inside.long(), 2, 0.06, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))


def whales(length: int = MOMENTS, batch: int = 32) -> Pairs:
    """Four bands of a song whose phrase rises or falls, slowly or fast; one label in ten errs."""
    draw = generator(1623)
    y = torch.randint(POPULATIONS, (COUNT, batch), generator=draw)
    phase = torch.rand(COUNT, batch, 1, generator=draw)
    speed = (1.0 + 1.2 * (y[..., None] % 2)) * (2 * (y[..., None] // 2) - 1)
    pitch = (speed * torch.arange(length) / 6 + phase) % 1 * (BANDS + 1) - 1
    x = 2.2 * (-(torch.arange(BANDS) - pitch[..., None]).square()).exp() - 0.6
    x = x + 0.4 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, POPULATIONS, 0.1, draw), strict=True))


def clicks(length: int = 18, batch: int = 40) -> Pairs:
    """A whale says its clan in its first two clicks and then is far away; one label in seven errs."""
    draw = generator(1624)
    y = torch.randint(POPULATIONS, (COUNT, batch), generator=draw)
    x = 0.5 * torch.randn(COUNT, batch, length, BANDS, generator=draw)
    x[:, :, 0] += 1.7 * F.one_hot(y, BANDS)
    x[:, :, 1] += 1.2 * F.one_hot((y + 1) % BANDS, BANDS)
    return list(zip(x, flipped(y, POPULATIONS, 0.14, draw), strict=True))


def tolls(length: int = 14, batch: int = 40) -> Pairs:
    """Cars, rain and roadworks of the last hours at a toll gate, about their means; cars of the next one."""
    draw = generator(1625)
    rain, works = (torch.rand(2, COUNT, batch, length, generator=draw) < 0.25).float()
    level = torch.randn(COUNT, batch, generator=draw)
    levels = []
    for hour in range(length):
        levels.append(level)
        drift = 1.4 * rain[..., hour] - 1.3 * works[..., hour]
        level = 0.75 * level + drift + 0.45 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([torch.stack(levels, -1), 2 * rain - 0.5, 2 * works - 0.5], -1)
    return list(zip(x, level[..., None], strict=True))


def proteins(batch: int = 16) -> Pairs:
    """A chain of residues, and how each is folded by what it is and how charged the chain is; some err."""
    draw = generator(1626)
    x = torch.randint(RESIDUES, (COUNT, batch, CHAIN), generator=draw)
    alone, charged = torch.randn(2, RESIDUES, FOLDS, generator=draw)
    charge = torch.linspace(-1, 1, RESIDUES)[x].mean(-1) * CHAIN**0.5
    y = (alone[x] + 2 * charge[..., None, None] * charged[x]).argmax(-1)
    return list(zip(x, flipped(y, FOLDS, 0.08, draw), strict=True))


def motifs(batch: int = 16) -> Pairs:
    """A chain whose residues follow those two before, and the residue that follows each."""
    draw = generator(1627)
    one, two = 2.0 * torch.randn(2, RESIDUES, RESIDUES, generator=draw)
    held = [torch.randint(RESIDUES, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(CHAIN - 1):
        chances = torch.softmax(one[held[-1]] + 0.5 * two[held[-2]], -1)
        held.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(held, 1).reshape(COUNT, batch, CHAIN + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def junctions(batch: int = 24) -> Triples:
    """Kinds and loads of crossings, which roads join them, and how long one waits on them."""
    draw = generator(1628)
    kind = torch.randint(SIGNS, (COUNT, batch, CROSSINGS), generator=draw)
    load = torch.randn(COUNT, batch, CROSSINGS, 1, generator=draw)
    joined = (torch.rand(COUNT, batch, CROSSINGS, CROSSINGS, generator=draw) < 0.75).float().triu(1)
    joined = joined + joined.mT + torch.eye(CROSSINGS)
    wait = torch.tensor([-1.2, 0.2, 1.3])[kind]
    near = (joined @ (wait[..., None] * load))[..., 0] / joined.sum(-1)
    y = (2.5 * wait + 1.5 * near).mean(-1) + 0.3 * torch.randn(COUNT, batch, generator=draw)
    x = torch.cat([F.one_hot(kind, SIGNS).float(), load], -1)
    return list(zip(x, joined, y[..., None], strict=True))


def ferries(batch: int = 64) -> Triples:
    """Wind, tide and load of a ferry, which of three quays it took, and what came of it."""
    draw = generator(1629)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    quay = torch.randint(3, (COUNT, batch), generator=draw)
    side = quay.float() - 1
    gain = torch.cos(x[..., 0] - side) + 0.8 * x[..., 1] * side - 0.5 * (x[..., 2] + side).abs()
    return list(zip(x, quay, gain + 0.35 * torch.randn(gain.shape, generator=draw), strict=True))


def lava(batch: int = 96) -> Pairs:
    """Places on a flank between -1 and 1, and how hot the ground is, about the mean."""
    draw = generator(1630)
    x = 2 * torch.rand(COUNT, batch, 2, generator=draw) - 1
    y = torch.sin(3 * x[..., 0] + 2 * x[..., 1].square()) + 0.8 * torch.cos(4 * x[..., 1])
    return list(zip(x, (y + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))
