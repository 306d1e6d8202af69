"""What the programs of the eighth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
RISKS, CLOTHS, ACTIONS, REGIONS = 3, 4, 4, 4
SYMBOLS, LENGTH = 12, 12
STATIONS, ENTITIES, RELATIONS = 12, 40, 4
SIDE = 6
PIXELS, GENES = SIDE * SIDE, 30
CROSSINGS = 48


def loans(batch: int = 64, *, is_standardised: bool = True) -> Pairs:
    """Income, debt, age, years in a job, late payments and savings; and one of three classes of risk."""
    draw = generator(701)
    z = torch.randn(COUNT, batch, 6, generator=draw)
    risk = 1.2 * z[..., 1] - z[..., 0] + 0.8 * z[..., 4] * (z[..., 3] < 0) - 0.6 * z[..., 5].abs() + 0.4
    y = (risk > -0.8).long() + (risk > 0.8).long()
    x = z if is_standardised else z * torch.tensor([14000.0, 9000, 11, 6, 1, 20000])
    x = x if is_standardised else x + torch.tensor([42000.0, 21000, 41, 8, 2, 30000])
    return list(zip(x, flipped(y, RISKS, 0.12, draw), strict=True))


def arm(batch: int = 64) -> Pairs:
    """Angles of an arm of three joints, and where its hand is, with noise."""
    draw = generator(702)
    x = torch.randn(COUNT, batch, 3, generator=draw)
    angle = (0.7 * x).cumsum(-1)
    y = torch.stack([angle.cos().sum(-1) - 1.7, angle.sin().sum(-1)], -1)
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def cloths(size: int = 10, batch: int = 24) -> Pairs:
    """Cloths woven in one of four directions, with noise; one label in seven is drawn anew."""
    draw = generator(703)
    y = torch.randint(CLOTHS, (COUNT, batch), generator=draw)
    place = torch.arange(size).float()
    row, column = place[:, None].expand(size, size), place.expand(size, size)
    along = torch.stack([row, column, row + column, row - column])[y]
    phase = 6.3 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    x = 1.2 * torch.sin(1.6 * along + phase) + 0.5 * torch.randn(COUNT, batch, size, size, generator=draw)
    return list(zip(x[:, :, None], flipped(y, CLOTHS, 0.15, draw), strict=True))


def calls(length: int = 14, batch: int = 48) -> Pairs:
    """Quiet sequences with two loud numbers at one of the first four steps, and a bent function of these."""
    draw = generator(704)
    x = 0.15 * torch.randn(COUNT, batch, length, 2, generator=draw)
    loud = torch.randn(COUNT, batch, 2, generator=draw)
    at = torch.randint(4, (COUNT, batch, 1, 1), generator=draw).expand(-1, -1, 1, 2)
    x = x.scatter(2, at, 1.3 * loud[:, :, None])
    y = torch.tanh(1.5 * loud[..., :1]) + 0.6 * loud[..., 1:]
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def dialects(batch: int = 16) -> Pairs:
    """Symbols that follow each other in one of two orders, and the symbol after each."""
    draw = generator(705)
    order = torch.stack([torch.randperm(SYMBOLS, generator=draw) for _ in range(2)])
    which = torch.randint(2, (COUNT, batch), generator=draw)
    said = [torch.randint(SYMBOLS, (COUNT, batch), generator=draw)]
    for _ in range(LENGTH):
        other = torch.randint(SYMBOLS, (COUNT, batch), generator=draw)
        kept = torch.rand(COUNT, batch, generator=draw) < 0.85
        said.append(torch.where(kept, order[which, said[-1]], other))
    x = torch.stack(said, -1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def trips(batch: int = 64, *, is_scaled: bool = True) -> Triples:
    """Minute of the day, distance and rain; from and to which station; and how long the trip took."""
    draw = generator(706)
    stations = torch.randint(STATIONS, (COUNT, batch, 2), generator=draw)
    z = torch.randn(COUNT, batch, 3, generator=draw)
    slow = torch.randn(2, STATIONS, generator=draw)
    y = slow[0][stations[..., 0]] + slow[1][stations[..., 1]] + z[..., 1] + 0.5 * torch.sin(2 * z[..., 0])
    x = z if is_scaled else torch.stack([720 + 300 * z[..., 0], z[..., 1], z[..., 2]], -1)
    y = y / 1.5 + 0.3 * torch.randn(y.shape, generator=draw)
    return list(zip(x, stations, y[..., None], strict=True))


def facts(batch: int = 128) -> Pairs:
    """A thing, a relation and another thing, and whether that is a fact; one answer in ten is new."""
    draw = generator(707)
    one, other = torch.randint(ENTITIES, (2, COUNT, batch), generator=draw)
    relation = torch.randint(RELATIONS, (COUNT, batch), generator=draw)
    is_true = torch.rand(one.shape, generator=draw) < 0.45
    other = torch.where(is_true, other - other % 5 + (one + relation) % 5, other)
    y = flipped(((one + relation) % 5 == other % 5).long(), 2, 0.1, draw).float()
    return list(zip(torch.stack([one, relation, other], -1), y, strict=True))


def bars(batch: int = 48) -> Pairs:
    """Pictures of a few rows and columns that are lit (Földiák, 1990), with noise, and with other noise."""
    draw = generator(708)
    lit = (torch.rand(COUNT, batch, 2, SIDE, generator=draw) < 0.3).float()
    clean = (lit[:, :, 0, :, None] + lit[:, :, 1, None, :]).clamp(max=1).flatten(2)
    noise = 0.15 * torch.randn(2, *clean.shape, generator=draw)
    x, y = ((0.1 + 0.8 * clean + one).clamp(0, 1) for one in noise)
    return list(zip(x, y, strict=True))


def hidden_bars() -> Pairs:
    """Pictures of bars about 0, of which the middle is hidden, and the whole."""
    seen = torch.ones(SIDE, SIDE)
    seen[1:5, 2:4] = 0
    return [(seen.flatten() * (3 * x - 1.5), 3 * y - 1.5) for x, y in bars()]


def genes(batch: int = 48, *, is_logged: bool = True) -> Pairs:
    """How often genes were read, as counts or as logarithms on unit scale; and these with other noise."""
    draw = generator(709)
    mix = torch.randn(4, GENES, generator=draw) / 2
    clean = torch.tanh(torch.randn(COUNT, batch, 4, generator=draw) @ mix)
    noise = 0.35 * torch.randn(2, *clean.shape, generator=draw)
    x, y = 1.3 * clean + noise[0], 1.3 * clean + noise[1]
    return list(zip(x if is_logged else (200 * x.exp()).round(), y, strict=True))


def captions(batch: int = 48) -> Pairs:
    """What a picture shows in 24 numbers, and what its caption says in 16, of the same four hidden ones."""
    draw = generator(710)
    z = torch.randn(COUNT, batch, 4, generator=draw)
    see, say = torch.randn(4, 24, generator=draw) / 2, torch.randn(4, 16, generator=draw) / 2
    pictures = torch.tanh(z @ see) + 0.35 * torch.randn(COUNT, batch, 24, generator=draw)
    words = z @ say + 0.45 * torch.randn(COUNT, batch, 16, generator=draw)
    return list(zip(1.3 * pictures, words, strict=True))


Logged = list[tuple[Tensor, Tensor, Tensor, Tensor]]


def logged(batch: int = 64) -> Logged:
    """States, what a shop recommended in them, its chance to two decimals, and what that brought."""
    draw = generator(711)
    state = torch.randn(COUNT, batch, 6, generator=draw)
    worth = torch.tanh(state @ torch.randn(6, ACTIONS, generator=draw))
    chances = (1.2 * torch.randn(COUNT, batch, ACTIONS, generator=draw)).softmax(-1)
    action = torch.multinomial(chances.flatten(0, 1), 1, generator=draw).view(COUNT, batch)
    chance = chances.gather(-1, action[..., None])[..., 0]
    brought = worth.gather(-1, action[..., None])[..., 0]
    brought = brought + 0.3 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(state, action, (100 * chance).floor() / 100, brought, strict=True))


def wheel(batch: int = 64) -> Pairs:
    """Where a car is on its lane, how it heads and how the road bends; and how an expert steers."""
    draw = generator(712)
    x = torch.randn(COUNT, batch, 4, generator=draw)
    y = 0.7 * torch.tanh(x[..., 0] - 0.8 * x[..., 1] + 0.5 * x[..., 2].abs() * x[..., 3])
    return list(zip(x, (y + 0.25 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def carts(batch: int = 64) -> Triples:
    """State of a cart and its pole, what was done, and the return that followed, in tens."""
    draw = generator(713)
    state = torch.randn(COUNT, batch, 4, generator=draw)
    action = torch.randint(2, (COUNT, batch), generator=draw)
    lean = state[..., 2] + 0.5 * state[..., 3]
    gained = 1.5 * (lean * (2 * action - 1)).tanh() - 0.6 * state[..., 0].square() + 0.6
    return list(zip(state, action, gained + 0.4 * torch.randn(gained.shape, generator=draw), strict=True))


def streets() -> Tensor:
    """Which crossings are joined: each with the four that are nearest, and the last two with none."""
    at = torch.randn(CROSSINGS, 2, generator=generator(714))
    near = torch.cdist(at, at).topk(5, largest=False).indices[:, 1:]
    joined = torch.zeros(CROSSINGS, CROSSINGS).scatter(1, near, 1.0)
    joined = ((joined + joined.t()) > 0).float()
    joined[-2:] = 0
    joined[:, -2:] = 0
    return joined


def traffic(*, in_metres: bool = False) -> Pairs:
    """Where crossings are, what four sensors say there, and how much traffic there will be, with noise."""
    draw = generator(714)
    at = torch.randn(CROSSINGS, 2, generator=draw)
    said = torch.randn(COUNT, CROSSINGS, 4, generator=draw)
    joined = streets()
    mean = joined @ said / joined.sum(1, keepdim=True).clamp(min=1)
    y = torch.tanh(1.5 * at[:, 0]) + at[:, 1].abs() - 0.8 + said[..., 0] + 1.2 * mean[..., 1]
    at = at * 1500 + torch.tensor([392000.0, 5820000.0]) if in_metres else at
    x = torch.cat([at.expand(COUNT, -1, -1), said], -1)
    return list(zip(x, (y / 1.5 + 0.35 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def rod(batch: int = 64, by: float = 1.0) -> Pairs:
    """Places on a rod that is heated, on unit scale or by another, and how warm it was there, with noise."""
    draw = generator(715)
    x = torch.randn(COUNT, batch, 1, generator=draw).clamp(-2, 2)
    y = torch.sin(2 * x) + 0.3 * x
    return list(zip(by * x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def tank(batch: int = 64) -> Pairs:
    """Moments since a tank was opened, on unit scale, and how high it stood, with noise."""
    draw = generator(716)
    t = 3.4 * torch.rand(COUNT, batch, 1, generator=draw) - 1.7
    height = (1.1 - 0.5 * (t + 1.7)).clamp(min=0).square()
    return list(zip(t, height + 0.25 * torch.randn(t.shape, generator=draw), strict=True))


def answers(batch: int = 48) -> Triples:
    """Twelve numbers, what a large network makes of them in logits of four classes, and the classes."""
    draw = generator(717)
    x = torch.randn(COUNT, batch, 12, generator=draw)
    one, two = torch.randn(12, 32, generator=draw) / 12**0.5, torch.randn(32, 4, generator=draw)
    said = torch.tanh(1.5 * x @ one) @ two / 1.5
    y = flipped(said.argmax(-1), 4, 0.15, draw)
    return list(zip(x, said + 0.3 * torch.randn(said.shape, generator=draw), y, strict=True))


def machines(batch: int = 64) -> Triples:
    """Which of eight machines, by a code of six numbers; four settings; and what it then makes."""
    draw = generator(718)
    codes = torch.randn(8, 6, generator=draw)
    which = torch.randint(8, (COUNT, batch), generator=draw)
    x = torch.randn(COUNT, batch, 4, generator=draw)
    slopes = torch.randn(8, 4, generator=draw)
    y = (slopes[which] * x).sum(-1) / 2 + 0.5 * torch.sin(2 * x[..., 0]) + codes[which][..., 0] / 2
    y = y + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(torch.cat([codes[which], x], -1), F.one_hot(which, 8), y[..., None], strict=True))
