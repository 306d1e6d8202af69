"""Autoencoders of heart beats, some with a code that is drawn, or looked up in a book."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    ENDS,
    INPUT,
    RATE,
    SIGMOID,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.eleventh.autoencoder import inpainted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN
from tests.faults.twelfth.tasks import BEAT, beats

CODE = 5


def in_volts(by: float) -> Job:
    """Beats are some thousandths of a volt, or as many millivolts."""
    batches = seen_through(lambda x: by * x, beats())
    return trained(
        chain([BEAT, 40, CODE, 40, BEAT], nn.ELU), batches, SGD, squared_error, lr=0.2, momentum=0.9
    )


def deep(activation: Make, fill: Fill, lr: float = 4e-3) -> Job:
    model = filled(chain([BEAT, 40, 40, 40, CODE, 40, 40, 40, BEAT], activation), fill)
    return trained(model, beats(), Adam, squared_error, lr=lr)


def made(model: nn.Module, lr: float) -> Job:
    return trained(model, beats(), Adam, squared_error, lr=lr)


class Halves(nn.Module):
    """An encoder and a decoder; the code is squashed, or drawn, or left as it is."""

    def __init__(self, squash: Make = nn.Identity, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.encode, self.decode = (
            chain([BEAT, 40, CODE], activation),
            chain([CODE, 40, BEAT], activation),
        )
        self.squash = squash()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decode(self.squash(self.encode(x)))
        return out


def halves(*, are_both: bool) -> Job:
    """The optimiser was made of the decoder, or of both halves."""
    model = Halves(nn.Tanh, nn.SiLU)
    known = model.parameters() if are_both else model.decode.parameters()
    return Job(model, Adam(known, lr=1e-2), beats(), squared_error)


class Variational(Halves):
    """Mean and logarithm of the variance of a code (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__(activation=nn.SiLU)
        self.encode = chain([BEAT, 40, 2 * CODE], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[override]
        mean, log_variance = self.encode(x).chunk(2, 1)
        drawn = mean + (log_variance / 2).exp() * torch.randn(mean.shape)
        return self.decode(drawn), mean, log_variance


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    made_of, mean, log_variance = model(batch[0])
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    out: Tensor = F.mse_loss(made_of, batch[1]) + 0.02 * divergence
    return out


class Book(Halves):
    """The code is the nearest of 24 vectors; its gradient goes straight past (van den Oord et al., 2017)."""

    def __init__(self) -> None:
        super().__init__(activation=nn.ELU)
        self.book = nn.Parameter(torch.randn(24, CODE) / 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        code = self.encode(x)
        near = self.book[torch.cdist(code, self.book).argmin(1)]
        commit = F.mse_loss(near, code.detach()) + 0.25 * F.mse_loss(code, near.detach())
        return self.decode(code + (near - code).detach()), commit


def looked_up(model: nn.Module, batch: Batch) -> Tensor:
    said, commit = model(batch[0])
    out: Tensor = F.mse_loss(said, batch[1]) + commit
    return out


programs = (
    healthy("autoencoder-beats-in-millivolts", lambda: in_volts(1.0)),
    healthy("autoencoder-beats-eight-tanh", lambda: deep(nn.Tanh, xavier)),
    healthy("autoencoder-beats-both-halves-known", lambda: halves(are_both=True)),
    healthy("autoencoder-beats-relu", lambda: made(chain([BEAT, 64, 32, 64, BEAT]), 5e-3)),
    healthy("autoencoder-beats-drawn", lambda: trained(Variational(), beats(), Adam, bounded, lr=1e-2)),
    healthy("autoencoder-beats-from-a-book", lambda: trained(Book(), beats(), Adam, looked_up, lr=1e-2)),
    healthy(
        "autoencoder-beats-half-hidden",
        lambda: trained(chain([BEAT, 64, 64, BEAT]), beats(), AdamW, inpainted, lr=1e-2),
    ),
    faulty(
        "autoencoder-beats-in-volts",
        "unscaled-input",
        lambda: in_volts(1e-3),
        cause=INPUT + "|scale",
        twin="autoencoder-beats-in-millivolts",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-beats-eight-sigmoid",
        "vanishing-gradient",
        lambda: deep(nn.Sigmoid, xavier),
        cause=SIGMOID,
        twin="autoencoder-beats-eight-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-beats-eight-thin",
        "vanishing-gradient",
        lambda: deep(nn.Tanh, normal(0.02)),
        cause=WEIGHTS,
        twin="autoencoder-beats-eight-tanh",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-beats-relu-at-a-fifth",
        "dead-units",
        lambda: made(chain([BEAT, 64, 32, 64, BEAT]), 0.2),
        cause=DRIVEN,
        twin="autoencoder-beats-relu",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "autoencoder-beats-decoder-alone-known",
        "stalled-layer",
        lambda: halves(are_both=False),
        cause=RATE,
        twin="autoencoder-beats-both-halves-known",
    ),
    faulty(
        "autoencoder-beats-eight-tanh-at-their-ends",
        "saturated-units",
        lambda: deep(nn.Tanh, normal(1.2)),
        cause=ENDS,
        twin="autoencoder-beats-eight-tanh",
        also=("vanishing-gradient", "exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "autoencoder-beats-eight-of-one-number",
        "symmetric-units",
        lambda: deep(nn.Tanh, constant(0.05)),
        cause=ALIKE,
        twin="autoencoder-beats-eight-tanh",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
)
