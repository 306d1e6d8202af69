"""Multilayer perceptrons: customers who leave, and concrete."""

from torch import nn
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.program import Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    INPUT,
    LEFT_OUT,
    OVERFLOW,
    SIGMOID,
    STEP,
    WEIGHTS,
    Fill,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.seventh.tasks import concrete, customers


def five(activation: Make) -> Job:
    """Five hidden layers by He's rule, of one activation throughout."""
    return trained(filled(chain([10, *[32] * 5, 2], activation), he), customers(), Adam, lr=4e-3)


def leaving(fill: Fill = he, lr: float = 5e-3, *, is_raw: bool = False) -> Job:
    return trained(filled(chain([10, 48, 48, 2]), fill), customers(is_raw=is_raw), Adam, lr=lr)


def in_megapascals(lr: float, momentum: float = 0.0) -> Job:
    """Strength as it is measured, about 35 with a deviation of 17, by descent."""
    batches = concrete(scale=17.0, offset=38.0)
    return trained(chain([7, 64, 64, 1]), batches, SGD, squared_error, lr=lr, momentum=momentum)


def thin(activation: Make, fill: Fill) -> Job:
    """Eleven layers of four units each."""
    return trained(
        filled(chain([7, *[4] * 11, 1], activation), fill), concrete(), Adam, squared_error, lr=1e-2
    )


def nine(fill: Fill) -> Job:
    return trained(filled(chain([7, *[48] * 9, 1]), fill), concrete(), Adam, squared_error, lr=1e-3)


def new_body(*, is_known: bool) -> Job:
    """The middle is replaced by a wider one, before the optimiser is made or after."""
    model = chain([7, 16, 16, 1], nn.SiLU)
    old = Adam(model.parameters(), lr=1e-2)
    model[0], model[2] = nn.Linear(7, 40), nn.Linear(40, 16)
    optimizer = Adam(model.parameters(), lr=1e-2) if is_known else old
    return Job(model, optimizer, concrete(), squared_error)


programs = (
    healthy("mlp-customers-five-relu", lambda: five(nn.ReLU)),
    healthy("mlp-customers-on-scale", leaving),
    healthy("mlp-megapascals-slowly", lambda: in_megapascals(1e-4, 0.9)),
    healthy("mlp-thin-tanh", lambda: thin(nn.Tanh, xavier)),
    healthy("mlp-nine-by-he", lambda: nine(he)),
    healthy("mlp-new-body-known", lambda: new_body(is_known=True)),
    faulty(
        "mlp-customers-five-sigmoids",
        "vanishing-gradient",
        lambda: five(nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-customers-five-relu",
    ),
    faulty(
        "mlp-customers-in-dollars",
        "unscaled-input",
        lambda: leaving(is_raw=True),
        cause=INPUT,
        twin="mlp-customers-on-scale",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "mlp-customers-from-zeros",
        "symmetric-units",
        lambda: leaving(constant(0.0)),
        cause=ALIKE,
        twin="mlp-customers-on-scale",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "mlp-customers-adam-at-a-half",
        "unstable-updates",
        lambda: leaving(lr=0.5),
        cause=STEP,
        twin="mlp-customers-on-scale",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-megapascals-to-infinity",
        "non-finite",
        lambda: in_megapascals(0.1, 0.9),
        cause=STEP + "|" + OVERFLOW + "|target|diverg",
        twin="mlp-megapascals-slowly",
        also=("unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-megapascals-kill",
        "dead-units",
        lambda: in_megapascals(0.006, 0.9),
        cause=STEP + "|target",
        twin="mlp-megapascals-slowly",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "non-finite"),
    ),
    faulty(
        "mlp-thin-born-dead",
        "dead-units",
        lambda: thin(nn.ReLU, he),
        cause=r"born dead|initiali[sz]|narrow|width|deep|depth",
        twin="mlp-thin-tanh",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-nine-of-deviation-six-tenths",
        "exploding-gradient",
        lambda: nine(normal(0.6)),
        cause=WEIGHTS,
        twin="mlp-nine-by-he",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "mlp-new-body-unknown",
        "stalled-layer",
        lambda: new_body(is_known=False),
        cause=LEFT_OUT,
        twin="mlp-new-body-known",
    ),
)
