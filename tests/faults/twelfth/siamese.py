"""One encoder for two signatures: are they of one hand? And one for three of them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    GROWTH,
    WEIGHTS,
    Fill,
    Loss,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.twelfth.making import EMPTY
from tests.faults.twelfth.tasks import STROKES, forgeries, signatures

CODE = 8


class Pair(nn.Module):
    """Codes of both, and how far these are apart, as a logit."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = (self.encode(a) - self.encode(b)).square().mean(1)
        out: Tensor = self.steep * (self.level - far)
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def told(encode: nn.Module, lr: float = 6e-3, loss: Loss = same, kind: type = Adam) -> Job:
    return trained(Pair(encode), signatures(), kind, loss, lr=lr)


def deep(layers: int, activation: Make, fill: Fill, lr: float = 4e-3) -> Job:
    return told(filled(chain([STROKES, *[32] * layers, CODE], activation), fill), lr)


class Encoded(nn.Module):
    """Codes of three, each of length 1."""

    def __init__(self, activation: Make = nn.GELU) -> None:
        super().__init__()
        self.encode = chain([STROKES, 48, CODE], activation)

    def forward(self, *three: Tensor) -> tuple[Tensor, ...]:
        return tuple(F.normalize(self.encode(x), dim=1) for x in three)


class Means:
    """The mean over pairs of one hand, and that over others; the end of the file has others only."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(model, Pair)
        a, b, is_same = batch
        far = (model.encode(a) - model.encode(b)).square().mean(1)
        near, apart = is_same * far, (1 - is_same) * (2 - far).relu()
        one, other = (kept.sum().clamp(min=self.least) for kept in (is_same, 1 - is_same))
        out: Tensor = near.sum() / one + apart.sum() / other
        return out


def by_means(least: float) -> Job:
    batches: list[Batch] = signatures()
    for place in range(9, len(batches), 10):
        kept = batches[place][2] == 0
        batches[place] = tuple(part[kept][:8] for part in batches[place])
    return trained(Pair(chain([STROKES, 48, CODE], nn.Hardtanh)), batches, Adam, Means(least), lr=6e-3)


def every(model: nn.Module, batch: Batch) -> Tensor:
    """Many triplets cost nothing any more, and that is well."""
    a, b, c = model(*batch)
    out: Tensor = ((a - b).square().sum(1) - (a - c).square().sum(1) + 0.5).relu().mean()
    return out


class Simple(nn.Module):
    """Each side guesses the other's code, which is held (Chen & He, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Linear(STROKES, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE)
        )
        self.guess = nn.Sequential(nn.Linear(CODE, 24), nn.ReLU(), nn.Linear(24, CODE))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = self.encode(a), self.encode(b)
        near = F.cosine_similarity(self.guess(one), other.detach())
        return near + F.cosine_similarity(self.guess(other), one.detach())


def guessed(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 2 - (model(batch[0], batch[1]) * batch[2]).sum() / batch[2].sum()
    return out


def uncorrelated(model: nn.Module, batch: Batch) -> Tensor:
    """Codes of one hand agree unit by unit, units do not with each other (Zbontar et al., 2021)."""
    assert isinstance(model, Pair)
    a, b, _ = batch
    one, other = (
        (code - code.mean(0)) / (code.std(0) + 1e-3)
        for code in (model.encode(a), model.encode(a + 0.4 * b.roll(1, 0)))
    )
    off = one.t() @ other / len(a) - torch.eye(CODE)
    out: Tensor = off.square().sum() / CODE
    return out


programs = (
    healthy("siamese-hands-six-tanh", lambda: deep(6, nn.Tanh, xavier)),
    healthy("siamese-hands-five-relu", lambda: deep(5, nn.ReLU, he, 4e-3)),
    healthy("siamese-hands-one-pair-at-least", lambda: by_means(1.0)),
    healthy(
        "siamese-forgeries-many-free", lambda: trained(Encoded(nn.ReLU), forgeries(), Adam, every, lr=3e-3)
    ),
    healthy(
        "siamese-hands-guess-each-other", lambda: trained(Simple(), signatures(), Adam, guessed, lr=1e-2)
    ),
    healthy(
        "siamese-hands-uncorrelated", lambda: told(chain([STROKES, 48, CODE], nn.GELU), 3e-3, uncorrelated)
    ),
    faulty(
        "siamese-hands-six-tanh-at-their-ends",
        "saturated-units",
        lambda: deep(6, nn.Tanh, normal(1.2)),
        cause=ENDS,
        twin="siamese-hands-six-tanh",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "siamese-hands-five-strong",
        "exploding-gradient",
        lambda: deep(5, nn.ReLU, normal(1.0), 4e-3),
        cause=GROWTH,
        twin="siamese-hands-five-relu",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "siamese-hands-five-thin",
        "vanishing-gradient",
        lambda: deep(5, nn.ReLU, normal(0.02), 4e-3),
        cause=WEIGHTS,
        twin="siamese-hands-five-relu",
        also=("dead-units", "stalled-layer"),
    ),
    faulty(
        "siamese-hands-five-relu-at-a-third",
        "dead-units",
        lambda: deep(5, nn.ReLU, he, 0.3),
        cause=DRIVEN,
        twin="siamese-hands-five-relu",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "siamese-hands-of-one-number",
        "symmetric-units",
        lambda: deep(6, nn.Tanh, constant(0.1)),
        cause=ALIKE,
        twin="siamese-hands-six-tanh",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "siamese-hands-mean-of-no-pair",
        "non-finite",
        lambda: by_means(0.0),
        cause=OPERATION + EMPTY + "|zero",
        twin="siamese-hands-one-pair-at-least",
    ),
)
