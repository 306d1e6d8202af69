"""One encoder for two keys: whether they open one door, or which of many is the copy."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain
from tests.faults.drawn.dogwood.tasks import KEY, copies, keys
from tests.faults.eighth.making import GROWTH, UNDEFINED, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 8


class Pair(nn.Module):
    """How near the codes of two keys are, as a logit."""

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


def deep(fill: Fill) -> Job:
    """Five layers that are filled in one way."""
    encode = filled(chain([KEY, *[32] * 5, CODE], nn.LeakyReLU), fill)
    return trained(Pair(encode), keys(), Adam, same, lr=3e-3)


def over_inputs(weight: Tensor) -> None:
    """What should be the variance taken for the deviation."""
    nn.init.normal_(weight, std=1 / weight.shape[1])


def over_root(weight: Tensor) -> None:
    nn.init.normal_(weight, std=1.4 / weight.shape[1] ** 0.5)


class Among:
    """Each key is to find its copy among those of the batch; the logarithm of the sum is torch's or not."""

    def __init__(self, heat: float, *, is_own: bool) -> None:
        self.heat, self.is_own = heat, is_own

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        one, other = (F.normalize(model(x), dim=1) for x in batch)
        scores = one @ other.T / self.heat
        total = scores.exp().sum(1).log() if self.is_own else scores.logsumexp(1)
        return (total - scores.diagonal()).mean()


def found(heat: float, *, is_own: bool) -> Job:
    loss = Among(heat, is_own=is_own)
    return trained(chain([KEY, 48, CODE], nn.GELU), copies(), Adam, loss, lr=8e-3)


# Healthy trainings that look odd


class Crossed(nn.Module):
    """Codes of two views, standardised over the batch (Zbontar et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.even = chain([KEY, 64, 16]), nn.BatchNorm1d(16, affine=False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.even(self.encode(a)).T @ self.even(self.encode(b)) / len(a)
        return out


def as_one(model: nn.Module, batch: Batch) -> Tensor:
    """Each number is to be that of the other view, and none another's."""
    cross = model(*batch)
    own = cross.diagonal()
    out: Tensor = ((1 - own).square().sum() + 0.05 * (cross.square().sum() - own.square().sum())) / 16
    return out


programs = (
    healthy("siamese-keys-five-over-root", lambda: deep(over_root)),
    healthy("siamese-copies-sum-by-torch", lambda: found(0.01, is_own=False)),
    healthy("siamese-copies-two-views-as-one", lambda: trained(Crossed(), copies(64), Adam, as_one, lr=5e-3)),
    faulty(
        "siamese-keys-five-over-inputs",
        "vanishing-gradient",
        lambda: deep(over_inputs),
        cause="weights?|initiali[sz]",
        twin="siamese-keys-five-over-root",
        also=("stalled-layer",),
    ),
    faulty(
        "siamese-keys-five-by-units",
        "exploding-gradient",
        lambda: deep(normal(1.0)),
        cause=GROWTH,
        twin="siamese-keys-five-over-root",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-copies-sum-by-hand",
        "non-finite",
        lambda: found(0.01, is_own=True),
        cause=UNDEFINED + "|infinit|temperature",
        twin="siamese-copies-sum-by-torch",
    ),
)
