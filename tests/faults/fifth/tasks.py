"""What the programs of the fresh part learn; noise in targets keeps the best loss well above 0."""

from functools import cache

import torch
from sklearn.datasets import load_iris
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
GLYPHS, SOLIDS, WORDS, PEOPLE, ACTIONS = 4, 4, 60, 8, 4
SYMBOLS, LENGTH = 10, 12
PEAKS, CHANNELS = 6, 32  # of a spectrum
PAPERS, FIELDS = 40, 4


@cache
def _irises() -> tuple[Tensor, Tensor]:
    x, y = load_iris(return_X_y=True)
    x = torch.tensor(x, dtype=torch.float32)
    return (x - x.mean(0)) / x.std(0), torch.tensor(y)


def irises(batch: int = 48, redrawn: float = 0.15) -> Pairs:
    """Four lengths of a flower on unit scale, and its kind."""
    x, y = _irises()
    draw = generator(201)
    which = torch.randint(len(x), (COUNT, batch), generator=draw)
    return list(zip(x[which], flipped(y[which], 3, redrawn, draw), strict=True))


def friedman(batch: int = 64) -> Pairs:
    """Ten numbers and a function of five of them (Friedman, 1991), on unit scale, with noise."""
    draw = generator(202)
    u = torch.rand(COUNT, batch, 10, generator=draw)
    y = 10 * torch.sin(torch.pi * u[..., 0] * u[..., 1]) + 20 * (u[..., 2] - 0.5) ** 2
    y = (y + 10 * u[..., 3] + 5 * u[..., 4] - 14.4) / 4.9
    return list(
        zip((u - 0.5) * 12**0.5, (y + 0.4 * torch.randn(y.shape, generator=draw))[..., None], strict=True)
    )


def houses(batch: int = 64, *, is_standardised: bool = True) -> Pairs:
    """Square feet, bedrooms, year, metres to a station, floor, tax in euros; and the price."""
    draw = generator(203)
    z = torch.randn(COUNT, batch, 6, generator=draw)
    y = 0.7 * z[..., 0] + 0.4 * z[..., 1] * z[..., 2].sign() - 0.5 * z[..., 3].abs() + 0.3 * z[..., 5]
    x = z if is_standardised else z * torch.tensor([450.0, 1, 25, 700, 2, 900])
    x = x if is_standardised else x + torch.tensor([1600.0, 3, 1975, 1500, 3, 2400])
    return list(zip(x, (y + 0.35 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def loudness(batch: int = 64) -> Pairs:
    """How loud twelve bands are, from -1, silence, to 0, full scale; and how loud it seems, on unit scale."""
    draw = generator(204)
    z = torch.randn(COUNT, batch, 12, generator=draw)
    y = (z[..., :4].amax(-1) - 1) + 0.6 * z[..., 4:8].sum(-1) / 2 + 0.4 * z[..., 8] * z[..., 9]
    return list(
        zip(-torch.sigmoid(1.5 * z), (y + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True)
    )


def glyphs(size: int = 10, batch: int = 24) -> Pairs:
    """A plus, a cross, a frame or a bar of five pixels somewhere in noise; one label in seven is new."""
    draw = generator(205)
    line = torch.eye(5)
    plus = torch.zeros(5, 5)
    plus[2], plus[:, 2] = 1, 1
    frame = torch.ones(5, 5)
    frame[1:4, 1:4] = 0
    bar = torch.zeros(5, 5)
    bar[1:4] = 1
    drawn = torch.stack([plus, (line + line.flip(0)).clamp(max=1), frame, bar])
    y = torch.randint(GLYPHS, (COUNT, batch), generator=draw)
    x = 0.35 * torch.randn(COUNT, batch, 1, size, size, generator=draw) - 0.3
    row, column = torch.randint(size - 4, (2, COUNT, batch), generator=draw)
    for i in range(COUNT):
        for j in range(batch):
            x[i, j, 0, row[i, j] : row[i, j] + 5, column[i, j] : column[i, j] + 5] += 1.6 * drawn[y[i, j]]
    return list(zip(x, flipped(y, GLYPHS, 0.15, draw), strict=True))


def spots(size: int = 10, batch: int = 24) -> Pairs:
    """A bright spot in noise, and its row and column on unit scale, with noise."""
    draw = generator(206)
    at = torch.rand(COUNT, batch, 2, generator=draw)
    place = torch.arange(size).float()
    far = (place - 1 - 7 * at[..., :1, None]).square() + (place[:, None] - 1 - 7 * at[..., 1:, None]).square()
    x = 2 * torch.exp(-far / 3) - 0.3 + 0.3 * torch.randn(far.shape, generator=draw)
    y = (at - 0.5) * 12**0.5
    return list(zip(x[:, :, None], y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def adding(length: int = 16, batch: int = 48) -> Pairs:
    """Numbers of which two are marked, one in each half, and their sum (Hochreiter & Schmidhuber, 1997)."""
    draw = generator(207)
    value = torch.randn(COUNT, batch, length, generator=draw)
    marks = torch.zeros_like(value)
    for half in range(2):
        at = torch.randint(length // 2, (COUNT, batch, 1), generator=draw) + half * (length // 2)
        marks.scatter_(-1, at, 1.0)
    y = (value * marks).sum(-1, keepdim=True) / 2**0.5
    return list(
        zip(torch.stack([value, marks], -1), y + 0.3 * torch.randn(y.shape, generator=draw), strict=True)
    )


def opening(length: int = 10, batch: int = 48) -> Pairs:
    """Sequences of noise whose first step holds three numbers, and a bent function of these."""
    draw = generator(208)
    x = 0.3 * torch.randn(COUNT, batch, length, 3, generator=draw)
    first = torch.randn(COUNT, batch, 3, generator=draw)
    x[:, :, 0] = first
    y = torch.tanh(1.5 * first[..., :1]) + first[..., 1:2].abs() - 0.8 - 0.5 * first[..., 2:]
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def index(length: int = 12, batch: int = 48) -> Pairs:
    """Levels of an index about its mean, and its next change, which is partly against the last ones."""
    draw = generator(209)
    level = torch.randn(COUNT, batch, 1, generator=draw)
    steps = [level]
    for _ in range(length):
        steps.append(0.75 * steps[-1] + 0.6 * torch.randn(level.shape, generator=draw))
    x = torch.cat(steps, -1)
    y = 1.2 * (x[..., -1:] - 0.7 * x[..., -2:-1]) + 0.4 * torch.randn(level.shape, generator=draw)
    return list(zip(x[..., :-1, None], y - 0.9 * x[..., -1:] + 1.6 * x[..., -2:-1], strict=True))


def echoes(batch: int = 16) -> Pairs:
    """Symbols that are mostly those of two places before, and the symbol after each."""
    draw = generator(210)
    fresh = torch.randint(SYMBOLS, (COUNT, batch, LENGTH + 1), generator=draw)
    kept = torch.rand(fresh.shape, generator=draw) < 0.85
    for place in range(2, LENGTH + 1):
        fresh[..., place] = torch.where(kept[..., place], fresh[..., place - 2], fresh[..., place])
    return list(zip(fresh[..., :-1], fresh[..., 1:], strict=True))


def neighbours(batch: int = 160) -> Pairs:
    """Two words of five topics, and whether the one was read near the other; one answer in ten is new."""
    draw = generator(211)
    one, other = torch.randint(WORDS, (2, COUNT, batch), generator=draw)
    near = torch.rand(one.shape, generator=draw) < 0.35
    other = torch.where(near, other - other % 5 + one % 5, other)
    y = flipped((one % 5 == other % 5).long(), 2, 0.1, draw).float()
    return list(zip(torch.stack([one, other], -1), y, strict=True))


def spectra(batch: int = 48) -> Pairs:
    """Six peaks of heights that go together in threes, with noise, and the same with other noise."""
    draw = generator(212)
    hidden = torch.randn(COUNT, batch, 3, generator=draw)
    heights = hidden @ torch.randn(3, PEAKS, generator=draw)
    at = torch.arange(CHANNELS).float()
    middle = 2.5 + 5.2 * torch.arange(PEAKS).float()
    shape = torch.exp(-(at - middle[:, None]).square() / 5)
    clean = 1.1 * torch.tanh(heights) @ shape
    noise = 0.25 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(clean + noise[0], clean + noise[1], strict=True))


def coarse() -> Pairs:
    """Spectra by a coarse instrument, four channels in one, and by a fine one."""
    return [(x.unflatten(1, (8, 4)).mean(-1), y) for x, y in spectra()]


def signatures(batch: int = 48) -> Triples:
    """Two signatures of twenty numbers, and whether they are of one hand; one answer in eight is new."""
    draw = generator(213)
    own = torch.randn(PEOPLE, 20, generator=draw)
    one, other = torch.randint(PEOPLE, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = ((own[who] + 0.6 * torch.randn(COUNT, batch, 20, generator=draw)) / 1.2 for who in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def hands(batch: int = 48) -> Triples:
    """Two signatures of one hand each, and whose it is."""
    draw = generator(214)
    own = torch.randn(PEOPLE, 20, generator=draw)
    who = torch.randint(PEOPLE, (COUNT, batch), generator=draw)
    a, b = ((own[who] + 0.8 * torch.randn(COUNT, batch, 20, generator=draw)) / 1.3 for _ in range(2))
    return list(zip(a, b, who, strict=True))


def clouds(points: int = 24, batch: int = 24) -> Pairs:
    """Points on a ball, a disc, a rod or in a cube, with noise; one label in seven is drawn anew."""
    draw = generator(215)
    y = torch.randint(SOLIDS, (COUNT, batch), generator=draw)
    z = torch.randn(COUNT, batch, points, 3, generator=draw)
    ball = 1.6 * z / z.norm(dim=-1, keepdim=True)
    disc = z * torch.tensor([1.2, 1.2, 0.1])
    rod = z * torch.tensor([0.1, 0.1, 1.6])
    cube = 3 * torch.rand(z.shape, generator=draw) - 1.5
    x = torch.stack([ball, disc, rod, cube], 2).gather(
        2, y[..., None, None, None].expand(-1, -1, 1, points, 3)
    )
    x = x[:, :, 0] + 0.1 * torch.randn(z.shape, generator=draw)
    return list(zip(x, flipped(y, SOLIDS, 0.15, draw), strict=True))


def moons(batch: int = 96) -> list[tuple[Tensor]]:
    """Points of two half circles, with noise."""
    draw = generator(216)
    angle = torch.pi * torch.rand(COUNT, batch, generator=draw)
    lower = torch.rand(angle.shape, generator=draw) < 0.5
    x = torch.where(lower, 1 - angle.cos(), angle.cos()) - 0.5
    y = torch.where(lower, 0.5 - angle.sin(), angle.sin()) - 0.25
    both = torch.stack([1.2 * x, 2 * y], -1)
    return [(one,) for one in both + 0.12 * torch.randn(both.shape, generator=draw)]


def reached(batch: int = 64) -> Pairs:
    """Where an arm ended, and by which of several angles it may have got there (Bishop, 1994)."""
    draw = generator(217)
    t = 2 * torch.rand(COUNT, batch, 1, generator=draw) - 1
    x = t + 0.5 * torch.sin(2 * torch.pi * t) + 0.08 * torch.randn(t.shape, generator=draw)
    return list(zip(1.4 * x, 1.7 * t, strict=True))


def flows(batch: int = 48) -> Pairs:
    """Where something is that swirls in a plane, with two numbers more, and where it is some time later."""
    draw = generator(218)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    turn = 1.2 / (0.6 + x.norm(dim=-1, keepdim=True))
    y = torch.cat(
        [
            turn.cos() * x[..., :1] - turn.sin() * x[..., 1:],
            turn.sin() * x[..., :1] + turn.cos() * x[..., 1:],
        ],
        -1,
    )
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def picture(batch: int = 96, *, is_scaled: bool = True) -> Pairs:
    """Columns and rows of pixels, and how bright they are, on unit scale, with noise."""
    draw = generator(219)
    pixel = torch.randint(256, (COUNT, batch, 2), generator=draw).float()
    u = (pixel - 127.5) / 74
    y = torch.sin(2 * u[..., 0]) * 0.9 + (u[..., 1] - 0.5 * u[..., 0]).square() - 1
    x = u if is_scaled else pixel
    return list(zip(x, (y + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def titration(batch: int = 64) -> Pairs:
    """How much was added, on unit scale, and what an electrode said, with noise."""
    draw = generator(220)
    x = torch.randn(COUNT, batch, 1, generator=draw)
    y = torch.tanh(3 * x - 1) + 0.6 * torch.sin(2 * x)
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


Moves = list[tuple[Tensor, Tensor, Tensor, Tensor]]


def replay(batch: int = 64, reward: float = 1.0) -> Moves:
    """What a robot's six beams saw, what it did, what that brought, and what they saw then."""
    draw = generator(221)
    state, after = torch.randn(2, COUNT, batch, 6, generator=draw)
    action = torch.randint(ACTIONS, (COUNT, batch), generator=draw)
    worth = torch.tanh(state @ torch.randn(6, ACTIONS, generator=draw)) + 0.5 * state[..., :1]
    brought = worth.gather(-1, action[..., None])[..., 0] + 0.4 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(state, action, reward * brought, 0.6 * after + 0.8 * state, strict=True))


def steering(batch: int = 64) -> Pairs:
    """What a driver saw, and how far the wheel was turned, which ends at -1 and at 1."""
    draw = generator(222)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    y = 0.5 * x[..., 0] - 0.4 * x[..., 1] + 0.3 * x[..., 2] * x[..., 3]
    y = y + 0.25 * torch.randn(y.shape, generator=draw)
    return list(zip(x, (1.1 * torch.tanh(1.3 * y)).clamp(-1, 1)[..., None], strict=True))


def citations() -> Tensor:
    """Which paper cites which, and is cited; three of them stand alone."""
    draw = generator(223)
    own = torch.arange(PAPERS) % FIELDS
    chance = torch.where(own == own[:, None], 0.45, 0.05)
    cited = (torch.rand(PAPERS, PAPERS, generator=draw) < chance).float().triu(1)
    cited[:, -3:] = 0
    cited[-3:] = 0
    return cited + cited.t()


def papers(numbers: int = 8) -> Pairs:
    """Words of each paper, mostly noise, and its field; one in eight is of another."""
    draw = generator(224)
    y = (torch.arange(PAPERS) % FIELDS).expand(COUNT, PAPERS)
    meant = torch.randn(FIELDS, numbers, generator=draw)[y]
    said = 0.6 * meant + 0.9 * torch.randn(COUNT, PAPERS, numbers, generator=draw)
    return list(zip(said, flipped(y, FIELDS, 0.12, draw), strict=True))
