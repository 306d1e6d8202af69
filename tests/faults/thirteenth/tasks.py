"""What the programs of the thirteenth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
GARMENTS, LANDS, MOVES, ENDINGS, TOPICS, FIELDS = 5, 4, 4, 3, 4, 4
SYLLABLES, PHRASE = 13, 12
VIEWERS, SHOWS = 40, 32
LEXICON, REVIEW = 60, 10
TREMOR, COARSE, FINE, TIMBRE = 28, 10, 24, 16
PAPERS, TERMS = 16, 6


def houses(batch: int = 64, *, is_standardised: bool = True) -> Pairs:
    """Income, age, rooms, people, latitude and longitude of districts, and their price about its mean."""
    draw = generator(1301)
    z = torch.randn(COUNT, batch, 6, generator=draw)
    y = 0.9 * z[..., 0] + 0.8 * torch.sin(1.7 * z[..., 4] + z[..., 5]) - 0.5 * z[..., 3] * z[..., 2]
    y = (y + 0.4 * z[..., 1].abs()) / 1.3 + 0.35 * torch.randn(y.shape, generator=draw)
    units = torch.tensor([1.9, 12.6, 2.5, 1130.0, 2.1, 2.0]), torch.tensor([3.9, 28.6, 5.4, 1425, 35.6, -119])
    return list(zip(z if is_standardised else z * units[0] + units[1], y[..., None], strict=True))


def fraud(batch: int = 64) -> Pairs:
    """Ten numbers of a payment on unit scale, and whether it was one of fraud; one answer in ten errs."""
    draw = generator(1302)
    x = torch.randn(COUNT, batch, 10, generator=draw)
    odd = x[..., 0] * x[..., 1] + x[..., 2] - 0.8 * x[..., 3].abs() + 0.7 * x[..., 4] + 0.2
    return list(zip(x, flipped((odd > 0).long(), 2, 0.1, draw), strict=True))


def garments(size: int = 8, batch: int = 24) -> Pairs:
    """Grey pictures between 0 and 1 of five garments, each near its pattern; one label in six errs."""
    draw = generator(1303)
    pattern = F.interpolate(torch.rand(GARMENTS, 1, 4, 4, generator=draw), size=size, mode="bilinear")
    y = torch.randint(GARMENTS, (COUNT, batch), generator=draw)
    light = 0.7 + 0.3 * torch.rand(COUNT, batch, 1, 1, 1, generator=draw)
    x = light * pattern[y] + 0.18 * torch.randn(COUNT, batch, 1, size, size, generator=draw)
    return list(zip(x.clamp(0, 1), flipped(y, GARMENTS, 0.16, draw), strict=True))


def lands(size: int = 8, batch: int = 24) -> Pairs:
    """Coloured tiles between 0 and 1 seen from above: field, orchard, water or town; one in six errs."""
    draw = generator(1304)
    y = torch.randint(LANDS, (COUNT, batch), generator=draw)
    at = torch.arange(float(size))
    phase = 6.3 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    rows = torch.sin(1.6 * at[:, None] + phase).expand(-1, -1, size, size)
    columns = torch.sin(1.6 * at + phase).expand(-1, -1, size, size)
    kinds = torch.stack([rows, rows * columns * 1.4, 0.2 * rows, (rows + columns).sign() * 0.9])
    seen = kinds.gather(0, y[None, ..., None, None].expand(1, -1, -1, size, size))[0]
    tint = 0.08 * torch.randn(COUNT, batch, 3, 1, 1, generator=draw)
    x = (
        0.45
        + 0.16 * seen[:, :, None]
        + tint
        + 0.12 * torch.randn(COUNT, batch, 3, size, size, generator=draw)
    )
    return list(zip(x.clamp(0, 1), flipped(y, LANDS, 0.16, draw), strict=True))


def moves(length: int = 18, batch: int = 32) -> Pairs:
    """Three axes of a phone that is carried: still, walking, running, on stairs; one label in ten errs."""
    draw = generator(1305)
    y = torch.randint(MOVES, (COUNT, batch), generator=draw)
    time = torch.arange(float(length)) + 8 * torch.rand(COUNT, batch, 1, generator=draw)
    pace = torch.tensor([0.0, 0.6, 1.3, 0.6])[y][..., None]
    swing, tilt = torch.sin(pace * time), torch.cos(pace * time)
    lean = torch.tensor([0.0, 0.0, 0.3, 0.9])[y][..., None].expand_as(swing)
    x = torch.stack([1.2 * swing, tilt - 0.4, lean - 0.3], -1)
    x = x + 0.5 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, MOVES, 0.1, draw), strict=True))


def power(length: int = 16, batch: int = 40) -> Pairs:
    """Load, temperature and wind by the hour on unit scale; the load of the hour that follows."""
    draw = generator(1306)
    hour = torch.arange(length + 1) + 24 * torch.rand(COUNT, batch, 1, generator=draw)
    cold = torch.randn(COUNT, batch, 1, generator=draw)
    load = torch.sin(0.52 * hour) + 0.7 * cold + 0.3 * torch.sin(1.05 * hour)
    z = torch.stack([load, -cold + 0.3 * torch.cos(0.26 * hour), 0.5 * cold + 0.0 * hour], -1)
    z = z + 0.35 * torch.randn(z.shape, generator=draw)
    return list(zip(z[:, :, :-1], z[:, :, -1, :1], strict=True))


def sagas(length: int = 20, batch: int = 40) -> Pairs:
    """How a saga ends is told by its first step, after which there is noise; one ending in five errs."""
    draw = generator(1307)
    y = torch.randint(ENDINGS, (COUNT, batch), generator=draw)
    x = 0.25 * torch.randn(COUNT, batch, length, 4, generator=draw)
    x[:, :, 0, :ENDINGS] += 2.5 * F.one_hot(y, ENDINGS)
    return list(zip(x, flipped(y, ENDINGS, 0.2, draw), strict=True))


def phrases(batch: int = 20) -> Pairs:
    """Syllables of a song, each from the one before; and the syllable after each."""
    draw = generator(1308)
    chances = torch.softmax(2.6 * torch.randn(SYLLABLES, SYLLABLES, generator=draw), -1)
    said = [torch.randint(SYLLABLES, (COUNT * batch,), generator=draw)]
    for _ in range(PHRASE):
        said.append(torch.multinomial(chances[said[-1]], 1, generator=draw)[:, 0])
    x = torch.stack(said, 1).reshape(COUNT, batch, PHRASE + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def watched(batch: int = 96) -> Triples:
    """Length and age of a show; its viewer and itself; and how it was rated, about the mean."""
    draw = generator(1309)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (VIEWERS, SHOWS)], -1)
    mood, worth = torch.randn(VIEWERS, generator=draw), 1.2 * torch.randn(SHOWS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = mood[who[..., 0]] + worth[who[..., 1]] + 0.5 * x[..., 0] - 0.3 * x[..., 1]
    y = y / 1.7 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def reviews(batch: int = 48) -> Pairs:
    """Words of a review, 0 where it was shorter (some are empty), and its topic; one in ten errs."""
    draw = generator(1310)
    y = torch.randint(TOPICS, (COUNT, batch), generator=draw)
    common = 1 + (LEXICON * torch.rand(COUNT, batch, REVIEW, generator=draw) ** 1.6).long()
    own = common - common % TOPICS + y[..., None] + 1
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.5, own, common).clamp(1, LEXICON)
    length = torch.randint(0, REVIEW + 1, (COUNT, batch, 1), generator=draw)
    return list(
        zip(torch.where(torch.arange(REVIEW) < length, x, 0), flipped(y, TOPICS, 0.1, draw), strict=True)
    )


def tremors(batch: int = 48) -> Pairs:
    """Tremors of a machine about 0 on unit scale, of three waves; and the same with other noise."""
    draw = generator(1311)
    time, size = torch.arange(float(TREMOR)), torch.randn(4, COUNT, batch, 1, generator=draw)
    clean = size[0] * torch.sin(0.4 * time) + size[1] * torch.cos(0.4 * time)
    clean = clean + 0.8 * size[2] * torch.sin(0.9 * time) + 0.5 * size[3] * torch.cos(1.5 * time)
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def scans(batch: int = 48) -> Pairs:
    """Ten coarse numbers of a scan, and 24 fine ones of the same, with noise."""
    draw = generator(1312)
    first = torch.randn(COARSE, 12, generator=draw) / 2.2
    x = torch.randn(COUNT, batch, COARSE, generator=draw)
    y = torch.tanh(x @ first) @ torch.randn(12, FINE, generator=draw) / 2.2
    return list(zip(x, y + 0.35 * torch.randn(y.shape, generator=draw), strict=True))


def voices(batch: int = 48) -> Triples:
    """Timbre of two recordings each, and whether one voice spoke both; one answer in eight errs."""
    draw = generator(1313)
    voice = 1.8 * torch.randn(8, TIMBRE, generator=draw)
    one, other = torch.randint(8, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((voice[y] + torch.randn(COUNT, batch, TIMBRE, generator=draw)) / 2 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def citations(batch: int = 16) -> Triples:
    """Terms of papers, who cites whom, and the field of each; one in eight errs."""
    draw = generator(1314)
    y = torch.randint(FIELDS, (COUNT, batch, PAPERS), generator=draw)
    likely = torch.where(y[..., None] == y[..., None, :], 0.6, 0.08)
    cites = (torch.rand(likely.shape, generator=draw) < likely).float()
    centres = torch.randn(FIELDS, TERMS, generator=draw)
    x = 0.7 * centres[y] + torch.randn(COUNT, batch, PAPERS, TERMS, generator=draw)
    return list(zip(x, cites, flipped(y, FIELDS, 0.12, draw), strict=True))


def trips(batch: int = 48) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """What a lift sees, the button it chose, what it then sees, and how that paid, with noise."""
    draw = generator(1315)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    done = torch.randint(3, (COUNT, batch), generator=draw)
    push = torch.randn(3, 5, generator=draw)
    then = 0.7 * x + 0.5 * push[done] + 0.2 * torch.randn(x.shape, generator=draw)
    paid = 2 * torch.tanh((x * push[done]).sum(-1) / 2) + 0.4 * torch.randn(done.shape, generator=draw)
    return list(zip(x, done, then, paid, strict=True))
