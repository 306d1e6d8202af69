"""Plain layers over crystals and mushrooms: a port, a wider net from a narrow one, a student."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, deep, he, squared_error, weighted, xavier
from tests.faults.drawn.cedar.tasks import SPECIES, crystals, mushrooms, taught
from tests.faults.eighth.making import (
    ALIKE,
    DATA,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    UNDEFINED,
    Fill,
    Loss,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


def ported(fill: Fill, activation: Make = nn.ReLU) -> Job:
    """Seven hidden layers of a paper on gaps of crystals."""
    model = filled(chain(deep(7, 40, inputs=8, outputs=1), activation), fill)
    return trained(model, crystals(), Adam, squared_error, lr=3e-3)


def told_apart(lr: float = 0.05, unit: float = 1.0, mean: float = 0.0) -> Job:
    """Species by descent with momentum; the first four measures are lengths in some unit."""
    scale = torch.tensor([*[unit] * 4, *[1.0] * 6])
    shift = torch.tensor([*[mean] * 4, *[0.0] * 6])
    batches = seen_through(lambda x: x * scale + shift, mushrooms())
    return trained(chain([10, 48, 48, SPECIES]), batches, SGD, lr=lr, momentum=0.9)


def widened(noise: float) -> Job:
    """A small net made 12 times as wide, so that it tells the same (Chen et al., 2016)."""
    small = filled(chain([10, 3, 3, SPECIES], nn.Tanh), xavier)
    large = chain([10, 36, 36, SPECIES], nn.Tanh)
    with torch.no_grad():
        for old, new in zip(weighted(small), weighted(large), strict=True):
            rows, columns = len(new.weight) // len(old.weight), new.weight.shape[1] // old.weight.shape[1]
            assert old.bias is not None
            assert new.bias is not None
            new.weight.copy_(old.weight.repeat(rows, columns) / columns)
            new.weight.add_(noise * torch.randn_like(new.weight))
            new.bias.copy_(old.bias.repeat(rows))
    return trained(large, mushrooms(), Adam, lr=3e-3)


def by_hand(model: nn.Module, batch: Batch) -> Tensor:
    """Distance from what the teacher told, as the paper writes it (Hinton et al., 2015)."""
    x, told = batch
    out: Tensor = (told * (told.log() - model(x).log_softmax(1))).sum(1).mean()
    return out


def by_torch(model: nn.Module, batch: Batch) -> Tensor:
    """Distance from what the teacher told, in which 0 counts for nothing."""
    x, told = batch
    return F.kl_div(model(x).log_softmax(1), told, reduction="batchmean")


def learned_from(loss: Loss = by_torch, lr: float = 5e-3) -> Job:
    return trained(chain([10, 40, 40, 40, SPECIES]), taught(), Adam, loss, lr=lr)


programs = (
    healthy("mlp-crystals-seven-by-he", lambda: ported(he)),
    healthy("mlp-mushrooms-lengths-standardised", told_apart),
    healthy("mlp-mushrooms-widened-and-shaken", lambda: widened(0.2)),
    healthy("mlp-mushrooms-student-by-torch", learned_from),
    faulty(
        "mlp-crystals-seven-logistic",
        "vanishing-gradient",
        lambda: ported(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-crystals-seven-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-crystals-seven-normal-by-default",
        "exploding-gradient",
        lambda: ported(normal(1.0)),
        cause=GROWTH,
        twin="mlp-crystals-seven-by-he",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-mushrooms-rate-for-great-batches",
        "unstable-updates",
        lambda: told_apart(lr=1.6),
        cause=STEP + "|momentum",
        twin="mlp-mushrooms-lengths-standardised",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "mlp-mushrooms-lengths-in-millimetres",
        "unscaled-input",
        lambda: told_apart(unit=35.0, mean=80.0),
        cause=INPUT + "|scale|offset",
        twin="mlp-mushrooms-lengths-standardised",
        also=(
            "dead-units",
            "exploding-gradient",
            "exploding-activation",
            "unstable-updates",
            "non-finite",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "mlp-mushrooms-widened-by-copies",
        "symmetric-units",
        lambda: widened(0.0),
        cause=ALIKE,
        twin="mlp-mushrooms-widened-and-shaken",
    ),
    faulty(
        "mlp-mushrooms-student-by-the-formula",
        "non-finite",
        lambda: learned_from(by_hand),
        cause=UNDEFINED + "|target|label|" + DATA,
        twin="mlp-mushrooms-student-by-torch",
    ),
    faulty(
        "mlp-mushrooms-student-driven-out",
        "dead-units",
        lambda: learned_from(lr=0.2),
        cause=DRIVEN,
        twin="mlp-mushrooms-student-by-torch",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
)
