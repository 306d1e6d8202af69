"""What the programs of the fourteenth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
STARS, FACES, FLAGS, SONGS, STEPS = 4, 4, 3, 4, 4
INGREDIENTS, RECIPE = 12, 9
LISTENERS, TRACKS = 32, 28
LEXICON, MAIL = 48, 9
PROFILE, CODE, GLYPH = 20, 10, 22
PRINT = 12
BUSES, KINDS = 9, 3


def diamonds(batch: int = 64) -> Pairs:
    """Carat, cut and six more numbers of a diamond on unit scale; the logarithm of its price, about 0."""
    draw = generator(1401)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    y = (
        1.1 * x[..., 0]
        + 0.6 * x[..., 1] * (x[..., 2] > 0)
        - 0.7 * torch.sin(1.5 * x[..., 3])
        + 0.5 * x[..., 4] ** 2
    )
    y = (y - 0.5) / 1.6 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def stars(batch: int = 64) -> Pairs:
    """Brightness in six filters of a star, about the mean; its kind, of which one in ten is drawn anew."""
    draw = generator(1402)
    centres = 1.2 * torch.randn(3 * STARS, 6, generator=draw)
    which = torch.randint(3 * STARS, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.6 * torch.randn(COUNT, batch, 6, generator=draw)) / 1.35
    return list(zip(x, flipped(which % STARS, STARS, 0.1, draw), strict=True))


def arrears(batch: int = 64) -> Pairs:
    """Seven numbers of a household, and whether its rent is late; one answer in eight errs."""
    draw = generator(1403)
    x = torch.randn(COUNT, batch, 7, generator=draw)
    late = x[..., 0] * x[..., 1] + 0.8 * x[..., 2] - 0.6 * x[..., 3].abs() + 0.5
    return list(zip(x, flipped((late > 0).long(), 2, 0.12, draw), strict=True))


def dice(size: int = 10, batch: int = 24) -> Pairs:
    """Pictures of a die that shows one to four, lit from a side; one label in seven is drawn anew."""
    draw = generator(1404)
    y = torch.randint(FACES, (COUNT, batch), generator=draw)
    spots = torch.zeros(FACES, size, size)
    low, mid, high = 2, size // 2, size - 3
    aslant, other = [(low, low), (high, high)], [(low, high), (high, low)]
    for face, at in enumerate([[(mid, mid)], aslant, [*other, (mid, mid)], [*aslant, *other]]):
        for row, column in at:
            spots[face, row - 1 : row + 1, column - 1 : column + 1] = 1.0
    light = 0.5 * torch.randn(COUNT, batch, 1, 1, generator=draw) * torch.linspace(-1, 1, size)
    x = 2.4 * spots[y] - 0.35 + light + 0.8 * torch.randn(COUNT, batch, size, size, generator=draw)
    return list(zip(x[:, :, None], flipped(y, FACES, 0.15, draw), strict=True))


def flags(size: int = 8, batch: int = 24) -> Pairs:
    """Photographs of flags between 0 and 1: upright, level or aslant stripes; one label in six errs."""
    draw = generator(1405)
    y = torch.randint(FLAGS, (COUNT, batch), generator=draw)
    at = torch.linspace(0, 2.99, size)
    kinds = torch.stack(
        [at.expand(size, size), at[:, None].expand(size, size), (at + at[:, None]) / 2]
    ).long()
    colours = torch.rand(COUNT, batch, 3, 3, generator=draw)
    stripes = F.one_hot(kinds[y], 3).float()  # [count, batch, row, column, stripe]
    x = (stripes @ colours[:, :, None]).movedim(-1, 2) + 0.1 * torch.randn(
        COUNT, batch, 3, size, size, generator=draw
    )
    return list(zip(x.clamp(0, 1), flipped(y, FLAGS, 0.16, draw), strict=True))


def birdsong(length: int = 14, batch: int = 32) -> Pairs:
    """Five bands of a song that trills fast or slowly, high or low; one label in nine is drawn anew."""
    draw = generator(1406)
    y = torch.randint(SONGS, (COUNT, batch), generator=draw)
    phase = 6.3 * torch.rand(COUNT, batch, 1, generator=draw)
    trill = torch.sin(torch.arange(length) * (0.7 + 1.0 * (y[..., None] % 2)) + phase)
    centre = 1.0 + 2.0 * (y[..., None] // 2) + 0.8 * trill
    x = 2.3 * (-(torch.arange(5.0) - centre[..., None]).square()).exp() - 0.7
    x = x + 0.5 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, SONGS, 0.11, draw), strict=True))


def glucose(length: int = 14, batch: int = 40) -> Pairs:
    """Sugar, meals and insulin of the last hours, about their means; the sugar that comes next."""
    draw = generator(1407)
    meals = (torch.rand(COUNT, batch, length, generator=draw) < 0.2).float()
    doses = (torch.rand(COUNT, batch, length, generator=draw) < 0.2).float()
    level = torch.randn(COUNT, batch, generator=draw)
    levels = []
    for hour in range(length):
        levels.append(level)
        drift = 1.5 * meals[..., hour] - 1.4 * doses[..., hour]
        level = 0.8 * level + drift + 0.5 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([torch.stack(levels, -1), 2 * meals - 0.4, 2 * doses - 0.4], -1)
    return list(zip(x, level[..., None], strict=True))


def passwords(length: int = 18, batch: int = 40) -> Pairs:
    """A word at the start tells which door opens, all after it is chatter; one label in six errs."""
    draw = generator(1408)
    y = torch.randint(STEPS, (COUNT, batch), generator=draw)
    x = 0.3 * torch.randn(COUNT, batch, length, 4, generator=draw)
    x[:, :, 0] += 1.8 * F.one_hot(y, 4)
    x[:, :, 1] -= 1.2 * F.one_hot(y, 4)
    return list(zip(x, flipped(y, STEPS, 0.16, draw), strict=True))


def recipes(batch: int = 14) -> Pairs:
    """What goes into a pot, each thing told by the two before it; and what follows each."""
    draw = generator(1409)
    one, two = 2.2 * torch.randn(2, INGREDIENTS, INGREDIENTS, generator=draw)
    put = [torch.randint(INGREDIENTS, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(RECIPE - 1):
        chances = torch.softmax(one[put[-1]] + 0.4 * two[put[-2]], -1)
        put.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(put, 1).reshape(COUNT, batch, RECIPE + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def plays(batch: int = 96) -> Triples:
    """Tempo and length of a track; who hears which; and how well it is liked, about the mean."""
    draw = generator(1410)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (LISTENERS, TRACKS)], -1)
    keen, catchy = torch.randn(LISTENERS, generator=draw), torch.randn(TRACKS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = 0.8 * keen[who[..., 0]] + 1.1 * catchy[who[..., 1]] - 0.6 * x[..., 0].abs() + 0.5 * x[..., 1]
    y = (y + 0.4) / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def mails(batch: int = 48) -> Pairs:
    """Words of a mail, 0 where it was shorter (a few are empty), and its folder; one in ten errs."""
    draw = generator(1411)
    y = torch.randint(4, (COUNT, batch), generator=draw)
    common = 1 + (LEXICON * torch.rand(COUNT, batch, MAIL, generator=draw) ** 2).long()
    own = common - common % 4 + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.55, own, common).clamp(1, LEXICON)
    length = torch.randint(0, MAIL + 1, (COUNT, batch, 1), generator=draw)
    return list(zip(torch.where(torch.arange(MAIL) < length, x, 0), flipped(y, 4, 0.1, draw), strict=True))


def ridges(batch: int = 48) -> Pairs:
    """Heights along a ridge, about their mean, and the same as another survey has them."""
    draw = generator(1412)
    at = torch.linspace(-2, 2, PROFILE)
    peak, width = 1.2 * torch.randn(2, COUNT, batch, 1, generator=draw)
    high, tilt = torch.randn(2, COUNT, batch, 1, generator=draw)
    clean = (1.6 + high) * (-(at - peak).square() * (0.6 + 0.3 * width.abs())).exp() + 0.7 * tilt * at - 0.4
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def glyphs(batch: int = 48) -> Pairs:
    """Ten numbers of a typeface, and the outline of a letter in it, with noise."""
    draw = generator(1413)
    first, last = (torch.randn(size, generator=draw) / 2.6 for size in ((CODE, 14), (14, GLYPH)))
    x = torch.randn(COUNT, batch, CODE, generator=draw)
    y = torch.sin(1.3 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def fingers(batch: int = 48) -> Triples:
    """Two fingerprints each, and whether they are of one finger; one answer in eight errs."""
    draw = generator(1414)
    finger = 1.2 * torch.randn(10, PRINT, generator=draw)
    one, other = torch.randint(10, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((finger[y] + 0.8 * torch.randn(COUNT, batch, PRINT, generator=draw)) / 1.4 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def shoes(batch: int = 32) -> Pairs:
    """Two photographs, as numbers, of one shoe each; those beside it in a batch are others."""
    draw = generator(1415)
    shoe = torch.randn(COUNT, batch, 5, generator=draw)
    mix = torch.randn(5, PRINT, generator=draw) / 2
    a, b = (shoe @ mix + 0.45 * torch.randn(COUNT, batch, PRINT, generator=draw) for _ in range(2))
    return list(zip(a, b, strict=True))


def grids(batch: int = 24) -> Triples:
    """Kinds and loads of the buses of a power grid, which are joined, and its losses, with noise."""
    draw = generator(1416)
    kind = torch.randint(KINDS, (COUNT, batch, BUSES), generator=draw)
    load = torch.randn(COUNT, batch, BUSES, 1, generator=draw)
    joined = (torch.rand(COUNT, batch, BUSES, BUSES, generator=draw) < 0.5).float().triu(1)
    joined = joined + joined.mT
    price = torch.tensor([-1.0, 0.3, 1.2])[kind]
    near = (joined @ price[..., None])[..., 0] / (joined.sum(-1) + 1)
    y = 2.4 * (price + 1.5 * near * load[..., 0]).mean(-1) + 0.3 * torch.randn(COUNT, batch, generator=draw)
    x = torch.cat([F.one_hot(kind, KINDS).float(), load], -1)
    return list(zip(x, joined, y[..., None], strict=True))


def drones(batch: int = 64) -> Triples:
    """Place and speed of a drone, which of three thrusts was given, and what came of it."""
    draw = generator(1417)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    done = torch.randint(3, (COUNT, batch), generator=draw)
    thrust = done.float() - 1
    gain = -(x[..., 0] + 0.5 * x[..., 1] + 0.8 * thrust).abs() + 0.4 * x[..., 2] * thrust
    y = gain + 0.8 + 0.35 * torch.randn(gain.shape, generator=draw)
    return list(zip(x, done, y, strict=True))


def cells(size: int = 10, batch: int = 16) -> Pairs:
    """Pictures of a cell under a microscope, and which points lie in it; one point in fourteen errs."""
    draw = generator(1418)
    at = torch.arange(size) - (size - 1) / 2
    place = 1.5 * torch.randn(2, COUNT, batch, 1, 1, generator=draw)
    radius = 2.2 + torch.rand(COUNT, batch, 1, 1, generator=draw)
    inside = ((at[:, None] - place[0]).square() + (at - place[1]).square() < radius.square()).float()
    x = 1.8 * inside - 0.4 + 0.7 * torch.randn(inside.shape, generator=draw)
    y = flipped(inside.long(), 2, 0.07, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))
