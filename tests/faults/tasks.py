"""What the programs learn. Labels and targets are noisy, so every working network ends near one floor."""

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional as F

Pairs = list[tuple[Tensor, Tensor]]

BATCHES, BATCH = 32, 64
FEATURES, CLASSES = 16, 4
TOKENS, LENGTH = 16, 12


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flipped(y: Tensor, classes: int, share: float, draw: torch.Generator) -> Tensor:
    """Labels of which a share is drawn anew."""
    other = torch.randint(classes, y.shape, generator=draw)
    return torch.where(torch.rand(y.shape, generator=draw) < share, other, y)


def clusters(batch: int = BATCH, count: int = BATCHES, *, mirrored: bool = False) -> Pairs:
    """Gaussian clusters, two a class, on unit scale; one label in ten is drawn anew.

    Mirrored, half of the examples are turned to their opposite.
    """
    draw = generator(1)
    centres = torch.randn(2 * CLASSES, FEATURES, generator=draw)
    which = torch.randint(2 * CLASSES, (count, batch), generator=draw)
    x = (centres[which] + torch.randn(count, batch, FEATURES, generator=draw)) / 2**0.5
    y = flipped(which % CLASSES, CLASSES, 0.1, draw)
    if mirrored:
        x = x * (2 * torch.randint(2, (count, batch, 1), generator=draw) - 1)
    return list(zip(x, y, strict=True))


def curve(batch: int = BATCH, count: int = BATCHES) -> Pairs:
    """A smooth function of eight numbers on unit scale, with noise."""
    draw = generator(2)
    x = torch.randn(count, batch, 8, generator=draw)
    slopes = torch.randn(8, 1, generator=draw) / 8**0.5
    clean = 2 * (torch.sin(1.5 * x @ slopes) + 0.3 * (x[..., :1] * x[..., 1:2]))
    return list(zip(x, clean + 0.4 * torch.randn(clean.shape, generator=draw), strict=True))


@cache
def _digits() -> tuple[Tensor, Tensor]:
    data = load_digits()
    order = np.random.default_rng(3).permutation(len(data.target))[: 28 * BATCH]
    y = flipped(torch.tensor(data.target[order]), 10, 0.2, generator(3))
    return torch.tensor(data.images[order], dtype=torch.float32), y


def digits(*, scale: float = 1 / 6, offset: float = -5 / 6, channels: bool = True) -> Pairs:
    """Scanned digits of 8 x 8 pixels, 0 to 16, here on unit scale; one label in five is drawn anew."""
    x, y = _digits()
    x = x * scale + offset
    x = x[:, None] if channels else x.flatten(1)
    return list(zip(x.split(BATCH), y.split(BATCH), strict=True))


def pixels() -> Pairs:
    """Flat digits between 0 and 1, to be made again."""
    return [(x, x) for x, _ in digits(scale=1 / 16, offset=0, channels=False)]


def low_rank() -> Pairs:
    """Vectors of 32 numbers from four hidden ones, with noise: to be made again."""
    draw = generator(4)
    mix = torch.randn(4, 32, generator=draw) / 2
    x = torch.randn(BATCHES, BATCH, 4, generator=draw) @ mix
    return [(one, one) for one in x + 0.4 * torch.randn(x.shape, generator=draw)]


def sequences(length: int = 20) -> Pairs:
    """Sequences of noise whose class is told at their first step; one label in ten is drawn anew."""
    draw = generator(5)
    y = torch.randint(CLASSES, (BATCHES, BATCH), generator=draw)
    x = 0.2 * torch.randn(BATCHES, BATCH, length, 4, generator=draw)
    x[:, :, 0] += 2 * F.one_hot(y, 4)
    return list(zip(x, flipped(y, CLASSES, 0.1, draw), strict=True))


def markov(batch: int = 16) -> Pairs:
    """Sentences of a random Markov chain, and the token that follows each of theirs."""
    draw = generator(6)
    chances = torch.softmax(3 * torch.randn(TOKENS, TOKENS, generator=draw), dim=1)
    state = torch.randint(TOKENS, (BATCHES * batch,), generator=draw)
    steps = [state]
    for _ in range(LENGTH):
        steps.append(torch.multinomial(chances[steps[-1]], 1, generator=draw)[:, 0])
    x = torch.stack(steps, dim=1)
    return list(zip(x[:, :-1].split(batch), x[:, 1:].split(batch), strict=True))


def documents(words: int = 200, length: int = 20) -> Pairs:
    """Bags of words, some common and most rare, half of them drawn from the words of a class."""
    draw = generator(7)
    chances = 1 / torch.arange(1.0, words + 1)
    x = torch.multinomial(chances, BATCHES * BATCH * length, replacement=True, generator=draw)
    x = x.reshape(BATCHES, BATCH, length)
    y = torch.randint(CLASSES, (BATCHES, BATCH), generator=draw)
    own = x - x % CLASSES + y[..., None]  # words are of the class that their number leaves
    x = torch.where(torch.rand(x.shape, generator=draw) < 0.5, own, x)
    return list(zip(x, flipped(y, CLASSES, 0.1, draw), strict=True))


def matches() -> list[tuple[Tensor, Tensor, Tensor]]:
    """Two points each, and whether they are of one class; one answer in five is drawn anew."""
    draw = generator(8)
    centres = 1.5 * torch.randn(CLASSES, FEATURES, generator=draw)
    one, other = torch.randint(CLASSES, (2, BATCHES, BATCH), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = ((centres[y] + torch.randn(BATCHES, BATCH, FEATURES, generator=draw)) / 1.8 for y in (one, other))
    same = flipped((one == other).long(), 2, 0.2, draw).float()
    return list(zip(a, b, same, strict=True))


def translations() -> Pairs:
    """A vector, and what a random network makes of it, with noise."""
    draw = generator(9)
    x = torch.randn(BATCHES, BATCH, 8, generator=draw)
    y = torch.tanh(x @ torch.randn(8, 8, generator=draw) / 2)
    return list(zip(x, y + 0.2 * torch.randn(y.shape, generator=draw), strict=True))
