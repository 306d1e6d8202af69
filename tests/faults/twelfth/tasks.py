"""What the programs of the twelfth part learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
SPECIES, PLANTS, WORDS, STORIES = 3, 4, 4, 4
LETTERS, NAME = 11, 10
READERS, BOOKS = 36, 30
VOCABULARY, TWEET = 50, 8
BEAT, LAYOUT, PHOTO, STROKES = 24, 12, 24, 14
SITES, ELEMENTS = 10, 4


def penguins(batch: int = 64, *, is_standardised: bool = True) -> Pairs:
    """Bill length and depth, flipper and weight, and sex of penguins; one species in ten is drawn anew."""
    draw = generator(1201)
    centres = 1.3 * torch.randn(2 * SPECIES, 5, generator=draw)
    which = torch.randint(2 * SPECIES, (COUNT, batch), generator=draw)
    z = (centres[which] + 0.7 * torch.randn(COUNT, batch, 5, generator=draw)) / 1.5
    units = torch.tensor([5.4, 2.0, 14.0, 800.0, 0.5]), torch.tensor([44.0, 17.0, 201.0, 4200.0, 0.5])
    x = z if is_standardised else z * units[0] + units[1]
    return list(zip(x, flipped(which % SPECIES, SPECIES, 0.1, draw), strict=True))


def heating(batch: int = 64) -> Pairs:
    """Eight numbers of a building, as floor, glass and walls, on unit scale; and what heating it takes."""
    draw = generator(1202)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    y = 0.9 * x[..., 0] + torch.tanh(2 * x[..., 1]) - 0.7 * x[..., 2] * x[..., 3] + 0.5 * x[..., 4].abs()
    y = y / 1.4 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def churn(batch: int = 64) -> Pairs:
    """Eight numbers of a customer of a telephone company, and who left; one answer in eight is drawn anew."""
    draw = generator(1203)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    left = x[..., 0] + 0.9 * x[..., 1] * x[..., 2] - 0.8 * x[..., 3] + 0.6 * torch.sin(2 * x[..., 4])
    return list(zip(x, flipped((left > 0).long(), 2, 0.12, draw), strict=True))


def leaves(size: int = 10, batch: int = 24) -> Pairs:
    """Scans of leaves: round, long, tall or aslant; one label in six is drawn anew."""
    draw = generator(1204)
    y = torch.randint(PLANTS, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    shift = 1.2 * torch.randn(2, COUNT, batch, 1, 1, generator=draw)
    row, column = at[:, None] + shift[0], at + shift[1]
    kinds = torch.stack([row**2 + column**2, 4 * row**2 + column**2 / 3, row**2 / 3 + 4 * column**2,
                         2.5 * (row - column) ** 2 + (row + column) ** 2 / 6])  # fmt: skip
    inside = (kinds.gather(0, y[None, ..., None, None].expand(1, -1, -1, size, size))[0] < 7).float()
    x = 2.2 * inside - 0.6 + 0.5 * torch.randn(inside.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(y, PLANTS, 0.16, draw), strict=True))


def moles(size: int = 10, batch: int = 24) -> Pairs:
    """Coloured pictures of skin between 0 and 1, and whether a mole has a ragged edge; one in seven errs."""
    draw = generator(1205)
    y = torch.randint(2, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    angle = torch.atan2(at[:, None].expand(size, size), at.expand(size, size))
    radius = (at[:, None].square() + at.square()).sqrt()
    turn = 6.3 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    edge = 3.0 + 1.6 * y[..., None, None] * torch.sin(4 * angle + turn)
    dark = torch.sigmoid(3 * (edge - radius))[:, :, None] * torch.tensor([0.45, 0.55, 0.5])[:, None, None]
    tone = 0.75 + 0.1 * torch.randn(COUNT, batch, 3, 1, 1, generator=draw)
    x = (tone - dark + 0.08 * torch.randn(COUNT, batch, 3, size, size, generator=draw)).clamp(0, 1)
    return list(zip(x, flipped(y, 2, 0.28, draw), strict=True))


def keywords(length: int = 16, batch: int = 32) -> Pairs:
    """Six bands of a spoken word: a tone that rises or falls, low or high; one label in ten errs."""
    draw = generator(1206)
    y = torch.randint(WORDS, (COUNT, batch), generator=draw)
    time = torch.linspace(0, 2, length)
    slide = torch.where(y[..., None] % 2 == 0, time, 2 - time)
    centre = slide + 3.0 * (y[..., None] // 2) + 0.4 * torch.randn(COUNT, batch, 1, generator=draw)
    x = 2.5 * (-(torch.arange(6.0) - centre[..., None]).square()).exp() - 0.6
    x = x + 0.6 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, WORDS, 0.1, draw), strict=True))


def weather(length: int = 16, batch: int = 40) -> Pairs:
    """Temperature, humidity and pressure about their means, three hours apart; the next temperature."""
    draw = generator(1207)
    hour = torch.arange(length + 1) + 8 * torch.rand(COUNT, batch, 1, generator=draw)
    front = torch.randn(COUNT, batch, 1, generator=draw)
    warm = torch.sin(0.785 * hour) + 0.8 * front
    z = torch.stack([warm, front - 0.6 * warm, -front + 0.2 * torch.cos(0.785 * hour)], -1)
    z = z + 0.35 * torch.randn(z.shape, generator=draw)
    return list(zip(z[:, :, :-1], z[:, :, -1, :1], strict=True))


def stories(length: int = 26, batch: int = 40) -> Pairs:
    """Noise after two steps that tell which of four stories it is; one label in five is drawn anew."""
    draw = generator(1208)
    y = torch.randint(STORIES, (COUNT, batch), generator=draw)
    x = 0.25 * torch.randn(COUNT, batch, length, 3, generator=draw)
    x[:, :, :2] += 1.5 * (torch.tensor([[1.0, 1, 0], [1, -1, 0], [-1, 0, 1], [-1, 0, -1]])[y])[:, :, None]
    return list(zip(x, flipped(y, STORIES, 0.2, draw), strict=True))


def names(batch: int = 20) -> Pairs:
    """Names letter by letter, each from the one before and its place in the name; the letter after each."""
    draw = generator(1209)
    chances = torch.softmax(2.6 * torch.randn(2, LETTERS, LETTERS, generator=draw), -1)
    said = [torch.randint(LETTERS, (COUNT * batch,), generator=draw)]
    for place in range(NAME):
        said.append(torch.multinomial(chances[place % 2][said[-1]], 1, generator=draw)[:, 0])
    x = torch.stack(said, 1).reshape(COUNT, batch, NAME + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def lent(batch: int = 96) -> Triples:
    """Pages and age of a book; its reader and itself; and how many stars it was given, about their mean."""
    draw = generator(1210)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (READERS, BOOKS)], -1)
    mood, worth = torch.randn(READERS, generator=draw), torch.randn(BOOKS, generator=draw)
    taste, kind = torch.randn(READERS, 2, generator=draw), torch.randn(BOOKS, 2, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = mood[who[..., 0]] + worth[who[..., 1]] + 0.6 * (taste[who[..., 0]] * kind[who[..., 1]]).sum(-1)
    y = (y + 0.5 * x[..., 0]) / 1.8 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def tweets(batch: int = 48) -> Pairs:
    """Words of a short message, 0 where it was shorter (a few are empty), and its mood; one in ten errs."""
    draw = generator(1211)
    y = torch.randint(3, (COUNT, batch), generator=draw)
    common = 1 + (VOCABULARY * torch.rand(COUNT, batch, TWEET, generator=draw) ** 1.7).long()
    own = (common - common % 3 + y[..., None] + 1).clamp(max=VOCABULARY)
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.5, own, common).clamp(max=VOCABULARY)
    length = torch.randint(0, TWEET + 1, (COUNT, batch, 1), generator=draw)
    return list(zip(torch.where(torch.arange(TWEET) < length, x, 0), flipped(y, 3, 0.1, draw), strict=True))


def beats(batch: int = 48) -> Pairs:
    """Heart beats in millivolts about 0, and the same with other noise."""
    draw = generator(1212)
    time = torch.arange(float(BEAT))
    at = 6 + 10 * torch.rand(COUNT, batch, 1, generator=draw)
    size = 1 + 0.3 * torch.randn(3, COUNT, batch, 1, generator=draw)
    clean = 2.2 * size[0] * (-(time - at).square() / 3).exp()
    clean = clean + 0.9 * size[1] * (-(time - at - 5).square() / 8).exp() - 0.9 * size[2]
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def facades(batch: int = 48) -> Pairs:
    """Twelve numbers of a plan, and 24 of the house that was built from it, with noise."""
    draw = generator(1213)
    first = torch.randn(LAYOUT, 16, generator=draw) / 2.5
    x = torch.randn(COUNT, batch, LAYOUT, generator=draw)
    y = torch.tanh(x @ first) @ torch.randn(16, PHOTO, generator=draw) / 2.5
    return list(zip(x, y + 0.35 * torch.randn(y.shape, generator=draw), strict=True))


def signatures(batch: int = 48) -> Triples:
    """Strokes of two signatures each, and whether one hand wrote both; one answer in eight errs."""
    draw = generator(1214)
    hand = 1.3 * torch.randn(9, STROKES, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((hand[y] + torch.randn(COUNT, batch, STROKES, generator=draw)) / 1.6 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.12, draw).float(), strict=True))


def forgeries(batch: int = 48) -> Triples:
    """A signature, another of the same hand, and one of some other hand."""
    draw = generator(1215)
    hand = 0.7 * torch.randn(9, STROKES, generator=draw)
    one = torch.randint(9, (COUNT, batch), generator=draw)
    other = (one + torch.randint(1, 9, one.shape, generator=draw)) % 9
    a, b, c = (
        (hand[y] + torch.randn(COUNT, batch, STROKES, generator=draw)) / 1.6 for y in (one, one, other)
    )
    return list(zip(a, b, c, strict=True))


def crystals(batch: int = 24) -> Triples:
    """Elements at the sites of crystals, which sites are near, and a gap between energies, with noise."""
    draw = generator(1216)
    sort = torch.randint(ELEMENTS, (COUNT, batch, SITES), generator=draw)
    near = torch.rand(COUNT, batch, SITES, SITES, generator=draw) < 0.45
    near = (near | near.transpose(-1, -2)).float()
    worth = torch.randn(2, ELEMENTS, generator=draw)
    around = near @ worth[1][sort][..., None] / near.sum(-1, keepdim=True).clamp(min=1)
    y = (worth[0][sort] * (1 + around[..., 0])).mean(-1)
    y = (y - y.mean()) / y.std()
    x = F.one_hot(sort, ELEMENTS).float()
    return list(zip(x, near, (y + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def landings(batch: int = 32, last: int = 32) -> Triples:
    """Six numbers a lander sees, the engine it fired, and how well it went; each fifth batch has `last`."""
    draw = generator(1217)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    best = (x[..., 0] + x[..., 1] > 0).long() + 2 * (x[..., 2] - x[..., 3] > 0).long()
    done = flipped(best, 4, 0.25, draw)
    went = torch.where(done == best, 1.0, 0.0) + 0.3 * torch.randn(best.shape, generator=draw)
    sizes = [last if place % 5 == 4 else batch for place in range(COUNT)]
    return [(x[i, :n], done[i, :n], went[i, :n]) for i, n in enumerate(sizes)]
