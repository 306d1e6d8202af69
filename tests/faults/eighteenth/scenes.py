"""What the programs of the eighteenth part learn from pictures, sequences, graphs and points."""

import torch
from torch.nn import functional as F

from tests.faults.eighteenth.tasks import COUNT, Triples
from tests.faults.tasks import Pairs, flipped, generator

HOURS, BACKS, FORMATIONS, CHORDS, RINGERS = 4, 3, 4, 4, 4
RUNES, STONE = 14, 10
TREES, SORTS, GEESE = 10, 3, 20


def dials(size: int = 10, batch: int = 24) -> Pairs:
    """Pictures of a clock whose hand shows three, six, nine or twelve, about; one label in six errs."""
    draw = generator(1821)
    y = torch.randint(HOURS, (COUNT, batch), generator=draw)
    angle = 1.5708 * y + 0.3 * torch.randn(y.shape, generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    right, down = angle.cos()[..., None, None], angle.sin()[..., None, None]
    along, aside = right * at + down * at[:, None], right * at[:, None] - down * at
    hand = (-((along - 2).square() / 4 + aside.square())).exp()
    x = 3.0 * hand - 0.35 + 0.8 * torch.randn(hand.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, HOURS, 0.16, draw), strict=True))


def beetles(size: int = 8, batch: int = 24) -> Pairs:
    """Photographs of backs of beetles between 0 and 1: bands, spots or plain; one label in seven errs."""
    draw = generator(1822)
    y = torch.randint(BACKS, (COUNT, batch), generator=draw)
    row, column = torch.arange(size)[:, None], torch.arange(size)
    kinds = torch.stack(
        [(row % 4 < 2).expand(size, size), (row % 3 < 2) & (column % 3 < 2), torch.zeros(size, size).bool()]
    ).float()
    ground, mark = torch.rand(2, COUNT, batch, 3, 1, 1, generator=draw)
    x = torch.lerp(ground, 1 - ground + 0.3 * mark, 0.8 * kinds[y][:, :, None])
    x = x + 0.08 * torch.randn(x.shape, generator=draw)
    return list(zip(x.clamp(0, 1), flipped(y, BACKS, 0.14, draw), strict=True))


def lichens(size: int = 10, batch: int = 16) -> Pairs:
    """Pictures of a rock, and which points of it lichen covers; one point in fourteen errs."""
    draw = generator(1823)
    at = torch.arange(size) - (size - 1) / 2
    centre = 2.4 * torch.randn(2, 2, COUNT, batch, 1, 1, generator=draw)
    radius = 1.5 + torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    far = (at[:, None] - centre[0]).square() + (at - centre[1]).square()
    inside = (far < radius.square()).any(0).float()
    x = 1.7 * inside - 0.5 + 0.7 * torch.randn(inside.shape, generator=draw)
    y = flipped(inside.long(), 2, 0.07, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))


def harbours(length: int = 14, batch: int = 40) -> Pairs:
    """Level of the sea, wind and pressure of the last hours on unit scale; the level two hours later."""
    draw = generator(1824)
    phase, size = (
        6.3 * torch.rand(COUNT, batch, 1, generator=draw),
        torch.randn(COUNT, batch, 1, generator=draw),
    )
    hour = torch.arange(length + 2.0)
    wind = torch.randn(COUNT, batch, length + 2, generator=draw)
    level = (1 + 0.4 * size) * torch.sin(0.5 * hour + phase) + 0.5 * wind.cumsum(-1) / (hour + 1).sqrt()
    level = level + 0.25 * torch.randn(level.shape, generator=draw)
    pressure = torch.randn(COUNT, batch, length, generator=draw) - 0.5 * wind[..., :length]
    x = torch.stack([level[..., :length], wind[..., :length], pressure], -1)
    return list(zip(x, level[..., -1:], strict=True))


def peals(length: int = 14, batch: int = 36) -> Pairs:
    """A bell at the start tells who rings the last one, all between is chance; one label in six errs."""
    draw = generator(1825)
    y = torch.randint(RINGERS, (COUNT, batch), generator=draw)
    x = 0.3 * torch.randn(COUNT, batch, length, RINGERS, generator=draw)
    x[:, :, 0] += 1.9 * F.one_hot(y, RINGERS) - 0.6
    x[:, :, 1] += 1.1 * F.one_hot((y + 1) % RINGERS, RINGERS)
    return list(zip(x, flipped(y, RINGERS, 0.16, draw), strict=True))


def choirs(length: int = 12, batch: int = 48) -> Pairs:
    """Six bands of a chord of a choir, that rises or falls, near or wide; one label in six errs."""
    draw = generator(1826)
    y = torch.randint(CHORDS, (COUNT, batch), generator=draw)
    start = 2.5 + 0.5 * torch.randn(COUNT, batch, 1, generator=draw)
    rise = (y % 2 * 2 - 1)[..., None] * torch.linspace(-1.2, 1.2, length)
    far = 0.5 + 0.9 * (y // 2)[..., None, None]
    off = torch.arange(6.0) - (start + rise)[..., None]
    x = 2.2 * (-(off.abs() - far).square() * 1.5).exp() - 0.7
    return list(
        zip(x + 0.45 * torch.randn(x.shape, generator=draw), flipped(y, CHORDS, 0.16, draw), strict=True)
    )


def runes(batch: int = 16) -> Pairs:
    """Runes on a stone, each told by the one before and the one three before; and what follows each."""
    draw = generator(1827)
    near, far = 2.2 * torch.randn(2, RUNES, RUNES, generator=draw)
    cut = [torch.randint(RUNES, (COUNT * batch,), generator=draw) for _ in range(3)]
    for _ in range(STONE - 2):
        chances = torch.softmax(near[cut[-1]] + 0.4 * far[cut[-3]], -1)
        cut.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(cut, 1).reshape(COUNT, batch, STONE + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def groves(batch: int = 40) -> Triples:
    """Sorts and ages of trees, which ones touch (a few touch none), and the grove's harvest, with noise."""
    draw = generator(1828)
    sort = torch.randint(SORTS, (COUNT, batch, TREES), generator=draw)
    age = torch.randn(COUNT, batch, TREES, 1, generator=draw)
    touch = (torch.rand(COUNT, batch, TREES, TREES, generator=draw) < 0.25).float().triu(1)
    touch = touch + touch.mT
    gift = torch.tensor([-1.1, 0.2, 1.3])[sort]
    near = (touch @ gift[..., None])[..., 0] / (touch.sum(-1) + 1)
    y = 2.2 * (gift + 1.2 * near * age[..., 0]).mean(-1) + 0.3 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(torch.cat([F.one_hot(sort, SORTS).float(), age], -1), touch, y[..., None], strict=True))


def geese(batch: int = 32) -> Pairs:
    """Where the geese of a flock are, on unit scale: wedge, line, ring or heap; one label in nine errs."""
    draw = generator(1829)
    y = torch.randint(FORMATIONS, (COUNT, batch), generator=draw)
    along = 2 * torch.rand(COUNT, batch, GEESE, generator=draw) - 1
    turn = 3.1416 * along
    heap = 0.8 * torch.randn(COUNT, batch, GEESE, 2, generator=draw)
    shapes = torch.stack(
        [
            torch.stack([1.6 * along, 2 * along.abs() - 1], -1),
            torch.stack([1.8 * along, 0 * along], -1),
            1.3 * torch.stack([turn.cos(), turn.sin()], -1),
            heap,
        ],
        2,
    )
    x = shapes.gather(2, y[..., None, None, None].expand(-1, -1, 1, GEESE, 2))[:, :, 0]
    x = x + 0.25 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, FORMATIONS, 0.11, draw), strict=True))


def rafts(batch: int = 48) -> Pairs:
    """Where a raft is in eight numbers of current, and where it is an hour later, with noise."""
    draw = generator(1830)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    pull = torch.randn(8, 8, generator=draw) / 8**0.5
    state = x
    for _ in range(10):
        state = state + 0.15 * torch.tanh(1.5 * state @ pull)
    return list(zip(x, state + 0.25 * torch.randn(x.shape, generator=draw), strict=True))
