"""Autoencoders of profiles of vases: deep ones, wide ones, and those whose code is held to something."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, squared_error
from tests.faults.eighteenth.tasks import PROFILE, vases
from tests.faults.eighth.making import ALIKE, GROWTH, SIGMOID, Fill, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def funnel(fill: Fill = he, activation: Make = nn.ReLU, lr: float = 3e-3) -> Job:
    """Down to eight numbers in three layers, and up again in three."""
    model = chain([PROFILE, 48, 32, 8, 32, 48, PROFILE], activation)
    return trained(filled(model, fill), vases(), Adam, squared_error, lr=lr)


def wide(fill: Fill) -> Job:
    """Twenty times as many units as numbers, to clean a profile of its noise."""
    return trained(
        filled(chain([PROFILE, 20 * PROFILE, PROFILE]), fill), vases(), Adam, squared_error, lr=2e-3
    )


def unscaled_bound(weight: Tensor) -> None:
    """Between plus and minus the root of six, without the number of units that it is to be over."""
    nn.init.uniform_(weight, -(6**0.5), 6**0.5)


# Healthy trainings that look odd


class Drawn(nn.Module):
    """A code that is drawn about a mean; what it tells is free up to a bound (Kingma et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([PROFILE, 48, 12], nn.SiLU), chain([6, 48, PROFILE], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encode(x).chunk(2, 1)
        told = (mean.square() + log_variance.exp() - 1 - log_variance) / 2
        code = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decode(code), told.mean(0)


def free_at_first(model: nn.Module, batch: Batch) -> Tensor:
    made, told = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.02 * told.clamp(min=0.3).sum()
    return out


class Mirrored(nn.Module):
    """One matrix down, and turned over up again; its rows are held to length 1 and apart by a price."""

    def __init__(self) -> None:
        super().__init__()
        self.ways = nn.Parameter(torch.randn(6, PROFILE) / PROFILE**0.5)
        self.level = nn.Parameter(torch.zeros(PROFILE))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.level) @ self.ways.T @ self.ways + self.level


def apart(model: nn.Module, batch: Batch) -> Tensor:
    ways: Tensor = model.ways  # type: ignore[assignment]
    return squared_error(model, batch) + 0.1 * (ways @ ways.T - torch.eye(len(ways))).square().sum()


class Both(nn.Module):
    """What a code is made of, and the code itself."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([PROFILE, 48, 4], nn.GELU), chain([4, 48, PROFILE], nn.GELU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encode(x)
        return self.decode(code), code


def as_normal(model: nn.Module, batch: Batch) -> Tensor:
    """Codes of a batch are to be as near to normal draws as to each other (Tolstikhin et al., 2018)."""
    made, code = model(batch[0])
    drawn = torch.randn_like(code)

    def near(a: Tensor, b: Tensor) -> Tensor:
        return (8 / (8 + torch.cdist(a, b).square())).mean()

    far = near(code, code) + near(drawn, drawn) - 2 * near(code, drawn)
    out: Tensor = F.mse_loss(made, batch[1]) + 2 * far
    return out


programs = (
    healthy("autoencoder-vases-three-and-three-by-he", funnel),
    healthy("autoencoder-vases-twenty-times-by-he", lambda: wide(he)),
    healthy(
        "autoencoder-vases-free-up-to-a-bound",
        lambda: trained(Drawn(), vases(), Adam, free_at_first, lr=8e-3),
    ),
    healthy("autoencoder-vases-rows-held-apart", lambda: trained(Mirrored(), vases(), Adam, apart, lr=1e-2)),
    healthy("autoencoder-vases-codes-as-normal", lambda: trained(Both(), vases(), Adam, as_normal, lr=8e-3)),
    faulty(
        "autoencoder-vases-three-and-three-squashed",
        "vanishing-gradient",
        lambda: funnel(nn.init.xavier_normal_, nn.Sigmoid),
        cause=SIGMOID,
        twin="autoencoder-vases-three-and-three-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-vases-three-and-three-root-of-six",
        "exploding-gradient",
        lambda: funnel(unscaled_bound),
        cause=GROWTH,
        twin="autoencoder-vases-three-and-three-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-vases-three-and-three-driven-out",
        "dead-units",
        lambda: funnel(lr=0.15),
        cause=DRIVEN,
        twin="autoencoder-vases-three-and-three-by-he",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "autoencoder-vases-twenty-times-identity",
        "symmetric-units",
        lambda: wide(nn.init.eye_),
        cause=ALIKE,
        twin="autoencoder-vases-twenty-times-by-he",
        also=("dead-units", "stalled-layer", "vanishing-gradient"),
    ),
)
