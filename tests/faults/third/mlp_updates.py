"""Multilayer perceptrons whose fault is in the data, the loss or the updates."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam

from tests.faults.building import chain, cross_entropy, initialised, squared_error
from tests.faults.program import Batch, Job, faulty
from tests.faults.tasks import generator
from tests.faults.third.making import INPUT, STEP, Rated, seen_through, trained
from tests.faults.third.tasks import arcs, friedman, opinions

COLUMN = (60 * 64) ** 0.5  # the root of how many examples there are


def of_columns(length: float) -> Job:
    """Each column of the table divided to be of length 1, or brought to unit scale."""
    batches = seen_through(lambda x: x * length, friedman())
    return trained(initialised(chain([10, 48, 48, 1])), batches, SGD, squared_error, lr=0.02, momentum=0.6)


def dated(first: float) -> Job:
    """A column of years: of our era, or since the first one."""
    draw = generator(71)
    batches = seen_through(
        lambda x: torch.cat([x, first + 3.5 * torch.rand(len(x), 1, generator=draw)], 1), opinions()
    )
    return trained(chain([13, 32, 32, 4]), batches, SGD, lr=0.05, momentum=0.9)


def logarithmic(*, is_safe: bool) -> Job:
    """Squared error of logarithms, of what was made and may be below -1."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        made = F.softplus(model(x)) if is_safe else model(x)
        return F.mse_loss(torch.log1p(made), torch.log1p((2 * y).exp()))

    return trained(initialised(chain([10, 48, 48, 1])), friedman(), AdamW, loss, lr=3e-3)


def growing(gamma: float) -> Job:
    """A rate that is multiplied at every step."""
    model = initialised(chain([10, 48, 48, 1]))
    factors = [gamma**step for step in range(60)]
    return Job(model, Rated(model, 0.03, 0.5, factors), friedman(), squared_error)


def restarted(peak: float) -> Job:
    """A rate that falls and is raised again every twenty steps."""
    model = initialised(chain([2, 32, 32, 2]))
    factors = [(peak if step >= 20 else 1.0) * (1 - step % 20 / 20) for step in range(60)]
    return Job(model, Rated(model, 0.05, 0.9, factors), arcs(), cross_entropy)


def remembering(second: float) -> Job:
    """Adam's memory of squares: long, or none."""
    return trained(chain([12, 40, 40, 4]), opinions(), Adam, lr=1e-2, betas=(0.95, second))


def shared_rate(lr: float) -> Job:
    return trained(chain([2, 40, 40, 2], nn.GELU), arcs(), NAdam, lr=lr)


programs = (
    faulty(
        "mlp-columns-of-length-one",
        "unscaled-input",
        lambda: of_columns(1 / COLUMN),
        cause=INPUT,
        twin="mlp-columns-of-unit-scale",
    ),
    faulty(
        "mlp-calendar-years",
        "unscaled-input",
        lambda: dated(2020.0),
        cause=INPUT + "|mean|offset|centr",
        twin="mlp-years-since",
        also=("non-finite", "dead-units", "unstable-updates"),
    ),
    faulty(
        "mlp-logarithmic-error",
        "non-finite",
        lambda: logarithmic(is_safe=False),
        cause="loss|\\blog",
        twin="mlp-logarithmic-error-above-0",
    ),
    faulty(
        "mlp-rate-multiplied-by-more-than-one",
        "unstable-updates",
        lambda: growing(1.15),
        cause=STEP + "|schedul",
        twin="mlp-rate-multiplied-by-less-than-one",
        also=("dead-units", "non-finite"),
    ),
    faulty(
        "mlp-restarted-too-high",
        "dead-units",
        lambda: restarted(60.0),
        cause=STEP + "|schedul|restart",
        twin="mlp-restarted",
        also=("unstable-updates", "non-finite"),
    ),
    faulty(
        "mlp-second-moment-forgotten",
        "unstable-updates",
        lambda: remembering(0.0),
        cause=STEP + "|beta|moment",
        twin="mlp-second-moment",
        also=("dead-units", "non-finite"),
    ),
    faulty(
        "mlp-nadam-rate",
        "unstable-updates",
        lambda: shared_rate(0.8),
        cause=STEP,
        twin="mlp-arcs-gelu",
    ),
)
