"""Multilayer perceptrons with a planted fault."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, RMSprop

from tests.faults.building import Make, chain, cross_entropy, he, initialised, squared_error, weighted
from tests.faults.program import Batch, Job, faulty
from tests.faults.report.making import ALIKE, CUT, INPUT, STEP, WEIGHTS, Initialise, normal, trained
from tests.faults.report.tasks import counts, rings, table, wave
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


def logarithms(safe: float) -> Job:
    """Counts are learned from the logarithm of other counts, of which some are 0."""
    model = initialised(chain([7, 32, 32, 1]))
    batches = [(torch.cat([x, ((y + 1) // 2 + safe).log()], 1), y) for x, y in counts()]
    return trained(model, batches, Adam, squared_error, lr=1e-2)


def poisson(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    made = model(x)
    out: Tensor = (made.exp() - y * made).mean() + 8
    return out


def of_counts(lr: float) -> Job:
    return trained(initialised(chain([6, 32, 32, 1])), counts(), SGD, poisson, lr=lr)


def timestamped(start: float) -> Job:
    """A feature of seconds, since 1970 or since the start of the day."""
    draw = torch.Generator().manual_seed(35)
    batches = [
        (torch.cat([x, start + torch.rand(len(x), 1, generator=draw)], 1), y) for x, y in table("wine")
    ]
    return trained(chain([14, 40, 40, 3]), batches, Adam, lr=5e-3)


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


def summed(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.cross_entropy(model(x), y, reduction="sum")


def layered(factor: float) -> Job:
    """Rates that fall from the last layer to the first, as when a pretrained network is tuned."""
    model = initialised(chain([2, 6, 48, 48, 3]))
    groups = [
        {"params": list(layer.parameters()), "lr": 1e-2 * factor**depth}
        for depth, layer in enumerate(reversed(weighted(model)))
    ]
    return Job(model, Adam(groups), rings(), cross_entropy)


class Step(nn.Module):
    """1 above 0 and 0 below: its slope is 0 wherever there is one."""

    def forward(self, x: Tensor) -> Tensor:
        return (x > 0).float()


def stepped(activation: Make) -> Job:
    layers = [nn.Linear(2, 12), activation(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 3)]
    return trained(nn.Sequential(*layers), rings(), Adam, lr=2e-2)


def masked(safe: float) -> Job:
    """A loss averaged over the examples that are of interest; in one batch there is none."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y, wanted = batch
        losses = F.cross_entropy(model(x), y, reduction="none") * wanted
        out: Tensor = losses.sum() / (wanted.sum() + safe)
        return out

    batches = [(x, y, (torch.arange(len(y)) % 2 == 0).float()) for x, y in table("wine")]
    batches[17][2].zero_()
    return trained(chain(WINE), batches, SGD, loss, lr=0.05, momentum=0.9)


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
        "mlp-logarithm-of-no-count",
        "non-finite",
        lambda: logarithms(0.0),
        cause="input|data|feature",
        twin="mlp-logarithms",
    ),
    faulty(
        "mlp-poisson-overflow",
        "non-finite",
        lambda: of_counts(2.0),
        cause=STEP + "|overflow|diverg|\\bexp\\b",
        twin="mlp-counts",
        also=("unstable-updates",),
    ),
    faulty(
        "mlp-empty-mask",
        "non-finite",
        lambda: masked(0.0),
        cause="loss|divi|mask|0/0|undefined",
        twin="mlp-safe-mask",
    ),
    faulty(
        "mlp-wine-as-measured",
        "unscaled-input",
        lambda: wine(batches=table("wine", raw=True), lr=0.05, momentum=0.9),
        cause=INPUT,
        twin="mlp-wine",
        also=("non-finite", "unstable-updates"),
    ),
    faulty(
        "mlp-timestamp",
        "unscaled-input",
        lambda: timestamped(1.7e9),
        cause=INPUT + "|mean|offset|centr",
        twin="mlp-time-of-day",
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
    faulty(
        "mlp-swapped-betas",
        "unstable-updates",
        lambda: rung(lr=3e-2, betas=(0.999, 0.9)),
        cause=STEP + "|beta|moment",
        twin="mlp-rings",
        also=("dead-units",),
    ),
    faulty(
        "mlp-summed-loss",
        "unstable-updates",
        lambda: trained(chain(WINE), table("wine", batch=128), SGD, summed, lr=0.2, momentum=0.9),
        cause=STEP + "|loss.*(sum|large)|gradient.*large",
        twin="mlp-wine",
        also=("dead-units", "non-finite"),
    ),
    faulty(
        "mlp-rates-fade-by-layer",
        "stalled-layer",
        lambda: layered(1e-3),
        cause="learning rate|\\blr\\b|group",
        twin="mlp-discriminative-rates",
    ),
    faulty(
        "mlp-binary-steps",
        "stalled-layer",
        lambda: stepped(Step),
        cause=CUT + "|slope|deriv|threshold|compar",
        twin="mlp-no-steps",
        also=("vanishing-gradient",),
    ),
)
