"""Convolutional networks that tell cloths apart."""

from torch import Tensor, nn
from torch.optim import SGD, Adam, RMSprop

from tests.faults.building import Make, cross_entropy, he, xavier
from tests.faults.fourth.making import Fill
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixth.making import (
    ALIKE,
    DRAWN,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    constant,
    filled,
    seen_through,
    trained,
    weighted,
)
from tests.faults.sixth.tasks import FABRICS, fabrics

WIDTH = 16


def cloth(layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    """Convolutions of 3 x 3, the first two of which are pooled after, and a linear layer."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(WIDTH if place else 3, WIDTH, 3, padding=1), norm(), activation()]
        parts += [nn.MaxPool2d(2)] if place < 2 else []
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(9 * WIDTH, FABRICS))


def seven(activation: Make = nn.ReLU, fill: Fill = he) -> Job:
    return trained(filled(cloth(7, activation), fill), fabrics(), Adam, lr=2e-3)


def photographed(lr: float = 3e-3, fill: Fill = he, *, is_scaled: bool = True) -> Job:
    """What a camera of 16 bits tells, as it is or about its mean and on unit scale."""

    def told(x: Tensor) -> Tensor:
        raw = (21000 + 6000 * x).round().clamp(0, 65535)
        return (raw - 21000) / 6000 if is_scaled else raw

    return trained(filled(cloth(), fill), seen_through(told, fabrics()), Adam, lr=lr)


def glorot_times_six(weight: Tensor) -> None:
    nn.init.xavier_uniform_(weight, gain=6.0)


def vectors_set(scale: float) -> Job:
    """Every parameter of one axis is set: biases to 0, and with them the scales of normalisations, or not."""
    model = cloth(4, norm=lambda: nn.BatchNorm2d(WIDTH))
    for layer in model:
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.weight, scale)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
    return trained(model, fabrics(), Adam, lr=3e-3)


def by_squares(lr: float) -> Job:
    return trained(filled(cloth(3, nn.SiLU), he), fabrics(), RMSprop, lr=lr)


def held_out(*, is_told: bool) -> Job:
    """Two groups of an optimiser: the head, and the convolutions with a rate that a search had set to 0."""
    model = filled(cloth(4, nn.Hardtanh), xavier)
    *inner, head = weighted(model)
    groups = [
        {"params": [p for layer in inner for p in layer.parameters()], "lr": 0.05 if is_told else 0.0},
        {"params": [*head.parameters()], "lr": 0.05},
    ]
    return Job(model, SGD(groups, lr=0.05, momentum=0.9, nesterov=True), fabrics(), cross_entropy)


programs = (
    healthy("cnn-cloth-seven-rectified", seven),
    healthy("cnn-camera-on-unit-scale", photographed),
    healthy("cnn-scales-of-one", lambda: vectors_set(1.0)),
    healthy("cnn-squares-slowly", lambda: by_squares(1e-3)),
    healthy("cnn-convolutions-with-a-rate", lambda: held_out(is_told=True)),
    faulty(
        "cnn-cloth-seven-sigmoids",
        "vanishing-gradient",
        lambda: seven(nn.Sigmoid),
        cause=SIGMOID,
        twin="cnn-cloth-seven-rectified",
        also=("stalled-layer",),
    ),
    faulty(
        "cnn-camera-of-sixteen-bits",
        "unscaled-input",
        lambda: photographed(is_scaled=False),
        cause=INPUT,
        twin="cnn-camera-on-unit-scale",
        also=("dead-units", "exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "cnn-cloth-glorot-times-six",
        "exploding-gradient",
        lambda: seven(fill=glorot_times_six),
        cause=GROWTH + "|gain",
        twin="cnn-cloth-seven-rectified",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-cloth-of-one-value",
        "symmetric-units",
        lambda: photographed(fill=constant(0.02)),
        cause=ALIKE,
        twin="cnn-camera-on-unit-scale",
    ),
    faulty(
        "cnn-scales-of-zero",
        "dead-units",
        lambda: vectors_set(0.0),
        cause=DRAWN + r"|scale|norm|gamma|\bzero",
        twin="cnn-scales-of-one",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-cloth-at-a-half",
        "dead-units",
        lambda: photographed(0.5),
        cause=STEP + "|during training",
        twin="cnn-camera-on-unit-scale",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
