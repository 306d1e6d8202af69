"""Autoencoders of the cross sections of canoes."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he, squared_error, xavier
from tests.faults.drawn.elder.tasks import HULL, hulls
from tests.faults.eighth.making import CUT, ENDS, GROWTH, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def funnel(fill: Fill, lr: float = 3e-3) -> Job:
    """Down to six numbers in three layers, and up again."""
    model = filled(chain([HULL, 48, 32, 6, 32, 48, HULL]), fill)
    return trained(model, hulls(), Adam, squared_error, lr=lr)


def pressed(fill: Fill) -> Job:
    """A code between 0 and 1; the layer before it is drawn in one way."""
    model = nn.Sequential(chain([HULL, 48, 10], nn.ELU), nn.Sigmoid(), chain([10, 48, HULL], nn.ELU))
    filled(model[0], fill)
    return trained(model, hulls(), Adam, squared_error, lr=1e-2)


class Rounded(nn.Module):
    """A code of whole numbers; the gradient is handed past the rounding, or not (Bengio et al., 2013)."""

    def __init__(self, *, is_handed: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([HULL, 48, 8], nn.SiLU), chain([8, 48, HULL], nn.SiLU)
        self.is_handed = is_handed

    def forward(self, x: Tensor) -> Tensor:
        code = 2 * self.encode(x)
        whole = code.round()
        whole = code + (whole - code).detach() if self.is_handed else whole
        out: Tensor = self.decode(whole)
        return out


def rounded(*, is_handed: bool) -> Job:
    return trained(Rounded(is_handed=is_handed), hulls(), Adam, squared_error, lr=8e-3)


# Healthy trainings that look odd


class Tied(nn.Module):
    """What decodes is the turned weight of what encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(5, HULL)), nn.Parameter(torch.zeros(HULL))
        nn.init.orthogonal_(self.weight, gain=0.5)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.linear(x - self.bias, self.weight), self.weight.T, self.bias)


class Sparse(nn.Module):
    """A wide code of rectifiers, most of which are to be 0 for most hulls."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.act, self.decode = nn.Linear(HULL, 96), nn.ReLU(), nn.Linear(96, HULL)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.act(self.encode(x))
        return self.decode(code), code


def sparsely(model: nn.Module, batch: Batch) -> Tensor:
    made, code = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.02 * code.abs().mean()
    return out


programs = (
    healthy("autoencoder-hulls-funnel-by-he", lambda: funnel(he)),
    healthy("autoencoder-hulls-code-by-glorot", lambda: pressed(xavier)),
    healthy("autoencoder-hulls-handed-past-rounding", lambda: rounded(is_handed=True)),
    healthy("autoencoder-hulls-tied", lambda: trained(Tied(), hulls(), Adam, squared_error, lr=1e-2)),
    healthy("autoencoder-hulls-sparse-and-wide", lambda: trained(Sparse(), hulls(), Adam, sparsely, lr=5e-3)),
    faulty(
        "autoencoder-hulls-funnel-by-randn",
        "exploding-gradient",
        lambda: funnel(normal(1.0)),
        cause=GROWTH,
        twin="autoencoder-hulls-funnel-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-hulls-funnel-driven-out",
        "dead-units",
        lambda: funnel(he, 0.3),
        cause=DRIVEN,
        twin="autoencoder-hulls-funnel-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-hulls-code-by-randn",
        "saturated-units",
        lambda: pressed(normal(1.0)),
        cause=ENDS + "|sigmoid",
        twin="autoencoder-hulls-code-by-glorot",
        also=("vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-hulls-code-only-rounded",
        "stalled-layer",
        lambda: rounded(is_handed=False),
        cause=CUT + "|round",
        twin="autoencoder-hulls-handed-past-rounding",
        also=("vanishing-gradient",),
    ),
)
