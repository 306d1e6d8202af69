"""Multilayer perceptrons whose steps are wrong, or whose layers are not reached by them."""

from torch import nn
from torch.optim import SGD, Adam, NAdam, Rprop
from torch.optim.lr_scheduler import OneCycleLR

from tests.faults.building import chain, cross_entropy, he, squared_error, xavier
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixth.making import (
    LEFT_OUT,
    STEP,
    PacedAdam,
    filled,
    rates,
    told,
    trained,
)
from tests.faults.sixth.tasks import bicycles, concrete, customers


def by_nadam(lr: float) -> Job:
    return trained(chain([8, 48, 48, 1], nn.GELU), concrete(), NAdam, squared_error, lr=lr)


def one_cycle(greatest: float) -> Job:
    model = filled(chain([8, 48, 48, 1], nn.ELU), xavier)
    paced = rates(lambda of: OneCycleLR(of, max_lr=greatest, total_steps=61), 1e-3)
    return Job(model, PacedAdam(model.parameters(), paced), customers(), told)


def by_signs(etas: tuple[float, float]) -> Job:
    """Steps of their own for each weight, longer as long as the sign of its gradient stays."""
    model = chain([8, 32, 2], nn.Tanh)
    return trained(model, customers(256), Rprop, cross_entropy, lr=1e-3, etas=etas)


def killed(lr: float) -> Job:
    model = filled(chain([6, 64, 64, 1]), he)
    return trained(model, bicycles(), SGD, squared_error, lr=lr, momentum=0.9)


def widened(*, is_before: bool) -> Job:
    """More columns came: a first layer for them is put in before the optimiser is made, or after."""
    model, first = chain([5, 4, 32, 1], nn.Tanh), nn.Linear(8, 4)
    if is_before:
        model[0] = first
    optimizer = Adam(model.parameters(), lr=1e-2)
    model[0] = first
    return Job(model, optimizer, concrete(), squared_error)


programs = (
    healthy("mlp-nadam-of-a-few-thousandths", lambda: by_nadam(4e-3)),
    healthy("mlp-one-cycle-up-to-a-fiftieth", lambda: one_cycle(0.02)),
    healthy("mlp-signs-of-large-batches", lambda: by_signs((0.5, 1.2))),
    healthy("mlp-bicycles-momentum-small", lambda: killed(1e-3)),
    healthy("mlp-columns-added-in-time", lambda: widened(is_before=True)),
    faulty(
        "mlp-one-cycle-up-to-three",
        "unstable-updates",
        lambda: one_cycle(3.0),
        cause=STEP + "|schedul",
        twin="mlp-one-cycle-up-to-a-fiftieth",
        also=("exploding-activation", "exploding-gradient", "non-finite"),
    ),
    faulty(
        "mlp-signs-in-steps-that-triple",
        "unstable-updates",
        lambda: by_signs((0.9, 3.0)),
        cause=STEP + r"|\beta|factor|rprop|grow",
        twin="mlp-signs-of-large-batches",
        also=("saturated-units", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-bicycles-momentum-kills",
        "dead-units",
        lambda: killed(0.05),
        cause=STEP + "|during training|first step",
        twin="mlp-bicycles-momentum-small",
        also=(
            "unstable-updates",
            "exploding-gradient",
            "vanishing-gradient",
            "exploding-activation",
            "stalled-layer",
        ),
    ),
    faulty(
        "mlp-columns-added-too-late",
        "stalled-layer",
        lambda: widened(is_before=False),
        cause=LEFT_OUT,
        twin="mlp-columns-added-in-time",
    ),
)
