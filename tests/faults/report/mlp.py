"""Multilayer perceptrons whose fault is in the network itself."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, RMSprop

from tests.faults.building import Make, chain, he, initialised, squared_error, weighted
from tests.faults.program import Job, faulty
from tests.faults.report.making import ALIKE, STEP, WEIGHTS, Initialise, normal, trained
from tests.faults.report.tasks import rings, table, wave
from tests.faults.tasks import Pairs

WINE, TUMOURS = [13, 40, 40, 3], [30, 64, 64, 64, 64, 64, 64, 2]


def tumours(activation: Make = nn.ReLU) -> Job:
    return trained(initialised(chain(TUMOURS, activation)), table("tumours"), RMSprop, lr=3e-4)


def sigmoid() -> Job:
    return trained(chain(TUMOURS, nn.Sigmoid), table("tumours"), RMSprop, lr=3e-4)


class Sine(nn.Module):
    """SIREN's activation: the sine of thirty times its input."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(30 * x)


def siren(*, is_scaled: bool) -> Job:
    """Sitzmann et al. (2020) divide the weights of all layers but the first by the thirty again."""
    model = chain([1, 64, 64, 64, 64, 64, 1], Sine)
    if is_scaled:
        nn.init.uniform_(weighted(model)[0].weight, -0.3, 0.3)
        for layer in weighted(model)[1:]:
            bound = (6 / layer.weight.shape[1]) ** 0.5 / 30
            nn.init.uniform_(layer.weight, -bound, bound)
    return trained(model, wave(), Adam, squared_error, lr=1e-3)


def wine(
    sizes: Sequence[int] = WINE,
    fill: Initialise = he,
    kind: type = SGD,
    batches: Pairs | None = None,
    **settings: Any,
) -> Job:
    """Wines by a network whose hidden layers are filled in some way."""
    return trained(initialised(chain(sizes), fill), batches or table("wine"), kind, **settings)


def tanh(lr: float) -> Job:
    return trained(chain([13, 40, 40, 40, 3], nn.Tanh), table("wine"), Adam, lr=lr)


def uniform(low: float, high: float) -> Job:
    """A second layer drawn from below 0 alone; what it gets has been through ReLU, so it is never below 0."""
    model = initialised(chain([30, 64, 64, 2]))
    nn.init.uniform_(weighted(model)[1].weight, low, high)
    return trained(model, table("tumours"), Adam, lr=3e-3)


def tiled(rows: int) -> Job:
    """A first layer that was widened from one of fewer units by repeating them, like the second one."""
    model = chain([2, 48, 48, 3], nn.Tanh)
    for layer in weighted(model)[:2]:
        with torch.no_grad():
            layer.weight.copy_(layer.weight[:rows].repeat(48 // rows, 1))
            assert layer.bias is not None
            layer.bias.copy_(layer.bias[:rows].repeat(48 // rows))
    _, second, last = weighted(model)
    with torch.no_grad():
        second.weight.copy_(second.weight[:, :rows].repeat(1, 48 // rows) * rows / 48)
        last.weight.copy_(last.weight[:, :rows].repeat(1, 48 // rows) * rows / 48)
    return trained(model, rings(), Adam, lr=1e-2)


def rung(activation: Make = nn.ReLU, *, lr: float = 1e-2, kind: type = Adam, **settings: Any) -> Job:
    return trained(chain([2, 48, 48, 3], activation), rings(), kind, lr=lr, **settings)


def deep(fill: Initialise) -> Job:
    """Eight hidden layers, of which the outermost have the same fill as those within."""
    model = initialised(chain([2, *[32] * 8, 3]), fill, fill)
    return trained(model, rings(), Adam, lr=3e-3)


def averaging(weight: Tensor) -> None:
    nn.init.constant_(weight, 1 / weight.shape[1])


class Shifted(nn.Module):
    """Layer normalisation and a ReLU of what is above a threshold, which may be out of reach."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.norm, self.threshold = nn.LayerNorm(40), threshold

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(x) - self.threshold)


def shifted(threshold: float) -> Job:
    layers = [nn.Linear(13, 40), nn.Tanh(), nn.Linear(40, 40), Shifted(threshold), nn.Linear(40, 3)]
    return trained(nn.Sequential(*layers), table("wine"), Adam, lr=5e-3)


programs = (
    faulty(
        "mlp-tumours-sigmoid",
        "vanishing-gradient",
        sigmoid,
        cause="sigmoid|saturat|slope|flat end",
        twin="mlp-tumours",
        also=("saturated-units",),
    ),
    faulty(
        "mlp-threshold-out-of-reach",
        "vanishing-gradient",
        lambda: shifted(7.0),
        cause="dead|\\bfir(e|es|ed|ing)\\b|silent|threshold|shift|bias",
        twin="mlp-threshold-in-reach",
        also=("dead-units", "stalled-layer"),
    ),
    faulty(
        "mlp-siren-default-weights",
        "exploding-gradient",
        lambda: siren(is_scaled=False),
        cause=WEIGHTS + "|slope|frequen|\\bsine?\\b",
        twin="mlp-siren",
    ),
    faulty(
        "mlp-unit-normal-weights",
        "exploding-gradient",
        lambda: deep(normal(1.0)),
        cause=WEIGHTS,
        twin="mlp-rings-deep",
        also=("exploding-activation",),
    ),
    faulty(
        "mlp-tanh-driven-to-its-ends",
        "saturated-units",
        lambda: tanh(1.0),
        cause=STEP,
        twin="mlp-wine-tanh",
        also=("unstable-updates",),
    ),
    faulty(
        "mlp-negative-weights",
        "dead-units",
        lambda: uniform(-0.2, 0.0),
        cause="weight|born dead|initiali[sz]|negative",
        twin="mlp-two-sided-weights",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-widened-from-one",
        "symmetric-units",
        lambda: tiled(1),
        cause=ALIKE + "|cop(y|ies)|repeat",
        twin="mlp-rings-tanh",
    ),
    faulty(
        "mlp-widened-from-three",
        "symmetric-units",
        lambda: tiled(3),
        cause=ALIKE + "|cop(y|ies)|repeat",
        twin="mlp-rings-tanh",
    ),
    faulty(
        "mlp-averaging-weights",
        "symmetric-units",
        lambda: wine(fill=averaging, kind=Adam, lr=5e-3),
        cause=ALIKE,
        twin="mlp-wine-adam",
    ),
)
