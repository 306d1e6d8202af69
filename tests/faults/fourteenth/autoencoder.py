"""Autoencoders of ridges: what is hidden of them, in a few numbers or in some words of a book."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.eighth.making import ENDS, GROWTH, Fill, filled, normal, trained
from tests.faults.fourteenth.tasks import PROFILE, ridges
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def funnel(fill: Fill, activation: Make = nn.ReLU, lr: float = 4e-3) -> Job:
    """Down to six numbers in three layers, and up again in three."""
    model = chain([PROFILE, 48, 32, 6, 32, 48, PROFILE], activation)
    return trained(filled(model, fill), ridges(), Adam, squared_error, lr=lr)


def coded(fill: Fill) -> Job:
    """A code between 0 and 1, whose layer is drawn in one way."""
    model = nn.Sequential(
        chain([PROFILE, 48, 8], nn.SiLU), nn.Sigmoid(), chain([8, 48, PROFILE], nn.SiLU)
    )  # fmt: skip
    filled(model[0], fill)
    return trained(model, ridges(), Adam, squared_error, lr=1e-2)


# Healthy trainings that look odd


class Book(nn.Module):
    """Codes become the nearest of 24 words; gradients pass straight through (van den Oord et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([PROFILE, 48, 4], nn.GELU), chain([4, 48, PROFILE], nn.GELU)
        self.book = nn.Embedding(24, 4)
        nn.init.normal_(self.book.weight, std=0.8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = F.layer_norm(self.encode(x), (4,))
        word = self.book(torch.cdist(code, self.book.weight).argmin(1))
        near = F.mse_loss(word, code.detach()) + 0.25 * F.mse_loss(code, word.detach())
        return self.decode(code + (word - code).detach()), near


def bookish(model: nn.Module, batch: Batch) -> Tensor:
    made, near = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + near
    return out


class Wide(nn.Module):
    """A code of 128 numbers of which the sixteen greatest are kept (Makhzani & Frey, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(PROFILE, 128), nn.Linear(128, PROFILE)

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x)
        least = code.topk(16, 1).values[:, -1:]
        out: Tensor = self.decode(torch.where(code >= least, code, 0.0))
        return out


programs = (
    healthy("autoencoder-ridges-six-by-glorot", lambda: funnel(xavier, nn.SiLU)),
    healthy("autoencoder-ridges-six-rectified", lambda: funnel(he, lr=3e-3)),
    healthy("autoencoder-ridges-code-by-glorot", lambda: coded(xavier)),
    healthy("autoencoder-ridges-words-of-a-book", lambda: trained(Book(), ridges(), Adam, bookish, lr=8e-3)),
    healthy(
        "autoencoder-ridges-sixteen-kept", lambda: trained(Wide(), ridges(), Adam, squared_error, lr=8e-3)
    ),
    faulty(
        "autoencoder-ridges-six-rectified-drawn-wide",
        "exploding-activation",
        lambda: funnel(normal(1.3)),
        cause=GROWTH,
        twin="autoencoder-ridges-six-rectified",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-ridges-six-driven-out",
        "dead-units",
        lambda: funnel(he, lr=0.2),
        cause=DRIVEN,
        twin="autoencoder-ridges-six-rectified",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "autoencoder-ridges-code-at-its-ends",
        "saturated-units",
        lambda: coded(normal(2.0)),
        cause=ENDS + "|sigmoid",
        twin="autoencoder-ridges-code-by-glorot",
        also=("vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
)
