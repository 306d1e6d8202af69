"""Multilayer perceptrons that train as they should, many in ways that look like faults."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adagrad, Adam, NAdam, RMSprop

from tests.faults.building import chain, cross_entropy, he, initialised, weighted
from tests.faults.program import Batch, Job, healthy
from tests.faults.report.making import Warmed, trained
from tests.faults.report.mlp import WINE, deep, rung, shifted, siren, tanh, tumours, uniform, wine
from tests.faults.report.mlp_updates import layered, logarithms, masked, of_counts, stepped, timestamped
from tests.faults.report.tasks import rings, table
from tests.faults.tasks import flipped, generator


def sparse() -> Job:
    """ReLU behind a normalisation and a threshold: most values are 0, and every unit fires."""
    model = chain([30, 96, 96, 2], between=[partial(nn.LayerNorm, 96)])
    for part in model:
        if isinstance(part, nn.LayerNorm):
            nn.init.constant_(part.bias, -1.0)
    return trained(model, table("tumours"), Adam, lr=1e-3)


def few_silent() -> Job:
    """Fourteen units of 96 that no example reaches; the rest is more than enough."""
    model = chain([30, 96, 96, 2])
    with torch.no_grad():
        for layer in weighted(model)[:2]:
            assert layer.bias is not None
            layer.bias[5:19] = -9
    return trained(model, table("tumours"), RMSprop, lr=3e-4)


def slopes() -> Job:
    """PReLU of a slope each unit, some of them negative and some above 1."""
    model = chain([2, 32, 32, 3], partial(nn.PReLU, 32))
    with torch.no_grad():
        for part in model:
            if isinstance(part, nn.PReLU):
                part.weight.copy_(torch.linspace(-0.9, 1.6, 32))
    return trained(model, rings(), Adam, lr=1e-2)


class Excited(nn.Module):
    """Features multiplied by sigmoid gates that begin nearly open, as a squeeze and excitation has them."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.head = nn.Linear(13, 48), nn.Linear(48, 3)
        opening = nn.Linear(6, 48)
        nn.init.constant_(opening.bias, 5.0)
        self.gate = nn.Sequential(nn.Linear(48, 6), nn.ReLU(), opening, nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.enter(x))
        out: Tensor = self.head(x * self.gate(x))
        return out


def noisy() -> Job:
    """Two labels in five are drawn anew, so the loss stays high for good."""
    draw = generator(36)
    batches = [(x, flipped(y, 3, 0.4, draw)) for x, y in table("wine")]
    return trained(chain(WINE), batches, Adam, lr=3e-3)


def fast_but_normalised() -> Job:
    """A rate of 1: large for any other network, and scale-free weights bear it."""
    model = chain([13, 64, 64, 3], between=[partial(nn.BatchNorm1d, 64)])
    return trained(model, table("wine"), SGD, lr=1.0)


def tiny_batches() -> Job:
    """Four examples a step, as in training that accumulates gradients."""
    return trained(chain(WINE), table("wine", batch=4), SGD, lr=0.05, momentum=0.5)


class Random(nn.Module):
    """Cosines of random directions that are never trained, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.project, self.head = nn.Linear(2, 128), nn.Linear(128, 3)
        self.project.requires_grad_(False)
        nn.init.normal_(self.project.weight, std=2)
        nn.init.uniform_(self.project.bias, 0, 2 * torch.pi)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.project(x).cos())
        return out


class Tasks(nn.Module):
    """Two heads on one body, of which every batch trains one."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(13, 40), nn.ReLU())
        self.heads = nn.ModuleList([nn.Linear(40, 3), nn.Linear(40, 2)])

    def forward(self, x: Tensor, task: int) -> Tensor:
        out: Tensor = self.heads[task](self.body(x))
        return out


def in_turns() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y, task = batch
        return F.cross_entropy(model(x, task), y)

    batches = [
        (x, y if place % 2 else (y > 0).long(), 1 - place % 2) for place, (x, y) in enumerate(table("wine"))
    ]
    return trained(Tasks(), batches, NAdam, loss, lr=5e-3)


def warmed() -> Job:
    model = initialised(chain([2, 48, 48, 48, 3]))
    return Job(model, Warmed(model.parameters(), 1e-2, 25), rings(), cross_entropy)


def soft() -> Job:
    """Probabilities at the output, and their negative logarithm as the loss, kept from 0."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        return F.nll_loss((model(x) + 1e-7).log(), y)

    return trained(nn.Sequential(*chain(WINE), nn.Softmax(dim=-1)), table("wine"), Adam, loss=loss, lr=5e-3)


programs = (
    healthy("mlp-tumours", tumours),
    healthy("mlp-threshold-in-reach", lambda: shifted(0.3)),
    healthy("mlp-siren", lambda: siren(is_scaled=True)),
    healthy("mlp-wine", lambda: wine(lr=0.05, momentum=0.9)),
    healthy("mlp-rings-deep", lambda: deep(he)),
    healthy("mlp-wine-tanh", lambda: tanh(5e-3)),
    healthy("mlp-wine-adam", lambda: wine(kind=Adam, lr=5e-3)),
    healthy("mlp-two-sided-weights", lambda: uniform(-0.2, 0.2)),
    healthy("mlp-logarithms", lambda: logarithms(1.0)),
    healthy("mlp-counts", lambda: of_counts(0.01)),
    healthy("mlp-safe-mask", lambda: masked(1e-6)),
    healthy("mlp-time-of-day", lambda: timestamped(-0.5)),
    healthy("mlp-rings", rung),
    healthy("mlp-rings-tanh", lambda: rung(nn.Tanh)),
    healthy("mlp-discriminative-rates", lambda: layered(0.6)),
    healthy("mlp-no-steps", lambda: stepped(nn.ReLU)),
    healthy("mlp-thresholded", sparse),
    healthy("mlp-few-silent", few_silent),
    healthy("mlp-slopes-by-unit", slopes),
    healthy("mlp-open-gates", lambda: trained(Excited(), table("wine"), RMSprop, lr=2e-3)),
    healthy("mlp-noisy-labels", noisy),
    healthy("mlp-rate-1-normalised", fast_but_normalised),
    healthy("mlp-tiny-batches", tiny_batches),
    healthy("mlp-random-features", lambda: trained(Random(), rings(), Adagrad, lr=0.1)),
    healthy("mlp-heads-in-turns", in_turns),
    healthy("mlp-risen-rate", warmed),
    healthy("mlp-probabilities", soft),
)
