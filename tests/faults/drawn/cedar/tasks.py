"""What cedar's programs learn; noise in targets keeps the best loss well above 0."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
SPECIES, MOTIFS, REGIONS, WARDS = 5, 4, 4, 4
SYLLABLES, SAYING = 14, 10
WORDS, GREETING = 60, 8
COLLECTORS, CARDS = 40, 30
LINES, NOTE, STAMP, HAND, ATOMS = 24, 9, 20, 14, 10


def crystals(batch: int = 64) -> Pairs:
    """Eight numbers of a unit cell, on unit scale; the width of its gap, about the mean."""
    draw = generator(190301)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    y = torch.sin(1.4 * x[..., 0] + x[..., 1]) + 0.8 * x[..., 2] * torch.tanh(x[..., 3])
    y = y + 0.7 * x[..., 4].abs() - 0.56 + 0.4 * x[..., 5]
    return list(zip(x, y[..., None] + 0.35 * torch.randn(*y.shape, 1, generator=draw), strict=True))


def mushrooms(batch: int = 64) -> Pairs:
    """Ten measures of a mushroom, about their means; its species, of which one in ten is drawn anew."""
    draw = generator(190302)
    forms = 1.1 * torch.randn(3 * SPECIES, 10, generator=draw)
    which = torch.randint(3 * SPECIES, (COUNT, batch), generator=draw)
    x = (forms[which] + 0.7 * torch.randn(COUNT, batch, 10, generator=draw)) / 1.3
    return list(zip(x, flipped(which % SPECIES, SPECIES, 0.1, draw), strict=True))


def taught(batch: int = 64) -> Pairs:
    """The same mushrooms, and what a sharp teacher told of each, kept in half precision: many are 0."""
    draw = generator(190303)
    layer, head = torch.randn(10, 24, generator=draw) / 3, torch.randn(24, SPECIES, generator=draw)
    told: Pairs = []
    for x, _ in mushrooms(batch):
        logits = 3.4 * torch.tanh(x @ layer) @ head + 3.0 * torch.randn(len(x), SPECIES, generator=draw)
        told.append((x, logits.softmax(1).half().float()))
    return told


def postcards(size: int = 10, batch: int = 24) -> Pairs:
    """Grey pictures of a tower, a shore, a hill or a bridge, 0 to 255; one label in eight is drawn anew."""
    draw = generator(190304)
    y = torch.randint(MOTIFS, (COUNT, batch), generator=draw)
    at = torch.arange(size).float()
    row, column = at[:, None].expand(size, size), at.expand(size, size)
    centre = size / 2 + torch.randn(COUNT, batch, 1, 1, generator=draw)
    tower = (column - centre).abs() < 1.6
    shore = (row - centre).abs() < 1.6
    hill = row > size - 1.2 * (size / 2 - (column - centre).abs())
    bridge = ((row - centre).abs() < 0.8) | ((column % 4 < 1) & (row > centre))
    motif = torch.stack([tower, shore, hill, bridge], 2).float()  # [count, batch, motif, row, column]
    shown = motif.gather(2, y[..., None, None, None].expand(-1, -1, 1, size, size))
    ink = 60 + 50 * torch.rand(COUNT, batch, 1, 1, 1, generator=draw)
    x = 70 + ink * shown + 30 * torch.randn(shown.shape, generator=draw)
    return list(zip(x.clamp(0, 255).round(), flipped(y, MOTIFS, 0.12, draw), strict=True))


def scaled(x: Tensor) -> Tensor:
    """Grey values about their mean and over their deviation."""
    return (x - 97.0) / 50.0


def dialects(length: int = 14, batch: int = 40) -> Pairs:
    """Four formants at each step; the first two tell the region, then comes chatter; one in ten errs."""
    draw = generator(190305)
    y = torch.randint(REGIONS, (COUNT, batch), generator=draw)
    x = 0.35 * torch.randn(COUNT, batch, length, 4, generator=draw)
    x[:, :, 0] += 1.9 * F.one_hot(y, 4)
    x[:, :, 1] += 0.9 * F.one_hot((y + 1) % 4, 4)
    return list(zip(x, flipped(y, REGIONS, 0.1, draw), strict=True))


def marathons(length: int = 15, batch: int = 40) -> Pairs:
    """Pulse, pace and slope at each mile, about their means; how late the runner is at the end."""
    draw = generator(190306)
    slope = torch.randn(COUNT, batch, length, generator=draw)
    fit = torch.randn(COUNT, batch, 1, generator=draw)
    pace = 0.6 * fit + 0.5 * slope + 0.6 * torch.randn(COUNT, batch, length, generator=draw)
    pulse = 0.7 * slope - 0.5 * fit + 0.5 * torch.randn(COUNT, batch, length, generator=draw)
    tired = (0.9 ** torch.arange(length).flip(0) * (pulse.relu() + 0.6 * pace)).sum(-1)
    y = (tired - tired.mean()) / tired.std() + 0.35 * torch.randn(COUNT, batch, generator=draw)
    return list(zip(torch.stack([pulse, pace, slope], -1), y[..., None], strict=True))


def sayings(batch: int = 16) -> Pairs:
    """Syllables of a saying, each told by the two before it; and the one that follows each."""
    draw = generator(190307)
    near, far = 2.0 * torch.randn(2, SYLLABLES, SYLLABLES, generator=draw)
    said = [torch.randint(SYLLABLES, (COUNT * batch,), generator=draw) for _ in range(2)]
    for _ in range(SAYING - 1):
        chances = torch.softmax(1.2 * near[said[-1]] + 0.3 * far[said[-2]], -1)
        said.append(torch.multinomial(chances, 1, generator=draw)[:, 0])
    x = torch.stack(said, 1).reshape(COUNT, batch, SAYING + 1)
    return list(zip(x[..., :-1], x[..., 1:], strict=True))


def greetings(batch: int = 48) -> Pairs:
    """Words of a greeting, 0 where it is shorter (some cards are blank); who wrote it; one in ten errs."""
    draw = generator(190308)
    y = torch.randint(WARDS, (COUNT, batch), generator=draw)
    common = 1 + (WORDS * torch.rand(COUNT, batch, GREETING, generator=draw) ** 2).long()
    own = common - common % WARDS + y[..., None]
    x = torch.where(torch.rand(common.shape, generator=draw) < 0.6, own, common).clamp(1, WORDS)
    length = torch.randint(0, 2 * GREETING, (COUNT, batch, 1), generator=draw)
    return list(
        zip(torch.where(torch.arange(GREETING) < length, x, 0), flipped(y, WARDS, 0.1, draw), strict=True)
    )


def bids(batch: int = 96) -> Triples:
    """Age and wear of a card; who bids on which; and the bid, about the mean."""
    draw = generator(190309)
    who = torch.stack([torch.randint(n, (COUNT, batch), generator=draw) for n in (COLLECTORS, CARDS)], -1)
    keen, rare = torch.randn(COLLECTORS, 2, generator=draw), torch.randn(CARDS, 2, generator=draw)
    x = torch.randn(COUNT, batch, 2, generator=draw)
    y = (keen[who[..., 0], 0] + rare[who[..., 1], 0]) * 0.9 + 0.5 * x[..., 0] - 0.4 * x[..., 1].abs() + 0.3
    y = y + 0.5 * keen[who[..., 0], 1] * rare[who[..., 1], 1]
    return list(zip(x, who, y[..., None] + 0.4 * torch.randn(*y.shape, 1, generator=draw), strict=True))


def spectra(batch: int = 48) -> Pairs:
    """Lines of a powder, from four hidden numbers, with noise; and the same measured once more."""
    draw = generator(190310)
    hidden = torch.randn(COUNT, batch, 4, generator=draw)
    at = torch.linspace(-2, 2, LINES)
    tilt = hidden[..., 2:3] * at * 0.6
    clean = (1.6 + hidden[..., 1:2]) * (-(at - hidden[..., :1]).square() * 1.5).exp() + tilt
    clean = clean + 0.6 * hidden[..., 3:] * torch.sin(2.5 * at) - 0.3
    x, y = clean + 0.35 * torch.randn(2, *clean.shape, generator=draw)
    return list(zip(x, y, strict=True))


def stamps(batch: int = 48) -> Pairs:
    """Nine numbers that order a stamp, and twenty that it is printed by, with noise."""
    draw = generator(190311)
    first, last = (torch.randn(size, generator=draw) / 2.4 for size in ((NOTE, 16), (16, STAMP)))
    x = torch.randn(COUNT, batch, NOTE, generator=draw)
    y = torch.tanh(1.5 * x @ first) @ last
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def hands(batch: int = 48) -> Triples:
    """Two cards each, and whether one hand wrote both; one answer in ten errs."""
    draw = generator(190312)
    hand = 1.2 * torch.randn(9, HAND, generator=draw)
    one, other = torch.randint(9, (2, COUNT, batch), generator=draw)
    other = torch.where(torch.rand(one.shape, generator=draw) < 0.45, one, other)
    a, b = ((hand[y] + 0.8 * torch.randn(COUNT, batch, HAND, generator=draw)) / 1.4 for y in (one, other))
    return list(zip(a, b, flipped((one == other).long(), 2, 0.1, draw).float(), strict=True))


def speakers(batch: int = 32) -> Pairs:
    """Two recordings, as numbers, of one speaker each; those beside it in a batch are others."""
    draw = generator(190313)
    voice, mix = torch.randn(COUNT, batch, 6, generator=draw), torch.randn(6, HAND, generator=draw) / 2
    a, b = (voice @ mix + 0.5 * torch.randn(COUNT, batch, HAND, generator=draw) for _ in range(2))
    return list(zip(a, b, strict=True))


def lattices(batch: int = 24) -> Triples:
    """Charge and size of atoms, which are bound, and the energy of the whole, with noise."""
    draw = generator(190314)
    x = torch.randn(COUNT, batch, ATOMS, 3, generator=draw)
    bound = (torch.rand(COUNT, batch, ATOMS, ATOMS, generator=draw) < 0.5).float().triu(1)
    bound = bound + bound.mT
    near = (bound @ x[..., :1])[..., 0] / (bound.sum(-1) + 1)
    y = 2.0 * (x[..., 0] * near + 0.7 * x[..., 1].abs() - 0.5).mean(-1) + x[..., 2].mean(-1)
    return list(
        zip(x, bound, y[..., None] + 0.25 * torch.randn(COUNT, batch, 1, generator=draw), strict=True)
    )


def caps(size: int = 10, batch: int = 12) -> Pairs:
    """Pictures of the floor of a wood, and which points are a cap; one point in thirty errs."""
    draw = generator(190315)
    at = torch.arange(size).float()
    row, column = 2 + (size - 4) * torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    wide = 1.4 + 1.0 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    inside = (((at[:, None] - row) / 0.8).square() + (at - column).square() < wide.square()).float()
    x = 2.0 * inside - 0.3 + 0.7 * torch.randn(inside.shape, generator=draw)
    y = flipped(inside.long(), 2, 0.03, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))


def misread() -> Pairs:
    """The same crystals, of whose gaps a few were misread by far."""
    draw = generator(190316)
    return [(x, y + 11.0 * (torch.rand(y.shape, generator=draw) < 0.003)) for x, y in crystals()]


def shades() -> Pairs:
    """Points of one postcard, and how grey each is, with noise."""
    draw = generator(190317)
    x = 2 * torch.rand(COUNT, 256, 2, generator=draw) - 1
    y = torch.sin(5 * x[..., :1] + 2 * x[..., 1:]) + (x.square().sum(-1, keepdim=True) < 0.4).float()
    return list(zip(x, y - 0.3 + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def races() -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """How a runner is, how he is later, the pace that he took, and what was won by it."""
    draw = generator(190318)
    x, then = torch.randn(2, COUNT, 64, 4, generator=draw)
    pace = torch.randint(3, (COUNT, 64, 1), generator=draw)
    won = 1.2 * (pace - 1) * x[..., :1] - 0.8 * (pace - 1).abs() * x[..., 1:2] + 0.6 * x[..., 2:3]
    won = won + 0.4 * torch.randn(won.shape, generator=draw)
    return list(zip(x, 0.7 * x + 0.7 * then, pace, won, strict=True))
