"""Autoencoders of spires: what is kept of an outline, and what is drawn from it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.drawn.juniper.tasks import SPIRE, spires
from tests.faults.eighth.making import ALIKE, ENDS, GROWTH, Fill, constant, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy


def narrowed(fill: Fill, activation: Make = nn.Tanh, lr: float = 6e-3) -> Job:
    """Down to five numbers and up again, drawn in one way."""
    model = chain([SPIRE, 48, 24, 5, 24, 48, SPIRE], activation)
    return trained(filled(model, fill), spires(), Adam, squared_error, lr=lr)


# Healthy trainings that look odd


class Mirrored(nn.Module):
    """What draws has the weights of what looks, turned round."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.code = nn.Linear(SPIRE, 40), nn.Linear(40, 6)
        self.up, self.out = nn.Parameter(torch.zeros(40)), nn.Parameter(torch.zeros(SPIRE))

    def forward(self, x: Tensor) -> Tensor:
        code = self.code(F.elu(self.first(x)))
        back = F.elu(F.linear(code, self.code.weight.T, self.up))
        return F.linear(back, self.first.weight.T, self.out)


class Doubtful(nn.Module):
    """A code that is drawn from a normal; its price rises with the steps (Bowman et al., 2016)."""

    taken: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([SPIRE, 48, 10]), chain([5, 48, SPIRE])
        self.register_buffer("taken", torch.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encode(x).chunk(2, 1)
        self.taken += 1
        code = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        far = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return self.decode(code), 0.02 * far * (self.taken / 40).clamp(max=1)


def doubtful(model: nn.Module, batch: Batch) -> Tensor:
    made, price = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + price
    return out


programs = (
    healthy("autoencoder-spires-five-by-glorot", lambda: narrowed(xavier)),
    healthy("autoencoder-spires-five-rectified", lambda: narrowed(he, nn.ReLU, 4e-3)),
    healthy(
        "autoencoder-spires-weights-turned-round",
        lambda: trained(Mirrored(), spires(), Adam, squared_error, lr=6e-3),
    ),
    healthy(
        "autoencoder-spires-price-that-rises", lambda: trained(Doubtful(), spires(), Adam, doubtful, lr=8e-3)
    ),
    faulty(
        "autoencoder-spires-five-drawn-wide",
        "saturated-units",
        lambda: narrowed(normal(1.5)),
        cause=ENDS + "|tanh",
        twin="autoencoder-spires-five-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "autoencoder-spires-five-of-one-number",
        "symmetric-units",
        lambda: narrowed(constant(0.05)),
        cause=ALIKE,
        twin="autoencoder-spires-five-by-glorot",
        also=("vanishing-gradient", "exploding-activation", "saturated-units"),
    ),
    faulty(
        "autoencoder-spires-five-of-unit-normals",
        "exploding-activation",
        lambda: narrowed(normal(1.0), nn.ReLU, 4e-3),
        cause=GROWTH,
        twin="autoencoder-spires-five-rectified",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
)
