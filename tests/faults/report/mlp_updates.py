"""Multilayer perceptrons whose fault is in the data, the loss or the updates."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, cross_entropy, initialised, squared_error, weighted
from tests.faults.program import Batch, Job, faulty
from tests.faults.report.making import CUT, INPUT, STEP, trained
from tests.faults.report.mlp import WINE, rung, wine
from tests.faults.report.tasks import counts, rings, table


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
