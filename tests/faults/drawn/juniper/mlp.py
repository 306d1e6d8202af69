"""Plain layers over tables of windmills and of weather vanes: what students made of them."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, cross_entropy, deep, he, squared_error, xavier
from tests.faults.drawn.juniper.odd import programs as odd
from tests.faults.drawn.juniper.tasks import QUARTERS, vanes, windmills
from tests.faults.eighth.making import (
    SIGMOID,
    STEP,
    WEIGHTS,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.fourth.making import LEFT_OUT
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION


def pointing(activation: Make) -> Job:
    """Six hidden layers, with one activation after each."""
    model = filled(chain(deep(6, 40, inputs=7, outputs=QUARTERS), activation), xavier)
    return trained(model, vanes(), Adam, lr=4e-3)


def turning(fill: Fill, lr: float = 3e-3) -> Job:
    """The power of a mill from five hidden layers that are drawn in one way."""
    model = filled(chain(deep(5, 64, inputs=8, outputs=1)), fill)
    return trained(model, windmills(), Adam, squared_error, lr=lr)


class Logged(nn.Module):
    """Layers over a table whose first number, a speed, is seen by its logarithm, of it or of 1 more."""

    def __init__(self, plus: float) -> None:
        super().__init__()
        self.rest, self.plus = chain([8, 48, 48, 1], nn.SiLU), plus

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([(x[:, :1] + self.plus).log(), x[:, 1:]], 1))
        return out


def windy(plus: float) -> Job:
    """Mills are measured on calm days too."""

    def blown(x: Tensor) -> Tensor:
        return torch.cat([x[:, :1].relu(), x[:, 1:]], 1)

    return trained(Logged(plus), seen_through(blown, windmills()), Adam, squared_error, lr=8e-3)


def descended(lr: float = 0.05, *, is_all: bool = True) -> Job:
    """Descent with momentum on all layers, or on the head, as an earlier exercise had it."""
    model = chain([7, 48, 48, QUARTERS])
    filled(model, xavier)
    some = model if is_all else model[-1]
    return Job(model, SGD(some.parameters(), lr=lr, momentum=0.9), vanes(), cross_entropy)


programs = (
    healthy("mlp-vanes-six-by-tanh", lambda: pointing(nn.Tanh)),
    healthy("mlp-windmills-five-by-he", lambda: turning(he)),
    healthy("mlp-windmills-log-of-one-more", lambda: windy(1.0)),
    healthy("mlp-vanes-momentum-at-a-twentieth", descended),
    *odd,
    faulty(
        "mlp-vanes-six-by-sigmoid",
        "vanishing-gradient",
        lambda: pointing(nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-vanes-six-by-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-windmills-five-of-unit-normals",
        "exploding-gradient",
        lambda: turning(normal(1.0)),
        cause=WEIGHTS,
        twin="mlp-windmills-five-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-windmills-five-driven-out",
        "dead-units",
        lambda: turning(he, lr=0.2),
        cause=DRIVEN,
        twin="mlp-windmills-five-by-he",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    faulty(
        "mlp-windmills-log-of-calm",
        "non-finite",
        lambda: windy(0.0),
        cause=OPERATION + "|calm",
        twin="mlp-windmills-log-of-one-more",
    ),
    faulty(
        "mlp-vanes-momentum-at-one",
        "unstable-updates",
        lambda: descended(1.0),
        cause=STEP + "|momentum",
        twin="mlp-vanes-momentum-at-a-twentieth",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-vanes-optimiser-of-a-head",
        "stalled-layer",
        lambda: descended(is_all=False),
        cause=LEFT_OUT,
        twin="mlp-vanes-momentum-at-a-twentieth",
    ),
)
