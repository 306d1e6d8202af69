"""Autoencoders of the strings of kites."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, squared_error, xavier
from tests.faults.drawn.alder.tasks import KITE, kites
from tests.faults.eighth.making import ALIKE, GROWTH, RATE, SIGMOID, Fill, constant, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy


class Coder(nn.Module):
    """Down to five numbers and up again."""

    def __init__(self, activation: Make) -> None:
        super().__init__()
        self.encoder = chain([KITE, 40, 24, 5], activation)
        self.decoder = chain([5, 24, 40, KITE], activation)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decoder(self.encoder(x))
        return out


def flown(fill: Fill, activation: Make = nn.Tanh) -> Job:
    return trained(filled(Coder(activation), fill), kites(), Adam, squared_error, lr=6e-3)


def positive(weight: Tensor) -> None:
    """As the function of this name draws where nothing else is asked for: from 0 to 1."""
    nn.init.uniform_(weight)


def coded(fill: Fill, *, is_encoder_known: bool = True) -> Job:
    """Two networks, the first drawn in some way, and an optimiser of the second or of both."""
    model = Coder(nn.GELU)
    filled(model.encoder, fill)
    known = [*(model if is_encoder_known else model.decoder).parameters()]
    return Job(model, Adam(known, lr=8e-3), kites(), squared_error)


# Healthy trainings that look odd


class Drawn(nn.Module):
    """A code that is drawn from its mean and deviation (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([KITE, 48, 12], nn.SiLU), chain([6, 48, KITE], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log = self.encode(x).chunk(2, 1)
        code = mean + (0.5 * log).exp() * torch.randn_like(mean)
        far = 0.5 * (mean.square() + log.exp() - 1 - log).sum(1).mean()
        return self.decode(code), far


def bound(model: nn.Module, batch: Batch) -> Tensor:
    made, far = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.02 * far
    return out


class Sparse(nn.Module):
    """Many units of which a penalty keeps most silent (Ng, 2011)."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.act, self.up = nn.Linear(KITE, 96), nn.ReLU(), nn.Linear(96, KITE)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.act(self.down(x))
        return self.up(code), code.mean()


def few(model: nn.Module, batch: Batch) -> Tensor:
    made, much = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.3 * much
    return out


programs = (
    healthy("autoencoder-kites-by-glorot", lambda: flown(xavier)),
    healthy("autoencoder-kites-both-known", lambda: coded(normal(0.12))),
    healthy("autoencoder-kites-code-drawn", lambda: trained(Drawn(), kites(), Adam, bound, lr=1e-2)),
    healthy("autoencoder-kites-few-at-a-time", lambda: trained(Sparse(), kites(), Adam, few, lr=6e-3)),
    faulty(
        "autoencoder-kites-of-sigmoids",
        "vanishing-gradient",
        lambda: flown(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="autoencoder-kites-by-glorot",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-kites-encoder-from-0-to-1",
        "exploding-activation",
        lambda: coded(positive),
        cause=GROWTH,
        twin="autoencoder-kites-both-known",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-kites-all-of-a-twentieth",
        "symmetric-units",
        lambda: flown(constant(0.05)),
        cause=ALIKE,
        twin="autoencoder-kites-by-glorot",
        also=("vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "autoencoder-kites-encoder-not-known",
        "stalled-layer",
        lambda: coded(normal(0.12), is_encoder_known=False),
        cause=RATE,
        twin="autoencoder-kites-both-known",
    ),
)
