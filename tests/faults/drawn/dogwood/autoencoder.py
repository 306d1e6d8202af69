"""Autoencoders of the sound of bells."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, squared_error
from tests.faults.drawn.dogwood.tasks import PARTIALS, bells
from tests.faults.eighth.making import CUT, trained
from tests.faults.program import Batch, Job, faulty, healthy


class Rounded(nn.Module):
    """A code of whole numbers; the gradient is passed by the rounding, or stops there."""

    def __init__(self, *, is_past: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([PARTIALS, 48, 6], nn.GELU), chain([6, 48, PARTIALS], nn.GELU)
        self.is_past = is_past

    def forward(self, x: Tensor) -> Tensor:
        code = 3 * self.encode(x).tanh()
        whole = code.round()
        out: Tensor = self.decode(code + (whole - code).detach() if self.is_past else whole)
        return out


def rounded(*, is_past: bool) -> Job:
    return trained(Rounded(is_past=is_past), bells(), Adam, squared_error, lr=8e-3)


class Sparse(nn.Module):
    """A wide code of rectifiers, and what it costs that they fire."""

    def __init__(self, cost: float) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(PARTIALS, 96), nn.Linear(96, PARTIALS)
        self.fire, self.cost = nn.ReLU(), cost

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.fire(self.encode(x))
        return self.decode(code), self.cost * code.abs().sum(1).mean()


def costly(model: nn.Module, batch: Batch) -> Tensor:
    made, cost = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + cost
    return out


# Healthy trainings that look odd


class Mirror(nn.Module):
    """One weight both ways, with a bias each way."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.2 * torch.randn(12, PARTIALS))
        self.low, self.high = nn.Parameter(torch.zeros(12)), nn.Parameter(torch.zeros(PARTIALS))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.softsign(F.linear(x, self.weight, self.low)), self.weight.T, self.high)


class Warming(nn.Module):
    """A code with noise, whose distance from a normal counts more with every step (Bowman et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([PARTIALS, 48, 12], nn.SiLU), chain([6, 48, PARTIALS], nn.SiLU)
        self.register_buffer("taken", torch.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log = self.encode(x).chunk(2, 1)
        assert isinstance(self.taken, Tensor)
        self.taken += 1
        far = 0.5 * (mean.square() + log.exp() - 1 - log).mean()
        code = mean + (0.5 * log).exp() * torch.randn_like(mean)
        return self.decode(code), 0.05 * far * (self.taken / 40).clamp(max=1.0)


programs = (
    healthy("autoencoder-bells-rounded-and-passed", lambda: rounded(is_past=True)),
    healthy(
        "autoencoder-bells-firing-costs-little",
        lambda: trained(Sparse(1e-3), bells(), Adam, costly, lr=2e-2),
    ),
    healthy(
        "autoencoder-bells-one-weight-both-ways",
        lambda: trained(Mirror(), bells(), Adam, squared_error, lr=1.5e-2),
    ),
    healthy("vae-bells-distance-warmed", lambda: trained(Warming(), bells(), Adam, costly, lr=8e-3)),
    faulty(
        "autoencoder-bells-rounded-and-stopped",
        "stalled-layer",
        lambda: rounded(is_past=False),
        cause=CUT + "|round",
        twin="autoencoder-bells-rounded-and-passed",
        also=("vanishing-gradient",),
    ),
)
