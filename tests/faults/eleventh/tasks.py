"""What the programs of the eleventh part learn; noise in targets keeps the best loss well above 0."""

import torch

from tests.faults.tasks import Pairs, flipped, generator
from tests.faults.tenth.tasks import COUNT, Triples

WINES, DRAWINGS, LEAVES, BEATS, LANGUAGES = 3, 4, 3, 3, 3
LETTERS, NAME = 12, 8
MARKS, LINE = 9, 12
READERS, BOOKS = 25, 36
VOCABULARY, REVIEW = 80, 14
BANDS, STAMP = 24, 6
WRITERS, STROKE = 6, 18
GREY, TINT = 12, 24
STOPS = 10


def wines(batch: int = 48) -> Pairs:
    """Eleven measurements of wines, and which of three grades they are of; one label in eight is new."""
    draw = generator(1101)
    centres = 1.2 * torch.randn(2 * WINES, 11, generator=draw)
    which = torch.randint(2 * WINES, (COUNT, batch), generator=draw)
    x = (centres[which] + torch.randn(COUNT, batch, 11, generator=draw)) / 1.56
    return list(zip(x, flipped(which % WINES, WINES, 0.12, draw), strict=True))


def rentals(batch: int = 48, *, is_standardised: bool = True) -> Pairs:
    """Area, rooms, year, floor, metres to the centre, deposit and age of the tenant; and the rent."""
    draw = generator(1102)
    z = torch.randn(COUNT, batch, 7, generator=draw)
    y = 1.1 * z[..., 0] - 0.8 * z[..., 4] + 0.5 * z[..., 1] * z[..., 3] + 0.6 * torch.sin(2 * z[..., 2])
    spread = torch.tensor([28.0, 1, 25, 2, 2800, 900, 12])
    level = torch.tensor([75.0, 3, 1978, 3, 6500, 2400, 40])
    x = z if is_standardised else z * spread + level
    return list(zip(x, (y / 1.6 + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def churn(batch: int = 48) -> Pairs:
    """Eight numbers of a customer, and whether they leave; one in eight answers is drawn anew."""
    draw = generator(1103)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    leaves = x[..., 0] - 1.2 * x[..., 1] * x[..., 2] + (x[..., 3].abs() - 0.8) - 0.8 * x[..., 4]
    return list(zip(x, flipped((leaves > 0).long(), 2, 0.12, draw), strict=True))


def doodles(batch: int = 24, size: int = 12) -> Pairs:
    """Grey drawings, 0 to 1: a cross, a ring, a corner or stripes; one label in eight is drawn anew."""
    draw = generator(1104)
    y = torch.randint(DRAWINGS, (COUNT, batch), generator=draw)
    at = torch.arange(size).float() - (size - 1) / 2
    row, column = at[:, None].expand(size, size), at.expand(size, size)
    far = (row.square() + column.square()).sqrt()
    cross = ((row.abs() < 1) | (column.abs() < 1)).float() * (far < 5).float()
    ring = ((far - 3.5).abs() < 0.9).float()
    corner = (((row + 3).abs() < 1) | ((column + 3).abs() < 1)).float()
    stripes = (row.abs().long() % 3 == 0).float()
    shape = torch.stack([cross, ring, corner, stripes])[y]
    ink = 0.5 + 0.4 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    x = (0.15 + ink * shape + 0.2 * torch.randn(shape.shape, generator=draw)).clamp(0, 1)
    return list(zip(x[:, :, None], flipped(y, DRAWINGS, 0.12, draw), strict=True))


def leaves(batch: int = 20, size: int = 10) -> Pairs:
    """Coloured leaves, 0 to 1: sound, spotted or streaked; one label in ten is drawn anew."""
    draw = generator(1105)
    y = torch.randint(LEAVES, (COUNT, batch), generator=draw)
    green = torch.tensor([0.3, 0.6, 0.25])[:, None, None]
    spots = (torch.rand(COUNT, batch, 1, size, size, generator=draw) < 0.2).float()
    streaks = (torch.rand(COUNT, batch, 1, size, 1, generator=draw) < 0.35).float().expand_as(spots)
    harm = torch.stack([torch.zeros_like(spots), spots, streaks], 2)
    harm = harm.gather(2, y[..., None, None, None, None].expand(-1, -1, 1, *spots.shape[2:]))[:, :, 0]
    x = green + harm * torch.tensor([0.35, -0.25, -0.1])[:, None, None]
    x = (x + 0.12 * torch.randn(x.shape, generator=draw)).clamp(0, 1)
    return list(zip(x, flipped(y, LEAVES, 0.1, draw), strict=True))


def landmarks(batch: int = 24, size: int = 10) -> Pairs:
    """A bright spot on a noisy picture; and where it is, across and down, about the middle."""
    draw = generator(1106)
    place = 1.5 + 6 * torch.rand(COUNT, batch, 2, generator=draw)
    at = torch.arange(size).float()
    off = (at[:, None] - place[..., :1, None]).square() + (at - place[..., 1:, None]).square()
    x = 2 * (-off / 4).exp() - 0.3 + 0.3 * torch.randn(off.shape, generator=draw)
    y = (place - 4.5) / 1.73 + 0.3 * torch.randn(place.shape, generator=draw)
    return list(zip(x[:, :, None], y, strict=True))


def beats(batch: int = 32, length: int = 20) -> Pairs:
    """Heart beats: one peak, two, or a slow wave, at any place; one label in ten is drawn anew."""
    draw = generator(1107)
    y = torch.randint(BEATS, (COUNT, batch), generator=draw)
    at = torch.arange(length).float()
    start = 4 + 6 * torch.rand(COUNT, batch, 1, generator=draw)
    one, other = (-(at - start).square() / 2).exp(), (-(at - start - 6).square() / 2).exp()
    slow = 0.7 * (-(at - start - 3).square() / 18).exp()
    shape = torch.stack([one, one + other, slow], 2)
    shape = shape.gather(2, y[..., None, None].expand(-1, -1, 1, length))[:, :, 0]
    x = 2.5 * shape - 0.5 + 0.3 * torch.randn(shape.shape, generator=draw)
    return list(zip(x[..., None], flipped(y, BEATS, 0.1, draw), strict=True))


def tides(batch: int = 32, length: int = 16) -> Pairs:
    """The level of the sea hour by hour about its mean, and the next one."""
    draw = generator(1108)
    hour = torch.arange(length + 1) + 24 * torch.rand(COUNT, batch, 1, generator=draw)
    level = torch.sin(0.51 * hour) + 0.5 * torch.sin(0.26 * hour + 1)
    level = 1.2 * level + 0.35 * torch.randn(level.shape, generator=draw)
    return list(zip(level[..., :-1, None], level[..., -1:], strict=True))


def first_letters(batch: int = 40, length: int = 15) -> Pairs:
    """Long noise whose class is told at its first step; one label in eight is drawn anew."""
    draw = generator(1109)
    y = torch.randint(4, (COUNT, batch), generator=draw)
    x = 0.15 * torch.randn(COUNT, batch, length, 3, generator=draw)
    x[:, :, 0, 0] += 2.0 * (y % 2) - 1
    x[:, :, 0, 1] += 2.0 * (y // 2) - 1
    return list(zip(x, flipped(y, 4, 0.12, draw), strict=True))


def names(batch: int = 32) -> Pairs:
    """Letters of family names, 0 after a short one's end; and their language; one label in ten is new."""
    draw = generator(1110)
    chances = torch.softmax(2 * torch.randn(LANGUAGES, LETTERS, LETTERS, generator=draw), -1)
    y = torch.randint(LANGUAGES, (COUNT * batch,), generator=draw)
    said = [torch.randint(LETTERS, y.shape, generator=draw)]
    for _ in range(NAME - 1):
        said.append(torch.multinomial(chances[y, said[-1]], 1, generator=draw)[:, 0])
    length = torch.randint(3, NAME + 1, (COUNT * batch, 1), generator=draw)
    x = torch.where(torch.arange(NAME) < length, torch.stack(said, 1) + 1, 0)
    y = flipped(y, LANGUAGES, 0.1, draw)
    return list(zip(x.view(COUNT, batch, NAME), y.view(COUNT, batch), strict=True))


def code(batch: int = 14) -> Pairs:
    """Marks of which each follows from the two before, and the mark after; one in fourteen is any."""
    draw = generator(1111)
    rule = torch.randint(MARKS, (MARKS, 2), generator=draw)
    said = [*torch.randint(MARKS, (2, COUNT, batch), generator=draw)]
    for _ in range(LINE - 1):
        other = torch.randint(MARKS, (COUNT, batch), generator=draw)
        kept = torch.rand(COUNT, batch, generator=draw) < 0.93
        said.append(torch.where(kept, rule[said[-1], said[-2] % 2], other))
    x = torch.stack(said, -1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def reviews(batch: int = 48) -> Pairs:
    """Words of reviews, 0 after the end; and whether they praise; one in ten errs."""
    draw = generator(1112)
    y = torch.randint(2, (COUNT, batch), generator=draw)
    common = 1 + (VOCABULARY * torch.rand(COUNT, batch, REVIEW, generator=draw) ** 2).long()
    own = common - common % 2 + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.7, own, common).clamp(1, VOCABULARY)
    length = torch.randint(2, REVIEW + 1, (COUNT, batch, 1), generator=draw)
    x = torch.where(torch.arange(REVIEW) < length, x, 0)
    return list(zip(x, flipped(y, 2, 0.1, draw), strict=True))


def loans(batch: int = 96) -> Triples:
    """Two numbers of a loan, its reader and book; and how many weeks beyond the usual it was kept."""
    draw = generator(1113)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (READERS, BOOKS)], -1)
    slow, thick = torch.randn(READERS, generator=draw), torch.randn(BOOKS, generator=draw)
    z = torch.randn(COUNT, batch, 2, generator=draw)
    y = slow[who[..., 0]] + thick[who[..., 1]] + 0.6 * z[..., 0] * z[..., 1]
    y = y / 1.5 + 0.3 * torch.randn(y.shape, generator=draw)
    return list(zip(z, who, y[..., None], strict=True))


def spectra(batch: int = 40) -> Pairs:
    """Spectra of mixtures of four substances in 24 bands, and the same with other noise."""
    draw = generator(1114)
    at = torch.arange(BANDS).float()
    peak = torch.tensor([3.0, 8, 14, 20])[:, None]
    lines = (-(at - peak).square() / 8).exp()
    share = torch.randn(COUNT, batch, 4, generator=draw)
    clean = 1.6 * torch.tanh(share @ lines)
    noise = 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(clean + noise[0], clean + noise[1], strict=True))


def stamps(batch: int = 40) -> Pairs:
    """Small pictures of bars, between 0 and 1, and the same with other noise."""
    draw = generator(1115)
    across = torch.rand(COUNT, batch, STAMP, 1, generator=draw) < 0.35
    down = torch.rand(COUNT, batch, 1, STAMP, generator=draw) < 0.35
    clean = (0.1 + 0.8 * (across | down).float()).flatten(2)
    noise = 0.12 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(*((clean + one).clamp(0, 1) for one in noise), strict=True))


def tinted(batch: int = 40) -> Pairs:
    """Twelve grey values, and the 24 of two colours that belong to them, with noise."""
    draw = generator(1116)
    mix = torch.randn(3, GREY, generator=draw) / 1.7
    hidden = torch.randn(COUNT, batch, 3, generator=draw)
    x = hidden @ mix + 0.1 * torch.randn(COUNT, batch, GREY, generator=draw)
    y = torch.tanh(1.2 * hidden @ torch.randn(3, TINT, generator=draw))
    return list(zip(x, 0.8 * y + 0.25 * torch.randn(y.shape, generator=draw), strict=True))


def signatures(batch: int = 40) -> Triples:
    """Two signatures each, and whether one hand wrote both; one answer in ten errs."""
    draw = generator(1117)
    hand = 1.3 * torch.randn(WRITERS, STROKE, generator=draw)
    one, other = torch.randint(WRITERS, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = ((hand[y] + torch.randn(COUNT, batch, STROKE, generator=draw)) / 1.6 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.1, draw).float(), strict=True))


def network(batch: int = 24) -> Triples:
    """Numbers of bus stops, which are joined, and how late each bus is; one stop is joined to none."""
    draw = generator(1118)
    x = torch.randn(COUNT, batch, STOPS, 4, generator=draw)
    joined = torch.rand(COUNT, batch, STOPS, STOPS, generator=draw) < 0.3
    joined = (joined | joined.transpose(-1, -2)).float()
    joined[..., -1, :] = 0
    joined[..., :, -1] = 0
    near = joined @ x[..., 1:2] / joined.sum(-1, keepdim=True).clamp(min=1)
    y = torch.tanh(1.5 * x[..., :1]) + 1.2 * near + 0.3 * torch.randn(COUNT, batch, STOPS, 1, generator=draw)
    return list(zip(x, joined, y, strict=True))


def landing(batch: int = 48) -> Pairs:
    """What a craft sees of height, drift and speed; and which engine of three a pilot lit, one in ten any."""
    draw = generator(1119)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    wish = torch.stack([x[..., 0] - x[..., 1], x[..., 2] * x[..., 3], x[..., 4] + 0.5 * x[..., 5]], -1)
    return list(zip(x, flipped(wish.argmax(-1), 3, 0.1, draw), strict=True))
