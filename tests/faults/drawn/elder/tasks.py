"""What these programs learn: canoes, ovens, freezers, comics, owls; noise keeps the best loss above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
CANOES, PAGES, OWLS = 4, 4, 4
FRAMES, STRIP = 12, 10
READERS, COMICS = 30, 26
GOODS, ORDER, TILLS = 40, 8, 4
HULL, CODE, FEATHER, STROKE = 20, 10, 22, 12


def canoes(batch: int = 64) -> Pairs:
    """Nine measures of a canoe on unit scale; its kind, of which one in ten is drawn anew."""
    draw = generator(4401)
    centres = 1.1 * torch.randn(3 * CANOES, 9, generator=draw)
    which = torch.randint(3 * CANOES, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.7 * torch.randn(COUNT, batch, 9, generator=draw)) / 1.3
    return list(zip(x, flipped(which % CANOES, CANOES, 0.1, draw), strict=True))


def ovens(batch: int = 64) -> Pairs:
    """Heat, minutes and five more numbers of a baking, about their means; how brown the crust is."""
    draw = generator(4402)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    y = x[..., 0] * (1 + 0.5 * x[..., 1]) + 0.9 * torch.sin(1.4 * x[..., 2]) - 0.7 * x[..., 3].abs()
    y = (y + 0.55) / 1.4 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def freezers(batch: int = 64) -> Pairs:
    """Six numbers of a freezer; its temperature in tens of degrees, which is always below 0."""
    draw = generator(4403)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    cold = F.softplus(1.2 * x[..., 0] - 0.9 * x[..., 1] * x[..., 2] + 0.6 * x[..., 3] + 0.8)
    y = -0.4 - cold + 0.4 * torch.randn(cold.shape, generator=draw)
    return list(zip(x, y.clamp(max=-0.05)[..., None], strict=True))


def visitors(batch: int = 64) -> Pairs:
    """Six numbers of an hour; how many came into the bakery, now and then no one."""
    draw = generator(4404)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    rate = (1.0 + 0.8 * torch.sin(1.3 * x[..., 0]) + 0.4 * x[..., 1] - 0.4 * x[..., 2].abs()).exp()
    return list(zip(x, torch.poisson(rate, generator=draw)[..., None], strict=True))


def comics(batch: int = 28) -> Pairs:
    """Pages between 0 and 1, cut level, upright, both ways or aslant; one label in seven is drawn anew."""
    draw, size = generator(4425), 10
    y = torch.randint(PAGES, (COUNT, batch), generator=draw)
    at = torch.arange(size)
    level = (at[:, None] == size // 2).expand(size, size)
    gutters = torch.stack([level, level.T, level | level.T, at[:, None] == at]).float()
    ink = 0.25 + 0.1 * torch.randn(COUNT, batch, size, size, generator=draw)
    light = 0.1 * torch.randn(COUNT, batch, 1, 1, generator=draw)
    x = torch.where(gutters[y] > 0, 0.75 + 0.15 * torch.randn(ink.shape, generator=draw), ink) + light
    return list(zip(x.clamp(0, 1)[:, :, None], flipped(y, PAGES, 0.14, draw), strict=True))


def bubbles(batch: int = 12) -> Pairs:
    """Panels with a speech bubble and now and then a caption; what each pixel is, of which some err."""
    draw, size = generator(4406), 10
    at = torch.arange(float(size))
    middle = 2.5 + (size - 6) * torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    far = (at[:, None] - middle[0]).square() + (at - middle[1]).square()
    has_caption = torch.rand(COUNT, batch, 1, 1, generator=draw) < 0.1
    caption = has_caption & (at[:, None] >= size - 2).expand(size, size)
    y = torch.where(caption, 2, (far < 5.5).long())
    x = torch.tensor([-0.5, 1.2, 0.4])[y] + 0.6 * torch.randn(y.shape, generator=draw)
    y = torch.where(torch.rand(y.shape, generator=draw) < 0.08, 1 - y.clamp(max=1), y)
    return list(zip(x[:, :, None], y, strict=True))


def hoots(batch: int = 32) -> Pairs:
    """Four bands of an owl at night: low or high, in quick or slow hoots; one label in nine errs."""
    draw, length = generator(4407), 16
    y = torch.randint(OWLS, (COUNT, batch), generator=draw)
    start = 6.3 * torch.rand(COUNT, batch, 1, generator=draw)
    beat = torch.sin(torch.arange(length) * (0.6 + 0.9 * (y[..., None] % 2)) + start).relu()
    pitch = F.one_hot(y // 2 + 1, 4) + 0.4 * F.one_hot(y // 2, 4)
    x = 2.4 * beat[..., None] * pitch[:, :, None] - 0.35
    x = x + 0.35 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, OWLS, 0.11, draw), strict=True))


def answers(batch: int = 40) -> Pairs:
    """The first call of a night tells which owl will answer, what follows is wind; one in seven errs."""
    draw, length = generator(4408), 18
    y = torch.randint(OWLS, (COUNT, batch), generator=draw)
    x = 0.25 * torch.randn(COUNT, batch, length, 4, generator=draw)
    x[:, :, 0] += 2.0 * F.one_hot(y, 4)
    return list(zip(x, flipped(y, OWLS, 0.14, draw), strict=True))


def heating(batch: int = 40) -> Pairs:
    """Warmth of a room, the air outside and the boiler, about their means; how warm it is next."""
    draw, length = generator(4409), 12
    boiler = (torch.rand(COUNT, batch, length, generator=draw) < 0.4).float()
    outside = torch.randn(COUNT, batch, 1, generator=draw) + 0.3 * torch.randn(
        COUNT, batch, length, generator=draw
    )
    warm, room = [], torch.randn(COUNT, batch, generator=draw)
    for hour in range(length):
        warm.append(room)
        gain = 1.1 * (boiler[..., hour] - 0.4) + 0.35 * outside[..., hour]
        room = 0.75 * room + gain + 0.4 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([torch.stack(warm, -1), outside, 2 * boiler - 0.8], -1)
    return list(zip(x, room[..., None], strict=True))


def strips(batch: int = 14) -> Pairs:
    """Frames of a comic strip, each told mostly by the one before it; and what follows each."""
    draw = generator(4410)
    one, two = 2.3 * torch.randn(2, FRAMES, FRAMES, generator=draw)
    drawn = [torch.randint(FRAMES, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(STRIP - 1):
        chances = torch.softmax(one[drawn[-1]] + 0.3 * two[drawn[-2]], -1)
        drawn.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(drawn, 1).reshape(COUNT, batch, STRIP + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def shelves(batch: int = 96) -> Triples:
    """Age of a comic and its price; who reads which; and how well it is liked, about the mean."""
    draw = generator(4411)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (READERS, COMICS)], -1)
    kind, funny = torch.randn(READERS, generator=draw), torch.randn(COMICS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = 0.9 * kind[who[..., 0]] + 1.0 * funny[who[..., 1]] + 0.6 * x[..., 0] - 0.4 * x[..., 1].abs()
    y = (y + 0.3) / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def orders(batch: int = 48) -> Pairs:
    """Goods of an order, 0 where it was shorter (a few are empty); its till, of which one in ten errs."""
    draw = generator(4412)
    y = torch.randint(TILLS, (COUNT, batch), generator=draw)
    any_of = torch.randint(1, GOODS + 1, (COUNT, batch, ORDER), generator=draw)
    own = 1 + TILLS * torch.randint(GOODS // TILLS, any_of.shape, generator=draw) + y[..., None]
    x = torch.where(torch.rand(any_of.shape, generator=draw) < 0.5, own, any_of)
    length = torch.randint(2, ORDER + 1, (COUNT, batch, 1), generator=draw)
    length[:, 5] = 0
    x = torch.where(torch.arange(ORDER) < length, x, 0)
    return list(zip(x, flipped(y, TILLS, 0.1, draw), strict=True))


def hulls(batch: int = 64) -> Pairs:
    """Cross sections of canoes, of four hidden numbers: to be made again."""
    draw = generator(4413)
    hidden = torch.randn(COUNT, batch, 4, 1, generator=draw)
    at = torch.linspace(-1, 1, HULL)
    x = hidden[:, :, 0] * at.square() + hidden[:, :, 1] * at + torch.tanh(hidden[:, :, 2]) * torch.cos(4 * at)
    x = 1.1 * (x + hidden[:, :, 3] * torch.sin(5 * at)) + 0.35 * torch.randn(x.shape, generator=draw)
    return list(zip(x, x, strict=True))


def feathers(batch: int = 64) -> Pairs:
    """Ten numbers of an owl, and a feather of its wing as 22 numbers about 0."""
    draw = generator(4414)
    x = torch.randn(COUNT, batch, CODE, generator=draw)
    mix, other = torch.randn(CODE, 24, generator=draw) / 3, torch.randn(24, FEATHER, generator=draw) / 3.5
    y = torch.tanh(x @ mix) @ other
    return list(zip(x, y + 0.25 * torch.randn(y.shape, generator=draw), strict=True))


def strokes(batch: int = 64) -> Triples:
    """Twelve numbers of two strokes, and whether one paddler made both; one answer in six errs."""
    draw = generator(4415)
    centres = 1.3 * torch.randn(8, STROKE, generator=draw)
    one, other = torch.randint(8, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = (
        (centres[y] + 0.8 * torch.randn(COUNT, batch, STROKE, generator=draw)) / 1.5 for y in (one, other)
    )
    return list(zip(a, b, flipped((one == other).long(), 2, 0.16, draw).float(), strict=True))
