"""What the programs of this part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
FABRICS, RHYTHMS, SYMBOLS = 4, 3, 4
VOCABULARY, TAGS = 50, 4
USERS, FILMS = 40, 50
CHANNELS, COARSE = 24, 6
SPEAKERS = 6


def concrete(batch: int = 64) -> Pairs:
    """Eight numbers about a concrete on unit scale, and how strong it became, with noise."""
    draw = generator(601)
    z = torch.randn(COUNT, batch, 8, generator=draw)
    y = (
        0.8 * torch.tanh(1.5 * z[..., 0])
        - 0.6 * z[..., 1] * z[..., 2].sigmoid()
        + 0.5 * z[..., 3].abs()
        - 0.4
    )
    y = y + 0.4 * z[..., 4] + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(z, y[..., None], strict=True))


def customers(batch: int = 64, redrawn: float = 0.1) -> Pairs:
    """Eight numbers about a customer on unit scale, the first one income, and whether he left."""
    draw = generator(602)
    z = torch.randn(COUNT, batch, 8, generator=draw)
    score = 1.2 * z[..., 0] - 1.4 * z[..., 1] * z[..., 2].sign() + z[..., 3].abs() - 0.8 + 0.9 * z[..., 4]
    return list(zip(z, flipped((score > 0).long(), 2, redrawn, draw), strict=True))


def bicycles(batch: int = 64) -> Pairs:
    """Hour, warmth, wind and three numbers more, on unit scale, and how many bicycles were lent."""
    draw = generator(603)
    z = torch.randn(COUNT, batch, 6, generator=draw)
    rate = torch.exp(1.6 + 0.6 * torch.sin(1.5 * z[..., :1]) + 0.5 * z[..., 1:2] - 0.4 * z[..., 2:3].abs())
    return list(zip(z, torch.poisson(rate, generator=draw), strict=True))


def fabrics(size: int = 12, batch: int = 24) -> Pairs:
    """Colour pictures of cloth whose threads run in one of four directions; one label in seven is new."""
    draw = generator(604)
    y = torch.randint(FABRICS, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 3, 1, 1, generator=draw)
    at = torch.arange(size).float()
    angle = (torch.pi / FABRICS * y)[..., None, None, None]
    wave = torch.sin(1.4 * (angle.cos() * at + angle.sin() * at[:, None]) + phase)
    x = wave + 0.6 * torch.randn(wave.shape, generator=draw)
    return list(zip(x, flipped(y, FABRICS, 0.15, draw), strict=True))


def cells(size: int = 12, batch: int = 8) -> Pairs:
    """A picture with a bright disc in noise, and which pixels are of it; three batches have none."""
    draw = generator(605)
    at = 2 + (size - 4) * torch.rand(COUNT, batch, 2, 1, 1, generator=draw)
    width = 2 + 1.5 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    place = torch.arange(size).float()
    far = (place - at[:, :, 0]).square() + (place[:, None] - at[:, :, 1]).square()
    mask = (far < width.square()).float()
    mask[20::15] = 0
    x = 1.6 * mask - 0.4 + 1.1 * torch.randn(mask.shape, generator=draw)
    return list(zip(x[:, :, None], mask[:, :, None], strict=True))


def rhythms(length: int = 20, batch: int = 48) -> Pairs:
    """A wave in noise and how fast it is, one of three; one label in eight is drawn anew."""
    draw = generator(606)
    y = torch.randint(RHYTHMS, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 1, generator=draw)
    x = 1.4 * torch.sin((0.4 + 0.5 * y[..., None]) * torch.arange(length) + phase)
    x = x + 0.4 * torch.randn(x.shape, generator=draw)
    return list(zip(x[..., None], flipped(y, RHYTHMS, 0.12, draw), strict=True))


def first_said(length: int = 30, batch: int = 48) -> Pairs:
    """Symbols one by one, the first of which is asked for in the end; one answer in eight is drawn anew."""
    draw = generator(607)
    said = torch.randint(SYMBOLS, (COUNT, batch, length), generator=draw)
    x = 2 * F.one_hot(said, SYMBOLS).float()
    x[:, :, 1:] = 0.3 * x[:, :, 1:]
    return list(zip(x, flipped(said[..., 0], SYMBOLS, 0.12, draw), strict=True))


def demand(length: int = 14, batch: int = 48) -> Pairs:
    """What a town used and how warm it was, hour by hour on unit scale, and what it uses next."""
    draw = generator(608)
    used = [torch.randn(COUNT, batch, generator=draw)]
    warm = torch.randn(COUNT, batch, length + 1, generator=draw)
    for hour in range(length):
        news = 0.5 * torch.randn(COUNT, batch, generator=draw)
        used.append(0.7 * used[-1] - 0.6 * warm[..., hour] + news)
    x = torch.stack([torch.stack(used[:-1], -1) / 1.2, warm[..., :-1]], -1)
    return list(zip(x, used[-1][..., None] / 1.2, strict=True))


def reviews(length: int = 14, batch: int = 48) -> Pairs:
    """Words of a review, with padding of 0 behind them, and whether it is a friendly one."""
    draw = generator(609)
    y = torch.randint(2, (COUNT, batch, 1), generator=draw)
    x = torch.randint(1, VOCABULARY, (COUNT, batch, length), generator=draw)
    telling = torch.rand(x.shape, generator=draw) < 0.35
    x = torch.where(telling, (x // 4 * 4 + 1 + y).clamp(max=VOCABULARY - 1), x)
    words = torch.randint(8, length + 1, (COUNT, batch, 1), generator=draw)
    x = torch.where(torch.arange(length) < words, x, 0)
    return list(zip(x, flipped(y[..., 0], 2, 0.1, draw), strict=True))


def tagged(length: int = 12, batch: int = 24) -> Pairs:
    """Words, and a tag of each that hangs on it and, after some words, on the one before."""
    draw = generator(610)
    x = torch.randint(1, VOCABULARY, (COUNT, batch, length), generator=draw)
    before = F.pad(x, (1, 0))[..., :-1]
    y = (x % TAGS + (before % 5 == 0).long()) % TAGS
    return list(zip(x, flipped(y, TAGS, 0.1, draw), strict=True))


def ratings(batch: int = 160) -> Pairs:
    """A user and a film, and how many stars he gave it, less three."""
    draw = generator(611)
    users, films = torch.randn(USERS, 3, generator=draw), torch.randn(FILMS, 3, generator=draw)
    who = torch.randint(USERS, (COUNT, batch), generator=draw)
    what = torch.randint(FILMS, (COUNT, batch), generator=draw)
    y = (users[who] * films[what]).sum(-1) / 2 + 0.7 * users[who][..., 0] + 0.7 * films[what][..., 1]
    y = y + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(torch.stack([who, what], -1), y, strict=True))


def pulses(batch: int = 48) -> Pairs:
    """Twenty-four samples of a pulse of four hidden numbers, with noise, and the same with other noise."""
    draw = generator(612)
    hidden = torch.randn(COUNT, batch, 4, 1, generator=draw)
    at = torch.arange(CHANNELS).float()
    width = 2.5 + torch.sigmoid(hidden[:, :, 3])
    rise = torch.exp(-((at - 7 - 2 * torch.tanh(hidden[:, :, 0])) / width).square())
    fall = torch.exp(-((at - 16) / 3).square())
    clean = 2.2 * (rise * (1 + 0.5 * hidden[:, :, 1]) - hidden[:, :, 2] * fall)
    noise = 0.3 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(clean + noise[0], clean + noise[1], strict=True))


def sketches() -> Pairs:
    """Six numbers of a pulse, each a mean over four samples, and the whole pulse."""
    return [(x.view(len(x), COARSE, 4).mean(-1), y) for x, y in pulses()]


def voices(batch: int = 48) -> Triples:
    """Two recordings of sixteen numbers, and whether one speaker is heard; one answer in eight is new."""
    draw = generator(613)
    own = torch.randn(SPEAKERS, 16, generator=draw)
    one, other = torch.randint(SPEAKERS, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = ((own[who] + 0.7 * torch.randn(COUNT, batch, 16, generator=draw)) / 1.2 for who in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def listings(batch: int = 32) -> Triples:
    """Five numbers of a flat on unit scale, a picture of 8 x 8 pixels, and its price on unit scale."""
    draw = generator(614)
    z = torch.randn(COUNT, batch, 5, generator=draw)
    light = torch.randn(COUNT, batch, 1, 1, 1, generator=draw)
    shape = torch.linspace(-1.5, 1.5, 8).expand(8, 8)
    picture = light * shape + 0.6 * torch.randn(COUNT, batch, 1, 8, 8, generator=draw)
    y = 0.6 * z[..., 0] + 0.5 * z[..., 1].abs() - 0.4 + 0.7 * light.flatten(2)[..., 0]
    y = y + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(z, picture, y[..., None], strict=True))
