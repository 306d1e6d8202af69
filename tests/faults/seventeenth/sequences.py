"""What the programs of the seventeenth part learn of things in a row: waves, days, lamps, keys and words."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.seventeenth.tasks import COUNT
from tests.faults.tasks import Pairs, flipped, generator

SIGNALS, LIGHTS = 4, 4
WORDS, LINE = 14, 10


def radio(length: int = 16, batch: int = 40) -> Pairs:
    """Two parts of a wave over time, and how it was modulated; one label in nine errs."""
    draw = generator(1706)
    y = torch.randint(SIGNALS, (COUNT, batch), generator=draw)
    at = torch.arange(length)
    pace = torch.tensor([0.25, 0.7, 1.3, 0.7])[y][..., None]
    turn = 6.28 * torch.rand(COUNT, batch, 1, generator=draw)
    loud = torch.where(y[..., None] == 3, 1 + torch.cos(1.6 * at), 1.0)
    wave = torch.stack([torch.cos(pace * at + turn), torch.sin(pace * at + turn)], -1)
    x = 1.3 * loud[..., None] * wave + 0.4 * torch.randn(*wave.shape, generator=draw)
    return list(zip(x, flipped(y, SIGNALS, 0.11, draw), strict=True))


def melt(days: int = 12, batch: int = 48) -> Pairs:
    """Warmth, sun and snow of each day, and how much a glacier has melted since, about the mean."""
    draw = generator(1707)
    x = torch.randn(COUNT, batch, days, 3, generator=draw)
    cover = torch.zeros(COUNT, batch)
    melted = torch.zeros(COUNT, batch)
    for day in range(days):
        cover = 0.7 * cover + x[..., day, 2].relu()
        melted = 0.8 * melted + (x[..., day, 0] + 0.6 * x[..., day, 1]) / (1 + cover)
    y = 1.2 * melted + 0.3 * torch.randn(melted.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def lighthouses(length: int = 15, batch: int = 40) -> Pairs:
    """A lamp's colours at the start of a watch tell whose it is, then fog; one label in eight errs."""
    draw = generator(1708)
    y = torch.randint(LIGHTS, (COUNT, batch), generator=draw)
    x = 0.35 * torch.randn(COUNT, batch, length, 3, generator=draw)
    colours = torch.tensor([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0], [-1.5, -1.5, 0.0]])
    x[:, :, 0] += colours[y]
    x[:, :, 1] += 0.7 * colours[y]
    return list(zip(x, flipped(y, LIGHTS, 0.13, draw), strict=True))


def morse(length: int = 12, batch: int = 24, longest: int = 4) -> list[tuple[Tensor, ...]]:
    """Noisy keys over time; the signs sent, 1 to 3, and how many; one in some is longer than its time."""
    draw = generator(1709)
    count = torch.randint(1, longest + 1, (COUNT, batch), generator=draw)
    signs = torch.randint(1, 4, (COUNT, batch, longest), generator=draw)
    x = 0.75 * torch.randn(COUNT, batch, length, 4, generator=draw)
    for place in range(longest):
        sent = F.one_hot(signs[:, :, place], 4).float() * (place < count)[..., None]
        x[:, :, 3 * place] += 1.8 * sent
        x[:, :, 3 * place + 1] += 1.8 * sent
    told = torch.full((COUNT, batch), length)
    told[::7, 3] = 0  # a file that was cut off
    return list(zip(x, signs, told, count, strict=True))


def poems(batch: int = 14) -> Pairs:
    """Words of a line, each told by the one before it and by the first; and what follows each."""
    draw = generator(1710)
    one, first = 2.2 * torch.randn(2, WORDS, WORDS, generator=draw)
    said = [torch.randint(WORDS, (COUNT * batch,), generator=draw)]
    for _ in range(LINE):
        chances = torch.softmax(one[said[-1]] + 0.4 * first[said[0]], -1)
        said.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(said, 1).reshape(COUNT, batch, LINE + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))
