"""Convolutional networks."""

import torch
from torch import Tensor, nn

from tests.faults.building import (
    Initialise,
    Make,
    Scaled,
    adam,
    biased,
    convolutions,
    cross_entropy,
    he,
    initialised,
    sgd,
    weighted,
    xavier,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.tasks import digits

CHANNELS = 12


def net(
    layers: int = 3,
    activation: Make = nn.ReLU,
    hidden: Initialise = he,
    lr: float = 3e-3,
    *,
    norm: bool = False,
) -> Job:
    model = initialised(convolutions([CHANNELS] * layers, activation, norm=norm), hidden)
    return Job(model, adam(model, lr), digits(), cross_entropy)


def fixed(weight: Tensor) -> None:
    """The deviation that VGG was once drawn with."""
    nn.init.normal_(weight, std=0.01)


def dead() -> Job:
    job = net()
    biased(job.model, -10, [1])
    return job


def descent(lr: float = 0.05, **settings: float) -> Job:
    job = net()
    return Job(job.model, sgd(job.model, lr, **settings), job.batches, job.loss)


def of_bytes() -> Job:
    job = descent()
    return Job(job.model, job.optimizer, digits(scale=16, offset=0), job.loss)


def normalised_bytes() -> Job:
    """Bytes that the model itself brings to unit scale."""
    inner = initialised(convolutions([CHANNELS] * 3))
    model = nn.Sequential(Scaled(1 / 96, -5 / 6), *inner.children())
    return Job(model, sgd(model, 0.05), digits(scale=16, offset=0), cross_entropy)


def constant() -> Job:
    def fill(weight: Tensor) -> None:
        nn.init.constant_(weight, 0.02)

    return net(hidden=fill, lr=3e-3)


def frozen_by_rate() -> Job:
    """Two convolutions of 1 channel, whose learning rate was set to nothing."""
    return narrow(0.0)


def narrow(rate: float) -> Job:
    model = initialised(convolutions([1, 1, CHANNELS]))
    layers = weighted(model)
    groups = [
        {"params": [p for layer in layers[:2] for p in layer.parameters()], "lr": rate},
        {"params": [p for layer in layers[2:] for p in layer.parameters()], "lr": 1e-2},
    ]
    return Job(model, torch.optim.Adam(groups), digits(), cross_entropy)


def vgg() -> Job:
    """PyTorch's own initialisation and growing channels: some of them silent at first."""
    model = convolutions([8, 16, 32, 32])
    return Job(model, adam(model, 3e-3), digits(), cross_entropy)


def overflowing() -> Job:
    return net(layers=12, hidden=lambda weight: he(weight, 3000))


SCALE = "weights are (too )?(small|large)|too large before any update"
programs = (
    healthy("cnn-relu", net),
    healthy("cnn-relu-deep", lambda: net(10)),
    healthy("cnn-descent", descent),
    healthy("cnn-narrow", lambda: narrow(1e-2)),
    healthy("cnn-batch-norm", lambda: net(4, norm=True)),
    healthy("cnn-vgg", vgg),
    healthy("cnn-bytes-scaled-inside", normalised_bytes),
    healthy("cnn-leaky", lambda: net(5, nn.LeakyReLU)),
    faulty(
        "cnn-sigmoid-deep",
        "vanishing-gradient",
        lambda: net(8, nn.Sigmoid, xavier),
        cause="slope of sigmoid|flat ends of sigmoid",
        twin="cnn-relu-deep",
    ),
    faulty(
        "cnn-small-weights",
        "vanishing-gradient",
        lambda: net(10, hidden=fixed),
        cause=SCALE,
        twin="cnn-relu-deep",
    ),
    faulty(
        "cnn-large-weights",
        "exploding-activation",
        lambda: net(10, hidden=lambda weight: he(weight, 4)),
        cause=SCALE,
        twin="cnn-relu-deep",
        also=("exploding-gradient",),
    ),
    faulty("cnn-dead-bias", "dead-units", dead, cause="bias", twin="cnn-relu"),
    faulty(
        "cnn-overflow",
        "non-finite",
        overflowing,
        cause="before any update|weights are too large",
        twin="cnn-relu-deep",
        also=("exploding-activation",),
    ),
    faulty("cnn-bytes", "unscaled-input", of_bytes, cause="input|scale", twin="cnn-descent"),
    faulty(
        "cnn-constant-weights",
        "symmetric-units",
        constant,
        cause="same|constant|equal|identical",
        twin="cnn-relu",
    ),
    faulty(
        "cnn-momentum-999",
        "unstable-updates",
        lambda: descent(0.1, momentum=0.999),
        cause="momentum|learning rate|too large",
        twin="cnn-descent",
        also=("dead-units",),
    ),
    faulty(
        "cnn-group-without-rate",
        "stalled-layer",
        frozen_by_rate,
        cause="learning rate|lr",
        twin="cnn-narrow",
    ),
)
