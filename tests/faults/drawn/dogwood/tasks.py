"""What the programs of this folder learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
HONEYS, BUTTONS, LIGHTS, MOODS = 4, 4, 4, 3
WORDS, LINE = 14, 10
LEXICON, SAID = 60, 20
READERS, BOOKS = 30, 36
PARTIALS, RECIPE, COLOUR = 24, 8, 16
KEY = 14
VILLAGES = 8


def wells(batch: int = 64) -> Pairs:
    """Depth and seven more numbers of a well on unit scale; the logarithm of its yield, about 0."""
    draw = generator(9101)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    y = (
        x[..., 0]
        + 0.8 * x[..., 1].abs()
        - 0.7 * x[..., 2] * x[..., 3].sign()
        + 0.5 * torch.cos(2 * x[..., 4])
    )
    y = (y - 0.7) / 1.5 + 0.35 * torch.randn(y.shape, generator=draw)
    return list(zip(x, y[..., None], strict=True))


def honey(batch: int = 64) -> Pairs:
    """Seven measures of a jar about their means, and its blossom; one label in nine is drawn anew."""
    draw = generator(9102)
    centres = 1.3 * torch.randn(3 * HONEYS, 7, generator=draw)
    which = torch.randint(3 * HONEYS, (COUNT, batch), generator=draw)
    x = (centres[which] + 0.6 * torch.randn(COUNT, batch, 7, generator=draw)) / 1.4
    return list(zip(x, flipped(which % HONEYS, HONEYS, 0.11, draw), strict=True))


def buttons(size: int = 8, batch: int = 32) -> Pairs:
    """Photographs between 0 and 1 of a button with one to four holes; one label in five errs."""
    draw = generator(9103)
    y = torch.randint(BUTTONS, (COUNT, batch), generator=draw)
    at = torch.arange(size) - (size - 1) / 2
    disc = (at[:, None].square() + at.square() < 15).float()
    holes = torch.zeros(BUTTONS, size, size)
    places = [[(3, 3)], [(2, 2), (5, 5)], [(2, 5), (5, 2), (3, 3)], [(2, 2), (2, 5), (5, 2), (5, 5)]]
    for kind, spots in enumerate(places):
        for row, column in spots:
            holes[kind, row : row + 2, column : column + 2] = 1.0
    colour = 0.5 + 0.4 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    x = disc * colour * (1 - holes[y]) + 0.1 + 0.1 * torch.randn(COUNT, batch, size, size, generator=draw)
    return list(zip(x.clamp(0, 1)[:, :, None], flipped(y, BUTTONS, 0.2, draw), strict=True))


def lighthouses(length: int = 16, batch: int = 40) -> Pairs:
    """Light on three colours after a signal that tells the tower; then mist. One label in eight errs."""
    draw = generator(9104)
    y = torch.randint(LIGHTS, (COUNT, batch), generator=draw)
    x = 0.3 * torch.randn(COUNT, batch, length, 3, generator=draw)
    code = torch.tensor([[1.5, 0, 0], [0, 1.5, 0], [0, 0, 1.5], [-1.2, -1.2, 0]])
    x[:, :, 0] += code[y]
    x[:, :, 1] += 0.7 * code[y]
    return list(zip(x, flipped(y, LIGHTS, 0.12, draw), strict=True))


def flashes(length: int = 14, batch: int = 32) -> Pairs:
    """How bright a lamp is at each moment, quick or slow, even or in pairs; one label in nine errs."""
    draw = generator(9105)
    y = torch.randint(LIGHTS, (COUNT, batch), generator=draw)
    phase = torch.randint(12, (COUNT, batch, 1), generator=draw)
    at = torch.arange(length) + phase
    patterns = torch.stack([at % 3 == 0, at % 6 == 0, at % 6 < 2, at % 4 < 2], -1).float()
    x = patterns.gather(-1, y[..., None, None].expand(*at.shape, 1))
    x = 2 * x - 0.7 + 0.4 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, LIGHTS, 0.11, draw), strict=True))


def clocks(length: int = 14, batch: int = 40) -> Pairs:
    """Thought, danger and clock at each move, about their means; how long the next move takes."""
    draw = generator(9106)
    danger = torch.randn(COUNT, batch, length, generator=draw)
    left, spent, thought = torch.zeros(COUNT, batch), torch.zeros(COUNT, batch), []
    clock = []
    for move in range(length):
        spent = 0.5 * spent + 0.7 * danger[..., move] * (1 + 0.4 * left.tanh())
        spent = spent + 0.3 * torch.randn(COUNT, batch, generator=draw)
        left = 0.9 * left - 0.4 * spent
        thought.append(spent)
        clock.append(left)
    after = 0.7 * spent - 0.9 * left.tanh() + 0.6 * danger[..., -1].abs() - 0.4
    y = after + 0.35 * torch.randn(COUNT, batch, generator=draw)
    x = torch.stack([torch.stack(thought, -1), danger, torch.stack(clock, -1)], -1)
    return list(zip(x, y[..., None], strict=True))


def subtitles(batch: int = 14) -> Pairs:
    """Words of a line, each told by the one before and a little by the one before that; what follows."""
    draw = generator(9107)
    one, two = 2.3 * torch.randn(2, WORDS, WORDS, generator=draw)
    said = [torch.randint(WORDS, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(LINE - 1):
        chances = torch.softmax(one[said[-1]] + 0.3 * two[said[-2]], -1)
        said.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(said, 1).reshape(COUNT, batch, LINE + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def moods(batch: int = 48) -> Pairs:
    """Twenty words of a scene, common ones more often, and its mood; one label in nine errs."""
    draw = generator(9108)
    y = torch.randint(MOODS, (COUNT, batch), generator=draw)
    common = (LEXICON * torch.rand(COUNT, batch, SAID, generator=draw) ** 2).long()
    own = common - common % MOODS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.4, own, common).clamp(max=LEXICON - 1)
    return list(zip(x, flipped(y, MOODS, 0.11, draw), strict=True))


def loans(batch: int = 96) -> Triples:
    """Pages and age of a book; who borrows which; and how long it is kept, about the mean."""
    draw = generator(9109)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (READERS, BOOKS)], -1)
    slow, hard = torch.randn(READERS, generator=draw), torch.randn(BOOKS, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = slow[who[..., 0]] + 0.9 * hard[who[..., 1]] + 0.5 * x[..., 0] - 0.4 * x[..., 1].abs()
    y = (y + 0.3) / 1.5 + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(x, who, y[..., None], strict=True))


def bells(batch: int = 48) -> Pairs:
    """The spectrum of a struck bell, about its mean, and the same as another microphone has it."""
    draw = generator(9110)
    mix = torch.randn(4, PARTIALS, generator=draw) / 1.8
    bend = torch.randn(4, PARTIALS, generator=draw) / 1.8
    tone = torch.randn(COUNT, batch, 4, generator=draw)
    clean = torch.tanh(tone @ mix) + 0.6 * torch.sin(2 * tone) @ bend
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def glazes(batch: int = 48) -> Pairs:
    """Eight oxides of a glaze, about their means, and the colour it takes in the kiln, with noise."""
    draw = generator(9111)
    first, last = (torch.randn(size, generator=draw) / 2.4 for size in ((RECIPE, 12), (12, COLOUR)))
    x = torch.randn(COUNT, batch, RECIPE, generator=draw)
    y = torch.tanh(1.5 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def keys(batch: int = 48) -> Triples:
    """Cuts of two keys, and whether they open one door; one answer in nine errs."""
    draw = generator(9112)
    door = 1.2 * torch.randn(9, KEY, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((door[y] + 0.8 * torch.randn(COUNT, batch, KEY, generator=draw)) / 1.4 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.11, draw).float(), strict=True))


def copies(batch: int = 32) -> Pairs:
    """A key and a copy of it, as numbers; those beside it in a batch are of other doors."""
    draw = generator(9113)
    door = torch.randn(COUNT, batch, 6, generator=draw)
    mix = torch.randn(6, KEY, generator=draw) / 2.2
    a, b = (door @ mix + 0.75 * torch.randn(COUNT, batch, KEY, generator=draw) for _ in range(2))
    return list(zip(a, b, strict=True))


def villages(batch: int = 24) -> Triples:
    """Two numbers of each village, which villages have a road between, and the trade of all, with noise."""
    draw = generator(9114)
    x = torch.randn(COUNT, batch, VILLAGES, 3, generator=draw)
    roads = (torch.rand(COUNT, batch, VILLAGES, VILLAGES, generator=draw) < 0.45).float().triu(1)
    roads = roads + roads.mT
    near = (roads @ x[..., :1])[..., 0] / (roads.sum(-1) + 1)
    y = 2.2 * (x[..., 1].relu() + near * x[..., 0] + 0.5 * x[..., 2]).mean(-1) - 1.6
    y = y + 0.3 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(x, roads, y[..., None], strict=True))


def ferries(batch: int = 64) -> Triples:
    """Tide, wind and load of a ferry, which of three routes it took, and how well that went."""
    draw = generator(9115)
    x = torch.randn(COUNT, batch, 5, generator=draw)
    route = torch.randint(3, (COUNT, batch), generator=draw)
    bias = torch.tensor([-1.0, 0.0, 1.0])[route]
    y = 1.2 * x[..., 0] * bias - 0.8 * (x[..., 1] - bias).abs() + 0.6 * x[..., 2] + 0.8
    return list(zip(x, route, y + 0.4 * torch.randn(y.shape, generator=draw), strict=True))


def orchards(size: int = 10, batch: int = 16) -> Pairs:
    """A view of an orchard from above, and where there are trees; one point in fourteen errs."""
    draw = generator(9116)
    at = torch.arange(size) - (size - 1) / 2
    slant = torch.randn(COUNT, batch, 1, 1, generator=draw)
    row = at[:, None] + slant * at / 3 + 2 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    tree = (torch.cos(1.6 * row) > 0.45).float()
    x = 1.9 * tree - 0.6 + 0.7 * torch.randn(tree.shape, generator=draw)
    return list(zip(x[:, :, None], flipped(tree.long(), 2, 0.07, draw).float()[:, :, None], strict=True))


def relief(batch: int = 96) -> Pairs:
    """Two coordinates on a map from -1 to 1, and the height there, about the mean, with noise."""
    draw = generator(9117)
    x = 2 * torch.rand(COUNT, batch, 2, generator=draw) - 1
    y = torch.sin(3 * x[..., :1]) + 0.8 * torch.cos(4 * x[..., 1:] + x[..., :1]) - 0.6 * x[..., 1:]
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))
