"""Autoencoders of bars and genes: with a code book, with a distribution, with few codes at once."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    ENDS,
    INPUT,
    UNDEFINED,
    WEIGHTS,
    Fill,
    Loss,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.eighth.tasks import GENES, PIXELS, bars, genes, hidden_bars
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 6


def counted(*, is_logged: bool) -> Job:
    """How often genes were read, as it was counted or as logarithms."""
    return trained(
        chain([GENES, 32, CODE, 32, GENES]), genes(is_logged=is_logged), Adam, squared_error, lr=1e-2
    )


def filling(fill: Fill, lr: float = 5e-3) -> Job:
    """What is hidden is to be seen: by six layers of tanh."""
    model = filled(chain([PIXELS, 48, 48, 48, 48, 48, PIXELS], nn.Tanh), fill)
    return trained(model, hidden_bars(), Adam, squared_error, lr=lr)


def alike(fill: Fill) -> Job:
    model = filled(chain([GENES, 32, CODE, 32, GENES], nn.ELU), fill)
    return trained(model, genes(), Adam, squared_error, lr=1e-2)


class Book(nn.Module):
    """The nearest of a few vectors stands for each part of the code (van den Oord et al., 2017)."""

    def __init__(self, *, is_straight: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([GENES, 32, 8], nn.SiLU), chain([8, 32, GENES], nn.SiLU)
        nn.init.normal_(self.encode[-1].weight, std=0.5)  # type: ignore[arg-type]
        self.book = nn.Embedding(24, 2)
        nn.init.normal_(self.book.weight, std=0.8)
        self.is_straight = is_straight

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        code = self.encode(x).tanh().unflatten(1, (4, 2))
        chosen = self.book(torch.cdist(code, self.book.weight).argmin(-1))
        told = code + (chosen - code).detach() if self.is_straight else chosen
        return self.decode(told.flatten(1)), code, chosen


def booked(model: nn.Module, batch: Batch) -> Tensor:
    made, code, chosen = model(batch[0])
    pull = F.mse_loss(chosen, code.detach())
    out: Tensor = F.mse_loss(made, batch[1]) + pull
    return out


def by_book(*, is_straight: bool) -> Job:
    return trained(Book(is_straight=is_straight), genes(), Adam, booked, lr=1e-2)


class Likely(nn.Module):
    """A code that is drawn; its spread by a function of what the encoder says (Kingma & Welling, 2014)."""

    def __init__(self, spread: nn.Module, inputs: int = GENES) -> None:
        super().__init__()
        self.encode, self.decode = chain([inputs, 48, 2 * CODE], nn.ELU), chain([CODE, 48, inputs], nn.ELU)
        self.spread = spread

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, raw = self.encode(x).chunk(2, 1)
        spread = self.spread(raw)
        return self.decode(mean + spread * torch.randn(mean.shape)), mean, spread


def bounded(weight: float) -> Loss:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, mean, spread = model(batch[0])
        divergence = (mean.square() + spread.square() - 1) / 2 - spread.log()
        out: Tensor = F.mse_loss(made, batch[1]) + weight * divergence.sum(1).mean()
        return out

    return loss


class Exponential(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x / 2).exp()


class Threshold(nn.Module):
    """What is left of a code above a threshold."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least, self.relu = least, nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(x - self.least)
        return out


def above(least: float) -> Job:
    model = nn.Sequential(nn.Linear(GENES, 64), Threshold(least), nn.Linear(64, GENES))
    return trained(model, genes(), Adam, squared_error, lr=1e-2)


def lit(deviation: float) -> Job:
    """Sigmoids everywhere, as bars are between 0 and 1."""
    model = nn.Sequential(*chain([PIXELS, 48, 16, 48, PIXELS], nn.Sigmoid), nn.Sigmoid())
    filled(model, normal(deviation))
    batches = [(x - 0.4, y) for x, y in bars()]
    return trained(model, batches, Adam, by_entropy, lr=2e-2)


def by_entropy(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy(model(batch[0]), batch[1])


class Sparse(nn.Module):
    """Of 96 codes ten are kept, and the same vectors are used both ways (Makhzani & Frey, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(96, GENES) / GENES**0.5)
        self.level = nn.Parameter(torch.zeros(GENES))

    def forward(self, x: Tensor) -> Tensor:
        code = (x - self.level) @ self.vectors.t()
        kept = code * (code >= code.topk(10, 1).values[:, -1:])
        return kept @ self.vectors + self.level


def denoised(model: nn.Module, batch: Batch) -> Tensor:
    """Noise of a level that is drawn is to be told (Ho, Jain & Abbeel, 2020)."""
    x, _ = batch
    level = torch.rand(len(x), 1)
    noise = torch.randn(x.shape)
    seen = (level * math.pi / 2).cos() * x + (level * math.pi / 2).sin() * noise
    return F.mse_loss(model(torch.cat([seen, level], 1)), noise)


def tight(model: nn.Module, batch: Batch) -> Tensor:
    """The slope of the code is to be small (Rifai et al., 2011)."""
    assert isinstance(model, nn.Sequential)
    x, y = batch
    code = model[1](model[0](x))
    slopes = (1 - code.square()).square() @ model[0].weight.square().sum(1)  # type: ignore[operator]
    return F.mse_loss(model[2](code), y) + 5e-3 * slopes.mean()


def tightened() -> Job:
    model = nn.Sequential(nn.Linear(GENES, 32), nn.Tanh(), nn.Linear(32, GENES))
    return trained(model, genes(), Adam, tight, lr=1e-2)


programs = (
    healthy("autoencoder-genes-as-logarithms", lambda: counted(is_logged=True)),
    healthy("autoencoder-filled-by-glorot", lambda: filling(xavier)),
    healthy("autoencoder-genes-drawn", lambda: alike(xavier)),
    healthy("autoencoder-straight-past-the-book", lambda: by_book(is_straight=True)),
    healthy("autoencoder-threshold-of-0", lambda: above(0.0)),
    healthy("autoencoder-lit-by-small-weights", lambda: lit(0.3)),
    healthy(
        "vae-spread-by-softplus",
        lambda: trained(Likely(nn.Softplus()), genes(), Adam, bounded(0.01), lr=1e-2),
    ),
    healthy(
        "vae-strong-prior", lambda: trained(Likely(Exponential()), genes(), Adam, bounded(0.03), lr=1e-2)
    ),
    healthy("autoencoder-ten-of-many", lambda: trained(Sparse(), genes(), Adam, squared_error, lr=1e-2)),
    healthy(
        "autoencoder-noise-of-any-level",
        lambda: trained(chain([GENES + 1, 96, 96, GENES], nn.SiLU), genes(), AdamW, denoised, lr=1e-2),
    ),
    healthy("autoencoder-tight-codes", tightened),
    faulty(
        "autoencoder-genes-as-counted",
        "unscaled-input",
        lambda: counted(is_logged=False),
        cause=INPUT,
        twin="autoencoder-genes-as-logarithms",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "autoencoder-filled-by-two-hundredths",
        "vanishing-gradient",
        lambda: filling(normal(0.02)),
        cause=WEIGHTS,
        twin="autoencoder-filled-by-glorot",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-genes-of-one-number",
        "symmetric-units",
        lambda: alike(constant(0.1)),
        cause=ALIKE,
        twin="autoencoder-genes-drawn",
    ),
    faulty(
        "autoencoder-stopped-by-the-book",
        "stalled-layer",
        lambda: by_book(is_straight=False),
        cause=CUT + "|argmin|straight|quanti",
        twin="autoencoder-straight-past-the-book",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-threshold-of-three",
        "dead-units",
        lambda: above(3.0),
        cause=r"threshold|bias|offset|pre-activation|below 0|negative|never",
        twin="autoencoder-threshold-of-0",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-lit-by-great-weights",
        "saturated-units",
        lambda: lit(3.0),
        cause=ENDS,
        twin="autoencoder-lit-by-small-weights",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "vae-spread-by-relu",
        "non-finite",
        lambda: trained(Likely(nn.ReLU()), genes(), Adam, bounded(0.01), lr=1e-2),
        cause=UNDEFINED + "|relu|spread|deviation|variance|zero",
        twin="vae-spread-by-softplus",
        also=("dead-units",),
    ),
)
