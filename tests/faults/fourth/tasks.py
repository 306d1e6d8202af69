"""What the programs of the second fourth part learn; noise in targets keeps the best loss well above 0."""

from functools import cache

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor
from torch.nn import functional as F

from tests.faults.tasks import Pairs, flipped, generator

Triples = list[tuple[Tensor, Tensor, Tensor]]

COUNT = 60  # batches: as many as there are steps
ARMS, COLOURS, NOTES = 3, 4, 12
USERS, FILMS = 60, 40
NODES, COMMUNITIES = 48, 4
ACTIONS = 5
HIDDEN_STEPS = 1000  # of noise, of a diffusion


def spirals(batch: int = 96, redrawn: float = 0.1) -> Pairs:
    """Points of three arms that wind once around the middle."""
    draw = generator(81)
    y = torch.randint(ARMS, (COUNT, batch), generator=draw)
    along = torch.rand(COUNT, batch, generator=draw)
    angle = 3.5 * along + 2 * torch.pi * y / ARMS
    x = 2.4 * along.sqrt()[..., None] * torch.stack([angle.cos(), angle.sin()], -1)
    x = x + 0.15 * torch.randn(x.shape, generator=draw)
    return list(zip(x, flipped(y, ARMS, redrawn, draw), strict=True))


@cache
def _patients() -> tuple[Tensor, Tensor]:
    x, y = load_diabetes(return_X_y=True, scaled=False)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]


def patients(batch: int = 48, *, is_standardised: bool = True) -> Pairs:
    """Ten measurements of a patient, and how an illness went on, on unit scale."""
    x, y = _patients()
    x = (x - x.mean(0)) / x.std(0) if is_standardised else x
    y = (y - y.mean()) / y.std()
    which = torch.randint(len(x), (COUNT, batch), generator=generator(82))
    return list(zip(x[which], y[which], strict=True))


def waves_of(batch: int = 64, inputs: int = 6) -> Pairs:
    """A sum of bent functions of single numbers and of one pair, on unit scale, with noise."""
    draw = generator(83)
    x = torch.randn(COUNT, batch, inputs, generator=draw)
    y = (
        torch.sin(2 * x[..., 0])
        + x[..., 1].abs()
        - 0.8
        + 0.7 * x[..., 2] * x[..., 3].sign()
        + 0.5 * x[..., 4]
    )
    return list(zip(x, (y + 0.4 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def discs(size: int = 12, batch: int = 32) -> Triples:
    """Images of a disc in one of four colours on noise; which colour; and where, in pixels of 0 and 1.

    One label in five and one pixel in twenty are drawn anew.
    """
    draw = generator(84)
    y = torch.randint(COLOURS, (COUNT, batch), generator=draw)
    radius = 2 + 2 * torch.rand(COUNT, batch, 1, 1, generator=draw)
    centre = 2.5 + (size - 6) * torch.rand(2, COUNT, batch, 1, 1, generator=draw)
    at = torch.arange(size).float()
    far = (at - centre[0]).square() + (at[:, None] - centre[1]).square()
    inside = (far < radius.square()).float()
    colours = torch.tensor([[2.0, 0, 0], [0, 2, 0], [0, 0, 2], [1.5, 1.5, 0]])[y][..., None, None]
    x = 0.5 * torch.randn(COUNT, batch, 3, size, size, generator=draw) + colours * inside[:, :, None] - 0.2
    mask = flipped(inside.long(), 2, 0.05, draw).float()
    return list(zip(x, flipped(y, COLOURS, 0.2, draw), mask, strict=True))


def coloured(size: int = 12, batch: int = 32) -> Pairs:
    return [(x, y) for x, y, _ in discs(size, batch)]


def masks(size: int = 12, batch: int = 16) -> Pairs:
    return [(x, mask) for x, _, mask in discs(size, batch)]


def melodies(length: int = 14, batch: int = 20) -> Pairs:
    """Notes of an octave that go up and down in small steps, and the note after each."""
    draw = generator(85)
    steps = torch.tensor([-2, -1, 1, 2, 5])
    chances = torch.tensor([0.1, 0.3, 0.4, 0.15, 0.05])
    moves = steps[torch.multinomial(chances, COUNT * batch * length, replacement=True, generator=draw)]
    first = torch.randint(NOTES, (COUNT, batch, 1), generator=draw)
    notes = torch.cat([first, first + moves.reshape(COUNT, batch, length).cumsum(-1)], -1) % NOTES
    return list(zip(notes[..., :-1], notes[..., 1:], strict=True))


def most_common(length: int = 12, batch: int = 48) -> Pairs:
    """Sequences of notes, and in which quarter of the octave most of them lie."""
    draw = generator(86)
    y = torch.randint(4, (COUNT, batch), generator=draw)
    own = 3 * y[..., None] + torch.randint(3, (COUNT, batch, length), generator=draw)
    other = torch.randint(NOTES, (COUNT, batch, length), generator=draw)
    x = torch.where(torch.rand(own.shape, generator=draw) < 0.35, own, other)
    return list(zip(x, flipped(y, 4, 0.1, draw), strict=True))


def fading(length: int = 16, batch: int = 48) -> Pairs:
    """A series of two numbers a step, and what a memory that fades by a tenth a step holds in the end."""
    draw = generator(87)
    x = torch.randn(COUNT, batch, length, 2, generator=draw)
    share = 0.9 ** torch.arange(length - 1, -1, -1.0)
    y = (x[..., 0] * share).sum(-1, keepdim=True) / share.square().sum().sqrt()
    return list(zip(x, y + 0.3 * torch.randn(y.shape, generator=draw), strict=True))


def warmth(length: int = 14, batch: int = 48) -> Pairs:
    """Temperatures of some days, as degrees from the usual over five, and that of the next day."""
    draw = generator(88)
    level = 1.2 * torch.randn(COUNT, batch, 1, generator=draw)
    drift = 0.08 * torch.randn(COUNT, batch, 1, generator=draw)
    x = level + drift * torch.arange(length + 1) + 0.4 * torch.randn(COUNT, batch, length + 1, generator=draw)
    return list(zip(x[..., :-1, None], x[..., -1:], strict=True))


def ciphers(length: int = 7, batch: int = 32) -> Pairs:
    """Words of eight letters, and the same backwards in other letters; one letter in ten is drawn anew."""
    draw = generator(89)
    x = torch.randint(8, (COUNT, batch, length), generator=draw)
    key = torch.randperm(8, generator=draw)
    return list(zip(x, flipped(key[x.flip(-1)], 8, 0.1, draw), strict=True))


def ratings(batch: int = 128) -> Pairs:
    """A user and a film, and how much the one liked the other, by three hidden tastes and noise."""
    draw = generator(90)
    tastes = torch.randn(USERS, 3, generator=draw), torch.randn(FILMS, 3, generator=draw)
    user = torch.randint(USERS, (COUNT, batch), generator=draw)
    film = torch.randint(FILMS, (COUNT, batch), generator=draw)
    mean = torch.randn(USERS, generator=draw)
    y = 0.5 * (tastes[0][user] * tastes[1][film]).sum(-1) + mean[user]
    y = y + 0.4 * torch.randn(y.shape, generator=draw)
    return list(zip(torch.stack([user, film], -1), y, strict=True))


def tones(size: int = 24, batch: int = 48) -> Pairs:
    """Curves of two tones, with noise, and the curves without it but with noise of their own."""
    draw = generator(91)
    phase = 2 * torch.pi * torch.rand(2, COUNT, batch, 1, generator=draw)
    pitch = 0.25 + 0.35 * torch.rand(2, COUNT, batch, 1, generator=draw)
    at = torch.arange(size).float()
    clean = torch.sin(phase[0] + pitch[0] * at) + 0.6 * torch.sin(phase[1] + 1.5 * pitch[1] * at)
    noise = torch.randn(2, *clean.shape, generator=draw)
    return list(zip(clean + 0.2 * noise[0], clean + 0.3 * noise[1], strict=True))


def halves_of_tones() -> Pairs:
    """The first half of a curve, and the whole of it."""
    return [(x[:, :12], y) for x, y in tones()]


def views(batch: int = 48) -> Triples:
    """Two unlike views of one hidden thing each, and which of six kinds it is."""
    draw = generator(92)
    y = torch.randint(6, (COUNT, batch), generator=draw)
    kinds = 1.6 * torch.randn(6, 6, generator=draw)
    hidden = kinds[y] + 0.5 * torch.randn(COUNT, batch, 6, generator=draw)
    seen = []
    for _ in range(2):
        mix = torch.randn(6, 16, generator=draw) / 6**0.5
        seen.append(torch.tanh(hidden @ mix) + 0.4 * torch.randn(COUNT, batch, 16, generator=draw))
    return list(zip(seen[0], seen[1], y, strict=True))


def network() -> Tensor:
    """Who knows whom: four communities of twelve, dense inside and thin between; each knows itself."""
    draw = generator(93)
    own = torch.arange(NODES) % COMMUNITIES
    chance = torch.where(own == own[:, None], 0.55, 0.06)
    known = (torch.rand(NODES, NODES, generator=draw) < chance).float().triu(1)
    return known + known.t() + torch.eye(NODES)


def members(numbers: int = 8) -> Pairs:
    """What members of the network say, mostly noise, and their communities; one in ten has moved."""
    draw = generator(94)
    y = (torch.arange(NODES) % COMMUNITIES).expand(COUNT, NODES)
    said = F.one_hot(y, numbers).float() + 0.9 * torch.randn(COUNT, NODES, numbers, generator=draw)
    return list(zip(said, flipped(y, COMMUNITIES, 0.1, draw), strict=True))


def choices(batch: int = 64) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """States, what was done in them, what it brought, and what could be done at all.

    What is brought depends on the state and on how well the action fits; a third of the actions is
    not allowed, and never the one that was taken.
    """
    draw = generator(95)
    state = torch.randn(COUNT, batch, 6, generator=draw)
    action = torch.randint(ACTIONS, (COUNT, batch), generator=draw)
    fit = state @ torch.randn(6, ACTIONS, generator=draw) / 6**0.5
    brought = torch.tanh(state[..., 0] + state[..., 1]) + 0.8 * fit.gather(-1, action[..., None])[..., 0]
    brought = brought + 0.3 * torch.randn(brought.shape, generator=draw)
    allowed = torch.rand(COUNT, batch, ACTIONS, generator=draw) > 0.33
    allowed |= F.one_hot(action, ACTIONS) > 0
    return list(zip(state, action, brought, allowed, strict=True))


def diffused(batch: int = 96) -> Pairs:
    """Points of a ring under noise of a random strength, with how many steps of noise; and the noise."""
    draw = generator(96)
    angle = 2 * torch.pi * torch.rand(COUNT, batch, generator=draw)
    clean = 1.4 * torch.stack([angle.cos(), angle.sin()], -1)
    steps = torch.randint(1, HIDDEN_STEPS, (COUNT, batch, 1), generator=draw).float()
    kept = torch.cos(0.5 * torch.pi * steps / HIDDEN_STEPS).square()
    noise = torch.randn(clean.shape, generator=draw)
    return list(
        zip(torch.cat([kept.sqrt() * clean + (1 - kept).sqrt() * noise, steps], -1), noise, strict=True)
    )


def cases(batch: int = 64) -> list[tuple[Tensor, Tensor]]:
    """Eight numbers, of which the first two tell which of four linear functions of the others holds."""
    draw = generator(97)
    x = torch.randn(COUNT, batch, 8, generator=draw)
    which = (x[..., 0] > 0).long() + 2 * (x[..., 1] > 0).long()
    slopes = torch.randn(4, 6, generator=draw)[which] / 2
    y = (x[..., 2:] * slopes).sum(-1, keepdim=True)
    return list(zip(x, y + 0.4 * torch.randn(y.shape, generator=draw), strict=True))


def visits(batch: int = 64) -> Triples:
    """How often a customer came by each of nine doors, what was spent, and whether it was sent back."""
    draw = generator(98)
    busy = torch.randn(COUNT, batch, 9, generator=draw).mul(0.7).exp() * 3
    x = torch.poisson(busy, generator=draw)
    level = ((x + 1).log() - 1.2) / 0.6
    spent = level[..., 0] - 0.8 * level[..., 1] + 0.6 * level[..., 2] * level[..., 3]
    spent = spent + 0.4 * torch.randn(spent.shape, generator=draw)
    back = torch.rand(spent.shape, generator=draw) < torch.sigmoid(2 * level[..., 4] - level[..., 0])
    return list(zip(x, spent, back.float(), strict=True))


def swings(batch: int = 40) -> list[tuple[Tensor, Tensor]]:
    """Moments of a damped swing, and where it was measured then, with noise."""
    draw = generator(99)
    at = 3 * torch.rand(COUNT, batch, 1, generator=draw)
    where = 1.5 * torch.exp(-0.15 * at) * torch.cos(1.5 * at)
    return list(zip(at / 1.5 - 1, where + 0.3 * torch.randn(where.shape, generator=draw), strict=True))
