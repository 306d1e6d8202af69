"""Pairs of encoders that learn from two views of one thing."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain
from tests.faults.fourth.making import GROWTH, STEP, refilled, trained
from tests.faults.fourth.tasks import views
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 8


class Two(nn.Module):
    """An encoder a view."""

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
        super().__init__()
        self.one, self.other = one, other

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.one(a), self.other(b)


def contrast(model: nn.Module, batch: Batch) -> Tensor:
    """Each view is to find the other one of its own among all (CLIP; Radford et al., 2021)."""
    a, b, _ = batch
    one, two = model(a, b)
    near = 5 * F.normalize(one, dim=1) @ F.normalize(two, dim=1).t()
    own = torch.arange(len(a))
    return (F.cross_entropy(near, own) + F.cross_entropy(near.t(), own)) / 2


def agree(model: nn.Module, batch: Batch) -> Tensor:
    """Whether two things are of one kind, by the square of how far apart their codes are."""
    a, b, kind = batch
    one, two = model(a, b.roll(1, 0))
    same = (kind == kind.roll(1, 0)).float()
    apart = (one - two).square().mean(1)
    weight = 1 + 4 * same
    return F.binary_cross_entropy_with_logits(2 - apart, same, weight=weight)


def stretched(gain: float) -> Job:
    """Seven layers, orthogonal times a gain."""
    sides = [chain([16, *[24] * 6, CODE], nn.ELU) for _ in range(2)]
    model = refilled(Two(*sides), lambda weight: nn.init.orthogonal_(weight, gain=gain))
    return trained(model, views(), Adam, agree, lr=3e-3)


def descending(lr: float = 0.02, kind: type = AdamW, **settings: object) -> Job:
    model = Two(chain([16, 32, CODE], nn.SiLU), chain([16, 32, CODE], nn.SiLU))
    return trained(model, views(), kind, contrast, lr=lr, **settings)


class Followed(nn.Module):
    """One side learns to predict the other, which follows it slowly (Grill et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(32, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE))
        self.predict = chain([CODE, 32, CODE])
        self.slow = deepcopy(self.encode).requires_grad_(False)

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                for old, new in zip(self.slow.parameters(), self.encode.parameters(), strict=True):
                    old.lerp_(new, 0.05)
        with torch.no_grad():
            aim = F.normalize(self.slow(other), dim=1)
        said = F.normalize(self.predict(self.encode(one)), dim=1)
        out: Tensor = 1 - (said * aim).sum(1).mean()
        return out


def shown(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Each view in its own place, and nothing in the other's, so that there is something to predict."""
    nothing = torch.zeros_like(a)
    return torch.cat([a, nothing], 1), torch.cat([nothing, b], 1)


def followed() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        out: Tensor = model(*shown(batch[0], batch[1]))
        return out

    return trained(Followed(), views(), Adam, loss, lr=5e-3)


class Stopped(nn.Module):
    """Both views by one encoder, and a gradient for one side at a time (Chen & He, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(32, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE))
        self.encode.append(nn.BatchNorm1d(CODE, affine=False))
        self.predict = chain([CODE, 16, CODE])

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        a, b = self.encode(one), self.encode(other)
        near = F.cosine_similarity(self.predict(a), b.detach()) + F.cosine_similarity(
            self.predict(b), a.detach()
        )
        return 1 - near.mean() / 2


def stopped() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        out: Tensor = model(*shown(batch[0], batch[1]))
        return out

    return trained(Stopped(), views(), SGD, loss, lr=0.1, momentum=0.9)


def hardest(model: nn.Module, batch: Batch) -> Tensor:
    """The nearest one of another kind is to be further away than the own view, by a margin."""
    a, b, kind = batch
    one, two = model(a, b)
    apart = torch.cdist(F.normalize(one, dim=1), F.normalize(two, dim=1))
    other = apart.masked_fill(kind == kind[:, None], torch.inf).amin(1)
    return F.relu(apart.diagonal() - other + 0.5).mean()


class Central(nn.Module):
    """Kinds have learned centres, to which codes of length 1 point (Wang et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.centres = chain([32, 48, CODE]), nn.Parameter(torch.randn(6, CODE))

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.encode(x), dim=1) @ F.normalize(self.centres, dim=1).t()


def central() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        a, b, kind = batch
        near = model(torch.cat([a, b], 1)) - 0.3 * F.one_hot(kind, 6)
        return F.cross_entropy(4 * near, kind)

    return trained(Central(), views(), Adam, loss, lr=1e-2)


programs = (
    healthy("siamese-orthogonal", lambda: stretched(1.0)),
    healthy("siamese-each-finds-its-own", descending),
    healthy("siamese-followed-slowly", followed),
    healthy("siamese-stopped-gradient", stopped),
    healthy(
        "siamese-hardest",
        lambda: trained(
            Two(chain([16, 32, CODE], nn.Tanh), chain([16, 32, CODE], nn.Tanh)),
            views(),
            Adam,
            hardest,
            lr=5e-3,
        ),
    ),
    healthy("siamese-centres", central),
    faulty(
        "siamese-orthogonal-gain-of-five",
        "exploding-gradient",
        lambda: stretched(5.0),
        cause=GROWTH,
        twin="siamese-orthogonal",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-beta-of-a-hundredth",
        "unstable-updates",
        lambda: descending(betas=(0.9, 0.01)),
        cause=STEP + "|beta|moment",
        twin="siamese-each-finds-its-own",
    ),
)
