"""Multilayer perceptrons whose signal, weights or data are wrong: concrete, customers and bicycles."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, chain, he, squared_error, xavier
from tests.faults.fourth.making import Fill
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import (
    ALIKE,
    DRAWN,
    GROWTH,
    INPUT,
    SIGMOID,
    UNDEFINED,
    WEIGHTS,
    filled,
    seen_through,
    told,
    trained,
    weighted,
)
from tests.faults.sixth.tasks import bicycles, concrete, customers


def of_ten(fill: Fill = he, activation: Make = nn.ReLU) -> Job:
    return trained(
        filled(chain([8, *[32] * 9, 1], activation), fill), concrete(), Adam, squared_error, lr=2e-3
    )


def variance_for_deviation(weight: Tensor) -> None:
    """He's variance, handed to a function that asks for a deviation."""
    nn.init.normal_(weight, 0.0, 2 / weight.shape[1])


def evenly_about_one(weight: Tensor) -> None:
    nn.init.uniform_(weight, -1, 1)


def logistic(low: float, high: float) -> Job:
    """Weights drawn evenly; without bounds it is from 0 to 1."""
    model = chain([8, 64, 64, 1], nn.Sigmoid)
    for layer in weighted(model)[:-1]:
        nn.init.uniform_(layer.weight, low, high)
    return trained(model, concrete(), Adam, squared_error, lr=1e-2)


def in_thousands(output: Make) -> Job:
    """Strengths in megapascal, about 35, of which the last activation knows those up to 1."""
    batches = [(x, 3.5 + y) for x, y in concrete()]
    return trained(
        nn.Sequential(*chain([8, 48, 1], nn.SiLU), output()), batches, Adam, squared_error, lr=3e-2
    )


def biases(low: float, high: float) -> Job:
    model = filled(chain([8, 64, 64, 1]), lambda w: nn.init.normal_(w, 0.0, 0.2))
    for layer in weighted(model)[:-1]:
        nn.init.uniform_(layer.bias, low, high)  # type: ignore[arg-type]
    return trained(model, concrete(), AdamW, squared_error, lr=5e-3)


def of_income(deviation: float, mean: float) -> Job:
    """Income in euros a year beside numbers of unit scale, or in its own deviations."""

    def told_income(x: Tensor) -> Tensor:
        return torch.cat([mean + deviation * x[:, :1], x[:, 1:]], 1)

    model = filled(chain([8, 48, 48, 1], nn.LeakyReLU), he)
    return trained(model, seen_through(told_income, customers()), Adam, told, lr=5e-3)


def of_strains(scale: float) -> Job:
    """Strains in metres a metre, which are thousandths, or in thousandths."""
    batches = seen_through(lambda x: scale * x, concrete())
    return trained(filled(chain([8, 48, 48, 1], nn.Tanh), xavier), batches, SGD, squared_error, lr=0.1)


def swapped(mean: float, deviation: float) -> Job:
    """`normal_(weight, mean, std)` takes the mean first."""
    job = biases(0.0, 0.0)
    for layer in weighted(job.model):
        nn.init.normal_(layer.weight, mean, deviation)
    return job


def counted(*, is_logarithm: bool) -> Job:
    """Counts about a rate, that is what comes out, or the logarithm of which is."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        rate = model(batch[0])
        apart = rate.exp() - batch[1] * rate if is_logarithm else rate - batch[1] * rate.log()
        out: Tensor = (apart + (batch[1] + 1).lgamma()).mean()
        return out

    model = filled(chain([6, 48, 48, 1], nn.ELU), xavier)
    return trained(model, bicycles(), Adam, loss, lr=5e-3)


def never_ticked(epsilon: float) -> Job:
    """Two boxes of a form that nobody has ticked: their columns are 0, and so are gradients."""
    batches = seen_through(lambda x: torch.cat([x, torch.zeros(len(x), 2)], 1), customers())
    return trained(chain([10, 32, 1], nn.Mish), batches, RMSprop, told, lr=3e-3, eps=epsilon)


programs = (
    healthy("mlp-ten-drawn-by-deviation", of_ten),
    healthy("mlp-logistic-about-0", lambda: logistic(-0.5, 0.5)),
    healthy("mlp-strength-without-an-end", lambda: in_thousands(nn.Identity)),
    healthy("mlp-mean-then-deviation", lambda: biases(0.0, 0.0)),
    healthy("mlp-income-in-deviations", lambda: of_income(1.0, 0.0)),
    healthy("mlp-strains-in-thousandths", lambda: of_strains(1.0)),
    healthy("mlp-log-of-rate", lambda: counted(is_logarithm=True)),
    healthy("mlp-boxes-never-ticked", lambda: never_ticked(1e-8)),
    faulty(
        "mlp-ten-layers-of-sigmoid",
        "vanishing-gradient",
        lambda: of_ten(activation=nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-ten-drawn-by-deviation",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-ten-drawn-by-variance",
        "vanishing-gradient",
        lambda: of_ten(variance_for_deviation),
        cause=WEIGHTS,
        twin="mlp-ten-drawn-by-deviation",
        also=("stalled-layer",),
    ),
    faulty(
        "mlp-ten-between-minus-one-and-one",
        "exploding-activation",
        lambda: of_ten(evenly_about_one),
        cause=GROWTH,
        twin="mlp-ten-drawn-by-deviation",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-logistic-from-0-to-1",
        "saturated-units",
        lambda: logistic(0.0, 1.0),
        cause=WEIGHTS + "|pre-activation|mean",
        twin="mlp-logistic-about-0",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-strength-through-sigmoid",
        "saturated-units",
        lambda: in_thousands(nn.Sigmoid),
        cause=r"target|output|range|pre-activation|during training|update",
        twin="mlp-strength-without-an-end",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-biases-drawn-below-0",
        "dead-units",
        lambda: biases(-12.0, 0.0),
        cause=DRAWN,
        twin="mlp-mean-then-deviation",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-income-in-euros",
        "unscaled-input",
        lambda: of_income(9000.0, 38000.0),
        cause=INPUT,
        twin="mlp-income-in-deviations",
        also=("unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-strains-in-metres",
        "unscaled-input",
        lambda: of_strains(1e-3),
        cause=INPUT,
        twin="mlp-strains-in-thousandths",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-deviation-then-mean",
        "symmetric-units",
        lambda: swapped(0.2, 0.0),
        cause=ALIKE,
        twin="mlp-mean-then-deviation",
    ),
    faulty(
        "mlp-log-of-what-may-be-below-0",
        "non-finite",
        lambda: counted(is_logarithm=False),
        cause=UNDEFINED + "|negative|below 0",
        twin="mlp-log-of-rate",
    ),
    faulty(
        "mlp-boxes-without-epsilon",
        "non-finite",
        lambda: never_ticked(0.0),
        cause=r"\beps|epsilon|optimi[sz]er|divi|0/0",
        twin="mlp-boxes-never-ticked",
    ),
)
