"""Pairs of encoders: whether two recordings are of one speaker."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, he, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    INPUT,
    LEFT_OUT,
    SIGMOID,
    UNDEFINED,
    WEIGHTS,
    Fill,
    Loss,
    constant,
    filled,
    trained,
)
from tests.faults.seventh.tasks import speakers, voices

NUMBERS, CODE = 24, 10


class Same(nn.Module):
    """One encoder for both, and a level that tells what is near."""

    def __init__(self, encode: nn.Module, scale: float = 1.0) -> None:
        super().__init__()
        self.encode, self.scale = encode, scale
        self.level = nn.Parameter(torch.zeros(2))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode(self.scale * a), self.encode(self.scale * b)


class Each(Same):
    """An encoder for each of two microphones."""

    def __init__(self, one: nn.Module, other: nn.Module) -> None:
        super().__init__(one)
        self.other = other

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode(a), self.other(b)


def by_angle(model: nn.Module, batch: Batch) -> Tensor:
    """Whether two are of one, by the cosine of their codes, a learned scale and a learned level."""
    a, b, y = batch
    one, two = model(a, b)
    level = model.level
    assert isinstance(level, Tensor)
    near = (4 + level[0]) * F.cosine_similarity(one, two) + level[1] - 1
    return F.binary_cross_entropy_with_logits(near, y)


def by_distance(least: float) -> Loss:
    """Near if of one, and further than a margin if not (Hadsell et al., 2006)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        one, two = model(batch[0], batch[1])
        far = ((one - two).square().mean(1) + least).sqrt()
        out: Tensor = (batch[2] * far.square() + (1 - batch[2]) * F.relu(1 - far).square()).mean()
        return out

    return loss


def of_layers(layers: int, activation: Make = nn.Tanh, fill: Fill = xavier, lr: float = 5e-3) -> Job:
    encode = filled(chain([NUMBERS, *[32] * layers, CODE], activation), fill)
    return trained(Same(encode), voices(), Adam, by_angle, lr=lr)


def in_amperes(scale: float) -> Job:
    """Currents of microphones in amperes, or in units that make them about 1."""
    batches = [(scale * a, scale * b, y) for a, b, y in voices()]
    return trained(Same(chain([NUMBERS, 40, 40, CODE])), batches, Adam, by_angle, lr=5e-3)


def with_itself(least: float) -> Job:
    """Some pairs are of a recording with itself, whose distance is 0."""
    batches = [(a, torch.where(torch.arange(48)[:, None] % 12 == 0, a, b), y) for a, b, y in voices()]
    return trained(Same(chain([NUMBERS, 48, CODE])), batches, Adam, by_distance(least), lr=5e-3)


def both(*, are_known: bool) -> Job:
    model = Each(*(chain([NUMBERS, 40, CODE], nn.SiLU) for _ in range(2)))
    known = [*model.encode.parameters(), model.level]
    known += [*model.other.parameters()] if are_known else []
    return Job(model, AdamW(known, lr=5e-3), voices(), by_angle)


class Taught(nn.Module):
    """A network learns from a slow copy of itself, which gets no gradient (Caron et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([NUMBERS, 64, 16], nn.GELU)
        self.slow = deepcopy(self.encode).requires_grad_(False)
        self.head = nn.Linear(16, 9)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        with torch.no_grad():
            for old, new in zip(self.slow.parameters(), self.encode.parameters(), strict=True):
                old.lerp_(new, 0.1)
            aim = self.slow(b)
        seen = self.encode(a)
        return seen, aim, self.head(seen)


def taught(model: nn.Module, batch: Batch) -> Tensor:
    seen, aim, said = model(batch[0], batch[1])
    apart = 1 - F.cosine_similarity(seen, aim).mean()
    return F.cross_entropy(said, batch[2]) + apart


def in_batch(model: nn.Module, batch: Batch) -> Tensor:
    """Each recording is to find another of its speaker among all (Khosla et al., 2020)."""
    one, two = (F.normalize(code, dim=1) for code in model(batch[0], batch[1]))
    own = (batch[2] == batch[2][:, None]).float()
    return F.cross_entropy(one @ two.t() / 0.2, own / own.sum(1, keepdim=True))


class Asymmetric(nn.Module):
    """One side predicts the other, whose gradient is stopped on purpose (Chen & He, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Linear(NUMBERS, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE)
        )
        self.norm, self.predict = nn.BatchNorm1d(CODE, affine=False), chain([CODE, 24, CODE])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, two = self.norm(self.encode(a)), self.norm(self.encode(b))
        near = F.cosine_similarity(self.predict(one), two.detach())
        near = near + F.cosine_similarity(self.predict(two), one.detach())
        return 1 - near.mean() / 2


def predicted(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = model(batch[0], batch[1])
    return out


programs = (
    healthy("siamese-five-tanh", lambda: of_layers(5)),
    healthy("siamese-two-rectified", lambda: of_layers(2, nn.ReLU, he)),
    healthy("siamese-microphones-on-scale", lambda: in_amperes(1.0)),
    healthy("siamese-itself-a-bit-apart", lambda: with_itself(1e-6)),
    healthy("siamese-both-known", lambda: both(are_known=True)),
    healthy("siamese-taught-by-its-past", lambda: trained(Taught(), speakers(), Adam, taught, lr=1e-2)),
    healthy(
        "siamese-speakers-in-batch",
        lambda: trained(Same(chain([NUMBERS, 48, CODE])), speakers(), AdamW, in_batch, lr=5e-3),
    ),
    healthy(
        "siamese-stopped-on-one-side",
        lambda: trained(Asymmetric(), speakers(), SGD, predicted, lr=0.1, momentum=0.9),
    ),
    healthy(
        "siamese-descent-at-two",
        lambda: trained(
            Same(nn.Sequential(nn.Linear(NUMBERS, 48), nn.LayerNorm(48), nn.GELU(), nn.Linear(48, CODE))),
            voices(),
            SGD,
            by_angle,
            lr=2.0,
        ),
    ),
    faulty(
        "siamese-five-sigmoids",
        "vanishing-gradient",
        lambda: of_layers(5, nn.Sigmoid),
        cause=SIGMOID,
        twin="siamese-five-tanh",
    ),
    faulty(
        "siamese-five-tanh-gain-of-eight",
        "saturated-units",
        lambda: of_layers(5, fill=lambda weight: xavier(weight, 8.0)),
        cause=WEIGHTS + "|gain|pre-activation",
        twin="siamese-five-tanh",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "siamese-two-of-one-value",
        "symmetric-units",
        lambda: of_layers(2, nn.ReLU, constant(0.1)),
        cause=ALIKE,
        twin="siamese-two-rectified",
        also=("vanishing-gradient",),
    ),
    faulty(
        "siamese-microphones-in-amperes",
        "unscaled-input",
        lambda: in_amperes(2e-4),
        cause=INPUT + "|small",
        twin="siamese-microphones-on-scale",
        also=("dead-units",),
    ),
    faulty(
        "siamese-with-itself",
        "non-finite",
        lambda: with_itself(0.0),
        cause=UNDEFINED + "|distance|norm",
        twin="siamese-itself-a-bit-apart",
    ),
    faulty(
        "siamese-one-known",
        "stalled-layer",
        lambda: both(are_known=False),
        cause=LEFT_OUT,
        twin="siamese-both-known",
    ),
)
