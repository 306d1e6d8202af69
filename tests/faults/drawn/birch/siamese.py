"""One encoder for two recordings of bearings, or for two photographs of a shard among others."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Scheduled, chain, he
from tests.faults.drawn.birch.tasks import VIBRATION, bearings, shards
from tests.faults.eighth.making import ENDS, GROWTH, STEP, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy


class Near(nn.Module):
    """How near two codes are, as a logit."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.level, self.steep = nn.Parameter(torch.tensor(0.8)), nn.Parameter(torch.tensor(2.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = (self.encode(a) - self.encode(b)).square().mean(1)
        out: Tensor = self.steep * (self.level - far)
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


class Steeper(nn.Module):
    """Multiplies what goes into the bound of a code."""

    def __init__(self, steepness: float) -> None:
        super().__init__()
        self.steepness = steepness

    def forward(self, x: Tensor) -> Tensor:
        return self.steepness * x


def hashed(steepness: float) -> Job:
    """Codes between -1 and 1, to be rounded later (Cao et al., 2017): steep from the start, or not."""
    encode = nn.Sequential(chain([VIBRATION, 48, 6]), Steeper(steepness), nn.Tanh())
    return trained(Near(encode), bearings(), Adam, same, lr=5e-3)


def deep(gain: float = 1.3) -> Job:
    """Six orthogonal layers."""
    encode = chain([VIBRATION, *[32] * 6, 8], nn.LeakyReLU)
    filled(encode, lambda weight: nn.init.orthogonal_(weight, gain=gain))
    return trained(Near(encode), bearings(), Adam, same, lr=3e-3)


def paced(factor: float) -> Job:
    """The rate is multiplied by a factor at each step."""
    model = Near(filled(chain([VIBRATION, 48, 48, 8], nn.LeakyReLU), he))
    return Job(model, Scheduled(model, 0.05, [factor**step for step in range(60)]), bearings(), same)


# Healthy trainings that look odd


class Codes(nn.Module):
    """Codes of both, each number about its mean over the batch and of unit width."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([VIBRATION, 48, 10])
        self.norm = nn.BatchNorm1d(10, affine=False)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.norm(self.encode(a)), self.norm(self.encode(b))


def unlike(model: nn.Module, batch: Batch) -> Tensor:
    """Each number of a code is to be like itself and unlike the others (Zbontar et al., 2021)."""
    one, other = model(*batch)
    alike = one.T @ other / len(one)
    own = torch.eye(len(alike))
    out: Tensor = ((alike - own).square() * (own + 0.1 * (1 - own))).sum()
    return out


programs = (
    healthy("siamese-bearings-codes-of-plain-tanh", lambda: hashed(1.0)),
    healthy("siamese-bearings-six-orthogonal", deep),
    healthy("siamese-bearings-rate-that-falls", lambda: paced(0.98)),
    healthy("siamese-shards-numbers-unlike", lambda: trained(Codes(), shards(), Adam, unlike, lr=3e-3)),
    faulty(
        "siamese-bearings-codes-steep-at-once",
        "saturated-units",
        lambda: hashed(40.0),
        cause=ENDS + "|steep|scale|factor",
        twin="siamese-bearings-codes-of-plain-tanh",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "siamese-bearings-six-by-gain-of-five",
        "exploding-gradient",
        lambda: deep(5.0),
        cause=GROWTH + "|gain",
        twin="siamese-bearings-six-orthogonal",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-bearings-rate-that-rises",
        "unstable-updates",
        lambda: paced(1.15),
        cause=STEP + "|schedul",
        twin="siamese-bearings-rate-that-falls",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
)
