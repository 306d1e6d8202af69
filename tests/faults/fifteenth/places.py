"""What the programs of rarer families in the fifteenth part learn: dunes, springs, ponds, hamlets, lifts."""

import torch
from torch.nn import functional as F

from tests.faults.fifteenth.tasks import COUNT, HAMLETS, Triples
from tests.faults.tasks import Pairs, flipped, generator


def dunes(batch: int = 128) -> Pairs:
    """Where one stands on a square from -1 to 1, and how high the sand is there, about its mean."""
    draw = generator(1521)
    x = 2 * torch.rand(COUNT, batch, 2, generator=draw) - 1
    y = torch.sin(5 * x[..., 0] + 1.5 * torch.sin(3 * x[..., 1])) + 0.5 * torch.cos(4 * x[..., 1])
    return list(zip(x, (y + 0.3 * torch.randn(y.shape, generator=draw))[..., None], strict=True))


def springs(batch: int = 64) -> Pairs:
    """Places and speeds of two weights on springs, and where they are a little later, with noise."""
    draw = generator(1522)
    x = torch.randn(COUNT, batch, 4, generator=draw)
    pull = torch.tensor([[-2.0, 1.0], [1.0, -2.0]])
    now = x
    for _ in range(30):
        push = now[..., :2] @ pull - 0.3 * now[..., :2] ** 3 - 0.2 * now[..., 2:]
        now = now + 0.05 * torch.cat([now[..., 2:], push.clamp(-6, 6)], -1)
    return list(zip(x, now + 0.3 * torch.randn(x.shape, generator=draw), strict=True))


def ponds(size: int = 10, batch: int = 16) -> Pairs:
    """Fields from the air, and which points are water, which few are; one point in thirty errs."""
    draw = generator(1523)
    at = torch.arange(size) - (size - 1) / 2
    place = 2.0 * torch.randn(2, COUNT, batch, 1, 1, generator=draw)
    radius = 1.2 + torch.rand(COUNT, batch, 1, 1, generator=draw)
    water = ((at[:, None] - place[0]).square() + (at - place[1]).square() < radius.square()).float()
    x = 2.2 * water - 0.3 + 0.6 * torch.randn(water.shape, generator=draw)
    y = flipped(water.long(), 2, 0.06, draw).float()
    return list(zip(x[:, :, None], y[:, :, None], strict=True))


def hamlets(batch: int = 24) -> Triples:
    """Three numbers of each hamlet in a valley, which are joined by a path, and how well the valley does."""
    draw = generator(1524)
    x = torch.randn(COUNT, batch, HAMLETS, 3, generator=draw)
    joined = (torch.rand(COUNT, batch, HAMLETS, HAMLETS, generator=draw) < 0.4).float().triu(1)
    joined = joined + joined.mT
    near = (joined @ x[..., :1])[..., 0] / (joined.sum(-1) + 1)
    y = 2.0 * (near * x[..., 1] + 0.8 * x[..., 2].relu() - 0.3).mean(-1)
    y = y + 0.3 * torch.randn(y.shape, generator=draw)
    return list(zip(x, joined, y[..., None], strict=True))


def lifts(batch: int = 64) -> Triples:
    """Six numbers of who waits where, to which of three floors the lift went, and what that was worth."""
    draw = generator(1525)
    x = torch.randn(COUNT, batch, 6, generator=draw)
    went = torch.randint(3, (COUNT, batch), generator=draw)
    waits = x[..., :3].gather(-1, went[..., None])[..., 0]
    worth = waits + 0.4 * (x[..., 3] * waits.sign()) + 0.5 * F.one_hot(went, 3)[..., 1]
    return list(zip(x, went, worth + 0.35 * torch.randn(worth.shape, generator=draw), strict=True))
