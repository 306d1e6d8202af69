"""Autoencoders of tones."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, NAdam, RMSprop

from tests.faults.building import Make, chain, he, squared_error, weighted, xavier
from tests.faults.fourth.making import ALIKE, STEP, filled, trained
from tests.faults.fourth.tasks import tones
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import generator

SIZE = 24


def tower(bias: float) -> Job:
    """Six layers by He's rule, with one bias in each but the last."""
    model = filled(chain([SIZE, *[40] * 6, SIZE]), he, bias=bias)
    last = weighted(model)[-1].bias
    assert last is not None
    nn.init.zeros_(last)
    return trained(model, tones(), Adam, squared_error, lr=2e-3)


def logistic(lr: float, kind: type = NAdam) -> Job:
    model = nn.Sequential(
        nn.Linear(SIZE, 40), nn.Sigmoid(), nn.Linear(40, 32), nn.Sigmoid(), nn.Linear(32, SIZE)
    )
    return trained(model, tones(), kind, squared_error, lr=lr)


def widened(*, is_copied: bool) -> Job:
    """A code of one unit, copied to all the others, or drawn unit by unit."""
    model = filled(chain([SIZE, 32, SIZE], nn.GELU), xavier)
    if is_copied:
        with torch.no_grad():
            first, last = weighted(model)
            first.weight.copy_(first.weight[:1].expand_as(first.weight))
            last.weight.copy_(last.weight[:, :1].expand_as(last.weight))
    return trained(model, tones(), AdamW, squared_error, lr=1e-2)


class Letters(nn.Module):
    """A code of the nearest of 64 vectors, four times; the gradient goes past (van den Oord et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([SIZE, 48, 16], nn.SiLU), chain([16, 48, SIZE], nn.SiLU)
        self.book = nn.Parameter(0.5 * torch.randn(64, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encode(x).unflatten(-1, (4, 4))
        nearest = self.book[torch.cdist(code, self.book.expand(len(x), -1, -1)).argmin(-1)]
        kept = F.mse_loss(nearest, code.detach()) + 0.25 * F.mse_loss(code, nearest.detach())
        return self.decode((code + (nearest - code).detach()).flatten(1)), kept


def lettered() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, kept = model(batch[0])
        out: Tensor = F.mse_loss(made, batch[1]) + kept
        return out

    return trained(Letters(), tones(), Adam, loss, lr=1e-2)


class Chances(nn.Module):
    """A variational code of ten numbers, most of which a strong prior leaves empty."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([SIZE, 48, 20]), chain([10, 48, SIZE])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, logarithm = self.encode(x).chunk(2, 1)
        apart = (mean.square() + logarithm.exp() - 1 - logarithm).sum(1).mean() / 2
        return self.decode(mean + (logarithm / 2).exp() * torch.randn_like(mean)), apart


def mostly_empty() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, apart = model(batch[0])
        out: Tensor = F.mse_loss(made, batch[1]) + 0.03 * apart
        return out

    return trained(Chances(), tones(), Adam, loss, lr=1e-2)


def hidden() -> Job:
    """Two numbers in three are hidden; those alone count, and every example hides others."""
    draw = generator(101)
    batches: list[Batch] = []
    for x, y in tones():
        shown = (torch.rand(x.shape, generator=draw) > 0.6).float()
        batches.append((torch.cat([x * shown, shown], 1), y, 1 - shown))

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y, wanted = batch
        out: Tensor = ((model(x) - y).square() * wanted).sum() / wanted.sum()
        return out

    return trained(chain([2 * SIZE, 96, 96, SIZE], nn.Mish), batches, AdamW, loss, lr=5e-3)


class Tied(nn.Module):
    """One matrix there and back, and gates on its code that a sigmoid opens."""

    def __init__(self, activation: Make = nn.Softplus) -> None:
        super().__init__()
        self.there, self.gate, self.offset = (
            nn.Linear(SIZE, 40),
            nn.Linear(SIZE, 40),
            nn.Parameter(torch.zeros(SIZE)),
        )
        self.squash = activation()

    def forward(self, x: Tensor) -> Tensor:
        code = self.squash(self.there(x)) * self.gate(x).sigmoid()
        out: Tensor = code @ self.there.weight + self.offset
        return out


programs = (
    healthy("autoencoder-tones-deep", lambda: tower(0.0)),
    healthy("autoencoder-logistic", lambda: logistic(1e-2)),
    healthy("autoencoder-drawn-one-by-one", lambda: widened(is_copied=False)),
    healthy("autoencoder-nearest-vectors", lettered),
    healthy("autoencoder-mostly-empty", mostly_empty),
    healthy("autoencoder-two-in-three-hidden", hidden),
    healthy("autoencoder-tied-and-gated", lambda: trained(Tied(), tones(), RMSprop, squared_error, lr=2e-3)),
    faulty(
        "autoencoder-bias-of-minus-one-throughout",
        "vanishing-gradient",
        lambda: tower(-1.0),
        cause="bias|dead|\\bfir(e|es|ed|ing)\\b|silent",
        twin="autoencoder-tones-deep",
        also=("dead-units", "stalled-layer"),
    ),
    faulty(
        "autoencoder-logistic-at-its-ends",
        "saturated-units",
        lambda: logistic(1.0),
        cause=STEP,
        twin="autoencoder-logistic",
        also=("unstable-updates", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-widened-from-one",
        "symmetric-units",
        lambda: widened(is_copied=True),
        cause=ALIKE,
        twin="autoencoder-drawn-one-by-one",
    ),
)
