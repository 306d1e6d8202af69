"""What the programs of the report half learn: other data than those of the calibration half."""

from functools import cache

import torch
from sklearn.datasets import load_breast_cancer, load_wine
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, generator

COUNT = 60  # batches: as many as there are steps
CLASSES = 4
WORDS = 120


def table(kind: str, *, raw: bool = False, batch: int = 32) -> Pairs:
    """Wines of three cultivars by 13 measurements, or tumours of two kinds by 30."""
    x, y = _tables()[kind]
    if not raw:
        x = (x - x.mean(0)) / x.std(0)
    rows = torch.randint(len(x), (COUNT, batch), generator=generator(21))
    return list(zip(x[rows], y[rows], strict=True))


@cache
def _tables() -> dict[str, tuple[Tensor, Tensor]]:
    found = {"wine": load_wine(), "tumours": load_breast_cancer()}
    return {
        kind: (torch.tensor(data.data, dtype=torch.float32), torch.tensor(data.target))
        for kind, data in found.items()
    }


def rings(batch: int = 64, count: int = COUNT) -> Pairs:
    """Points of the plane in three rings about its centre, which no straight line tells apart."""
    draw = generator(22)
    y = torch.randint(3, (count, batch), generator=draw)
    angle = 2 * torch.pi * torch.rand(count, batch, generator=draw)
    radius = 0.3 + 0.8 * y + 0.15 * torch.randn(count, batch, generator=draw)
    return list(zip(torch.stack([radius * angle.cos(), radius * angle.sin()], -1), y, strict=True))


def wave(batch: int = 64) -> Pairs:
    """A curve of one number between -1 and 1, of three frequencies: what SIREN is for."""
    draw = generator(23)
    x = 2 * torch.rand(COUNT, batch, 1, generator=draw) - 1
    y = torch.sin(9 * x) + 0.5 * torch.sin(23 * x) + 0.1 * torch.randn(x.shape, generator=draw)
    return list(zip(x, y, strict=True))


def counts(batch: int = 64) -> Pairs:
    """Counts by Poisson's law whose logarithm is linear in six numbers."""
    draw = generator(24)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    rate = (x @ torch.linspace(-0.6, 0.6, 6)[:, None] + 1).exp()
    return list(zip(x, torch.poisson(rate, generator=draw), strict=True))


def gratings(size: int = 12, batch: int = 32, colours: int = 3) -> Pairs:
    """Noisy colour images of stripes in one of four directions, on unit scale."""
    draw = generator(25)
    y = torch.randint(CLASSES, (COUNT, batch), generator=draw)
    down, right = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    phase = 2 * torch.pi * torch.rand(COUNT, batch, 1, 1, generator=draw)
    angle = (torch.pi * y / CLASSES)[..., None, None]
    stripes = torch.sin(1.6 * (right * angle.cos() + down * angle.sin()) + phase)
    x = stripes[:, :, None] + 0.5 * torch.randn(COUNT, batch, colours, size, size, generator=draw)
    return list(zip(x, y, strict=True))


def as_bytes(batches: Pairs) -> Pairs:
    """The same images as whole numbers from 0 to 255, as they come out of a file."""
    return [((x * 50 + 128).round().clamp(0, 255), y) for x, y in batches]


def signals(length: int = 48, batch: int = 32) -> Pairs:
    """One channel of an oscillation whose frequency is the class, with noise."""
    draw = generator(26)
    y = torch.randint(CLASSES, (COUNT, batch), generator=draw)
    phase = 2 * torch.pi * torch.rand(COUNT, batch, 1, generator=draw)
    at = torch.arange(length) * 2 * torch.pi / length
    x = torch.sin((3 + 3 * y[..., None]) * at + phase) * 1.4
    x = x + 0.4 * torch.randn(x.shape, generator=draw)
    return list(zip(x[:, :, None], y, strict=True))


def weather(length: int = 12, batch: int = 32) -> Pairs:
    """A noisy oscillation, and the value that follows it."""
    draw = generator(27)
    start = 2 * torch.pi * torch.rand(COUNT, batch, 1, generator=draw)
    pace = 0.3 + 0.3 * torch.rand(COUNT, batch, 1, generator=draw)
    x = 1.4 * torch.sin(start + pace * torch.arange(length + 1)) + 0.1 * torch.randn(
        COUNT, batch, length + 1, generator=draw
    )
    return list(zip(x[..., :-1, None], x[..., -1:], strict=True))


def recalled(length: int = 24, batch: int = 32) -> Pairs:
    """Sequences whose first step's sign and place tell the class; what follows is weak noise."""
    draw = generator(28)
    y = torch.randint(6, (COUNT, batch), generator=draw)
    x = 0.1 * torch.randn(COUNT, batch, length, 3, generator=draw)
    x[:, :, 0] += 2 * F.one_hot(y % 3, 3) * (1 - 2 * (y[..., None] // 3))
    return list(zip(x, y, strict=True))


def reviews(length: int = 16, batch: int = 32, words: int = WORDS) -> Pairs:
    """Sentences of common and rare words, three of which are from the class's own ten."""
    draw = generator(29)
    y = torch.randint(CLASSES, (COUNT, batch), generator=draw)
    chances = 1 / torch.arange(1.0, words + 1)
    x = torch.multinomial(chances, COUNT * batch * length, replacement=True, generator=draw)
    x = x.reshape(COUNT, batch, length)
    own = 20 + 10 * y[..., None] + torch.randint(10, (COUNT, batch, 3), generator=draw)
    places = torch.rand(COUNT, batch, length, generator=draw).argsort(-1)[..., :3]
    return list(zip(x.scatter(-1, places, own), y, strict=True))


def ratings(users: int = 60, items: int = 40, batch: int = 128) -> Pairs:
    """Who rated what, and how: products of three hidden traits, with noise."""
    draw = generator(30)
    user, item = torch.randn(users, 3, generator=draw), torch.randn(items, 3, generator=draw)
    who = torch.randint(users, (COUNT, batch), generator=draw)
    what = torch.randint(items, (COUNT, batch), generator=draw)
    stars = (user[who] * item[what]).sum(-1) + 0.3 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(torch.stack([who, what], -1), stars, strict=True))


def maxima(batch: int = 32, length: int = 8) -> Pairs:
    """Digits, and at each place the greater of its own and the first one of its sequence."""
    x = torch.randint(5, (COUNT, batch, length), generator=generator(31))
    return list(zip(x, torch.maximum(x, x[..., :1]), strict=True))


def views(batch: int = 48) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Two noisy looks at one or at two of eight objects by 20 measurements, and whether it is one."""
    draw = generator(32)
    objects = 1.2 * torch.randn(8, 20, generator=draw)
    one, other = torch.randint(8, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = (objects[z] + 0.5 * torch.randn(COUNT, batch, 20, generator=draw) for z in (one, other))
    return list(zip(a, b, (one == other).float(), strict=True))


def outlines(batch: int = 32, size: int = 8) -> Pairs:
    """Noisy images of one bright rectangle each, and the rectangle: what a denoiser makes again."""
    draw = generator(33)
    low = torch.randint(0, size - 3, (COUNT, batch, 2, 1), generator=draw)
    high = low + torch.randint(2, 4, low.shape, generator=draw)
    at = torch.arange(size)
    inside = ((at >= low) & (at <= high)).float()
    clean = (inside[:, :, 0, :, None] * inside[:, :, 1, None, :])[:, :, None] * 2 - 0.5
    return list(zip(clean + 0.3 * torch.randn(clean.shape, generator=draw), clean, strict=True))


def mixed(sources: int = 5, size: int = 24, batch: int = 48) -> Pairs:
    """Vectors of 24 numbers, a bent mixture of five sources: to be made again."""
    draw = generator(34)
    mix = torch.randn(sources, size, generator=draw)
    x = torch.sin(torch.randn(COUNT, batch, sources, generator=draw) @ mix / 2) * 1.4
    return [(one, one) for one in x + 0.1 * torch.randn(x.shape, generator=draw)]
