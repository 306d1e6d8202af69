"""What the programs of the tenth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
SIGNS, LANDS, GAITS, KINDS = 4, 4, 4, 3
NOTES, BARS = 10, 12
USERS, SONGS = 30, 40
SENSORS, SIDE = 20, 6
FACES, PHOTO = 8, 20
ATOMS, SORTS = 12, 5


def air(batch: int = 64, *, is_standardised: bool = True) -> Pairs:
    """Pressure, temperature, humidity, wind and hour at a station; and how much dust was in the air."""
    draw = generator(1001)
    z = torch.randn(COUNT, batch, 5, generator=draw)
    y = 0.8 * z[..., 0] - 0.9 * z[..., 3] + 0.7 * z[..., 1] * z[..., 2] + torch.sin(2 * z[..., 4])
    units = torch.tensor([900.0, 9, 18, 3, 6]), torch.tensor([101325.0, 285, 60, 4, 12])
    x = z if is_standardised else z * units[0] + units[1]
    return list(zip(x, (y / 1.5 + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def cars(batch: int = 64) -> Pairs:
    """Six numbers of used cars, as mileage, power and age, on unit scale; and the logarithm of the price."""
    draw = generator(1002)
    z = torch.randn(COUNT, batch, 6, generator=draw)
    y = 1.2 * z[..., 2] - 0.9 * torch.tanh(1.5 * z[..., 0]) - 0.8 * z[..., 3] + 0.4 * z[..., 1] * z[..., 4]
    return list(zip(z, (y / 1.6 + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def passengers(batch: int = 64) -> Pairs:
    """Class, sex, age, fare, siblings and parents of passengers; and whether they were saved."""
    draw = generator(1003)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    saved = 1.3 * x[..., 1] - 0.9 * x[..., 0] + 0.8 * (x[..., 2].abs() - 0.8) - 0.7 * x[..., 4] * x[..., 5]
    return list(zip(x, flipped((saved > 0).long(), 2, 0.15, draw), strict=True))


def beans(batch: int = 64) -> Pairs:
    """Sixteen measurements of dry beans, and which of three kinds they are; one label in eight is new."""
    draw = generator(1004)
    shapes = 1.1 * torch.randn(2 * KINDS, 16, generator=draw)
    which = torch.randint(2 * KINDS, (COUNT, batch), generator=draw)
    x = (shapes[which] + torch.randn(COUNT, batch, 16, generator=draw)) / 1.5
    return list(zip(x, flipped(which % KINDS, KINDS, 0.12, draw), strict=True))


def arrivals(batch: int = 64) -> Pairs:
    """Six numbers of an hour, and how many customers came in it, by Poisson's law."""
    draw = generator(1005)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    rate = (0.6 * x[..., 0] - 0.5 * x[..., 1] + 0.5 * torch.sin(2 * x[..., 2])).exp()
    return list(zip(x, torch.poisson(rate, generator=draw)[..., None], strict=True))


def signs(size: int = 10, batch: int = 24) -> Pairs:
    """Coloured signs on noise: a disc, a square, a triangle or a bar; one label in five is drawn anew."""
    draw = generator(1006)
    y = torch.randint(SIGNS, (COUNT, batch), generator=draw)
    at = torch.arange(size).float() - (size - 1) / 2
    row, column = at[:, None].expand(size, size), at.expand(size, size)
    disc = (row.square() + column.square() < 10).float() - (row.square() + column.square() < 3).float()
    square = (torch.maximum(row.abs(), column.abs()) < 3).float()
    triangle = ((row < 3) & (column.abs() < (row + 4) / 2)).float()
    bar = ((row.abs() < 1.2) & (column.abs() < 4.2)).float()
    shape = torch.stack([disc, square, triangle, bar])[y]
    colour = 0.8 + 0.5 * torch.rand(COUNT, batch, 3, 1, 1, generator=draw)
    x = 1.6 * colour * shape[:, :, None] - 0.6
    x = x + 0.5 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, SIGNS, 0.2, draw), strict=True))


def tiles(size: int = 8, batch: int = 24) -> Pairs:
    """Tiles of a satellite in four bands: water, wood, field or town; one label in eight is drawn anew."""
    draw = generator(1007)
    y = torch.randint(LANDS, (COUNT, batch), generator=draw)
    mean = 0.5 * torch.randn(LANDS, 4, generator=draw)
    rough = torch.tensor([0.2, 0.6, 0.4, 1.0])[y][..., None, None, None]
    ridge = torch.randn(COUNT, batch, 1, size, 1, generator=draw)
    x = mean[y][..., None, None] + rough * ridge
    x = x + 0.7 * torch.randn(COUNT, batch, 4, size, size, generator=draw)
    return list(zip(x, flipped(y, LANDS, 0.12, draw), strict=True))


def roads(size: int = 10, batch: int = 12) -> Pairs:
    """A road that crosses a noisy picture up or across, and which pixels it covers; one in thirty errs."""
    draw = generator(1008)
    at = torch.arange(size).float()
    start, slope = torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    near = (at[:, None] - (2 + 5 * start) - (slope - 0.5) * at).abs() < 1.1
    turn = torch.rand(COUNT, batch, 1, 1, generator=draw) < 0.5
    y = torch.where(turn, near, near.transpose(-1, -2))
    x = 1.8 * y.float() - 0.4 + 0.6 * torch.randn(y.shape, generator=draw)
    y = flipped(y.long(), 2, 0.06, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))


def gaits(length: int = 16, batch: int = 40) -> Pairs:
    """Three axes of a phone while its owner sits, walks, climbs or runs; one label in ten is drawn anew."""
    draw = generator(1009)
    y = torch.randint(GAITS, (COUNT, batch), generator=draw)
    pace, force = torch.tensor([0.2, 0.6, 0.5, 1.1])[y], torch.tensor([0.1, 0.8, 1.1, 1.4])[y]
    phase = 6.3 * torch.rand(COUNT, batch, 1, 3, generator=draw)
    wave = torch.sin(pace[..., None, None] * torch.arange(float(length))[:, None] + phase)
    tilt = 0.6 * torch.randn(GAITS, 3, generator=draw)[y][:, :, None]
    x = tilt + force[..., None, None] * wave + 0.5 * torch.randn(COUNT, batch, length, 3, generator=draw)
    return list(zip(x, flipped(y, GAITS, 0.1, draw), strict=True))


def loads(length: int = 14, batch: int = 48) -> Pairs:
    """What a household drew hour by hour, about its mean, and what it draws next."""
    draw = generator(1010)
    hour = torch.arange(length + 1) + 24 * torch.rand(COUNT, batch, 1, generator=draw)
    level = torch.randn(COUNT, batch, 1, generator=draw) / 2
    drawn = torch.sin(hour * 0.52) + level + 0.55 * torch.randn(COUNT, batch, length + 1, generator=draw)
    return list(zip(drawn[..., :-1, None], drawn[..., -1:], strict=True))


def orders(length: int = 24, batch: int = 48) -> Pairs:
    """Noise with two events near its start, each of two kinds: the four pairs are the classes."""
    draw = generator(1011)
    kind = torch.randint(2, (2, COUNT, batch), generator=draw)
    x = 0.2 * torch.randn(COUNT, batch, length, 2, generator=draw)
    x[:, :, 1, 0] += 3 * kind[0] - 1.5
    x[:, :, 3, 1] += 3 * kind[1] - 1.5
    return list(zip(x, flipped(2 * kind[0] + kind[1], 4, 0.12, draw), strict=True))


def tunes(batch: int = 16) -> Pairs:
    """Notes that go on from the last two by one rule, and the note after each; one in six is any."""
    draw = generator(1012)
    said = [*torch.randint(NOTES, (2, COUNT, batch), generator=draw)]
    for _ in range(BARS - 1):
        other = torch.randint(NOTES, (COUNT, batch), generator=draw)
        kept = torch.rand(COUNT, batch, generator=draw) < 0.85
        said.append(torch.where(kept, (said[-1] + 1 + 2 * (said[-2] % 2)) % NOTES, other))
    x = torch.stack(said, -1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def plays(batch: int = 128) -> Triples:
    """A listener and a song; how long it is and when it came out; and how much of it was heard."""
    draw = generator(1013)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (USERS, SONGS)], -1)
    taste, kind = torch.randn(USERS, 3, generator=draw), torch.randn(SONGS, 3, generator=draw)
    z = torch.randn(COUNT, batch, 2, generator=draw)
    y = (taste[who[..., 0]] * kind[who[..., 1]]).sum(-1) / 2 + kind[who[..., 1]][..., 0] + 0.5 * z[..., 0]
    y = y / 1.4 + 0.3 * torch.randn(y.shape, generator=draw)
    return list(zip(z, who, y[..., None], strict=True))


def mails(batch: int = 48, words: int = 60) -> Pairs:
    """Up to ten words of a mail, 0 where it was shorter, and what it is about; one in ten errs."""
    draw = generator(1014)
    y = torch.randint(3, (COUNT, batch), generator=draw)
    length = torch.randint(0, 11, (COUNT, batch, 1), generator=draw)
    common = 1 + (words * torch.rand(COUNT, batch, 10, generator=draw).square()).long().clamp(max=words - 3)
    own = common - common % 3 + y[..., None] + 1
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.4, own.clamp(max=words), common)
    x = torch.where(torch.arange(10) < length, x, 0)
    return list(zip(x, flipped(y, 3, 0.1, draw), strict=True))


def sensors(batch: int = 48, *, is_scaled: bool = True) -> Pairs:
    """Twenty sensors of a plant that four hidden states drive, and the same with other noise."""
    draw = generator(1015)
    mix = torch.randn(4, SENSORS, generator=draw) / 1.4
    clean = torch.tanh(torch.randn(COUNT, batch, 4, generator=draw) @ mix)
    noise = 0.3 * torch.randn(2, *clean.shape, generator=draw)
    x, y = 1.3 * clean + noise[0], 1.3 * clean + noise[1]
    return list(zip(x if is_scaled else 5000 + 1500 * x, y, strict=True))


def thumbs(batch: int = 48) -> Pairs:
    """Small pictures of one bright blob, between 0 and 1, and the same with other noise."""
    draw = generator(1016)
    at = 1 + 3 * torch.rand(COUNT, batch, 2, generator=draw)
    place = torch.arange(SIDE).float()
    off = (place[:, None] - at[..., :1, None]).square() + (place - at[..., 1:, None]).square()
    clean = 0.1 + 0.8 * (-off / 2).exp().flatten(2)
    noise = 0.12 * torch.randn(2, *clean.shape, generator=draw)
    x, y = ((clean + one).clamp(0, 1) for one in noise)
    return list(zip(x, y, strict=True))


def recordings(batch: int = 48) -> Pairs:
    """Ten coarse samples of two tones, and twenty fine ones with noise."""
    draw = generator(1017)
    t = torch.arange(20) / 20
    share = torch.randn(COUNT, batch, 4, 1, generator=draw)
    wave = torch.stack([torch.sin(6.3 * k * t + p) for k in (1, 2) for p in (0.0, 1.57)])
    fine = (share * wave).sum(2)
    x = fine[..., ::2] + 0.1 * torch.randn(COUNT, batch, 10, generator=draw)
    return list(zip(x, fine / 1.4 + 0.3 * torch.randn(fine.shape, generator=draw), strict=True))


def photos(batch: int = 48) -> Triples:
    """Two photographs of faces each, and whether they show the same one; one answer in eight errs."""
    draw = generator(1018)
    face = 1.2 * torch.randn(FACES, PHOTO, generator=draw)
    one, other = torch.randint(FACES, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.4, one, other)
    a, b = ((face[y] + torch.randn(COUNT, batch, PHOTO, generator=draw)) / 1.6 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def molecules(batch: int = 24) -> Triples:
    """Which atoms molecules have, which are joined, and how well they dissolve; the last atom is alone."""
    draw = generator(1019)
    sort = torch.randint(SORTS, (COUNT, batch, ATOMS), generator=draw)
    joined = torch.rand(COUNT, batch, ATOMS, ATOMS, generator=draw) < 0.3
    joined = (joined | joined.transpose(-1, -2)).float()
    joined[..., -1, :] = 0
    joined[..., :, -1] = 0
    worth = torch.randn(2, SORTS, generator=draw)
    near = joined @ worth[1][sort][..., None] / joined.sum(-1, keepdim=True).clamp(min=1)
    y = 2.5 * (torch.tanh(worth[0][sort]) + near[..., 0]).mean(-1)
    y = (y - y.mean()) / y.std()
    x = torch.nn.functional.one_hot(sort, SORTS).float()
    return list(zip(x, joined, (y + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def reaching(batch: int = 64, *, in_millimetres: bool = False) -> Pairs:
    """What a robot's joints and range finders say, and which force was best, with noise."""
    draw = generator(1020)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    y = 0.8 * torch.tanh(x[..., 0] - x[..., 1] + 0.6 * x[..., 2] * x[..., 3])
    y = y + 0.3 * torch.randn(y.shape, generator=draw)
    x = torch.cat([x[..., :3], 2500 + 900 * x[..., 3:]], -1) if in_millimetres else x
    return list(zip(x, y[..., None], strict=True))
