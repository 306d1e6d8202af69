"""Autoencoders."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import (
    Detached,
    Initialise,
    Make,
    adam,
    biased,
    chain,
    he,
    initialised,
    squared_error,
    xavier,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import low_rank, pixels

SIZES = [32, 48, 8, 48, 32]
DEEP = [32, 48, 48, 48, 16, 48, 48, 48, 32]


def net(
    sizes: list[int] = SIZES, activation: Make = nn.ReLU, hidden: Initialise = he, lr: float = 5e-3
) -> Job:
    model = initialised(chain(sizes, activation), hidden)
    return Job(model, adam(model, lr), low_rank(), squared_error)


def dead() -> Job:
    job = net()
    biased(job.model, -10, [1])
    return job


def saturated(bias: float) -> Job:
    """A sigmoid code, pushed to its end by a bias."""
    model = initialised(chain([32, 48, 32], nn.Sigmoid), lambda weight: xavier(weight, 2.0))
    biased(model, bias, [0])
    return Job(model, adam(model, 1e-2), low_rank(), squared_error)


def bits(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.binary_cross_entropy(model(x), y)


def of_pixels(lr: float = 1e-2) -> Job:
    """A sigmoid at the output, for targets between 0 and 1; most pixels end near 0."""
    model = nn.Sequential(*initialised(chain([64, 64, 16, 64, 64])).children(), nn.Sigmoid())
    return Job(model, adam(model, lr), pixels(), bits)


class Variational(nn.Module):
    """A code with noise, whose deviation is learned as its logarithm."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.encode, self.decode = chain([32, 48, 16]), chain([8, 48, 32])
        self.factor = factor

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, logarithm = self.encode(x).chunk(2, dim=1)
        logarithm = logarithm * self.factor
        noise = torch.randn(mean.shape)
        return self.decode(mean + (logarithm / 2).exp() * noise), mean, logarithm


def evidence(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    made, mean, logarithm = model(x)
    divergence = (mean.square() + logarithm.exp() - 1 - logarithm).sum(1).mean() / 2
    return F.mse_loss(made, y) + 0.002 * divergence


def variational(factor: float) -> Job:
    model = Variational(factor)
    return Job(model, adam(model, 5e-3), low_rank(), evidence)


def standardised_by_batch(safe: float) -> Job:
    """Each feature divided by its deviation; one feature is constant."""
    batches = []
    for x, _ in low_rank():
        x = x.clone()
        x[:, 3] = 1.0
        scaled = (x - x.mean(0)) / (x.std(0) + safe)
        batches.append((scaled, scaled))
    model = initialised(chain(SIZES))
    return Job(model, adam(model, 5e-3), batches, squared_error)


def zero() -> Job:
    return net(hidden=nn.init.zeros_)


def detached(*, is_detached: bool) -> Job:
    """A code of four numbers, exactly as many as the data have: its encoder has to learn."""
    layers = list(initialised(chain([32, 48, 4, 48, 32], nn.Tanh), xavier).children())
    middle: list[nn.Module] = [Detached()] if is_detached else []
    model = nn.Sequential(*layers[:4], *middle, *layers[4:])
    return Job(model, adam(model, 1e-2), low_rank(), squared_error)


programs = (
    healthy("autoencoder-relu", net),
    healthy("autoencoder-deep", lambda: net(DEEP)),
    healthy("autoencoder-pixels", of_pixels),
    healthy("autoencoder-sigmoid-code", lambda: saturated(0.0)),
    healthy("autoencoder-variational", lambda: variational(1.0)),
    healthy("autoencoder-standardised", lambda: standardised_by_batch(1e-3)),
    healthy("autoencoder-narrow-code", lambda: detached(is_detached=False)),
    faulty(
        "autoencoder-sigmoid-deep",
        "vanishing-gradient",
        lambda: net(DEEP, nn.Sigmoid, xavier),
        cause="slope of sigmoid|flat ends of sigmoid",
        twin="autoencoder-deep",
    ),
    faulty(
        "autoencoder-saturated-code",
        "saturated-units",
        lambda: saturated(15.0),
        cause="bias",
        twin="autoencoder-sigmoid-code",
    ),
    faulty("autoencoder-dead-code", "dead-units", dead, cause="bias", twin="autoencoder-relu"),
    faulty(
        "autoencoder-exp-overflow",
        "non-finite",
        lambda: variational(1000.0),
        cause="undefined operation|overflow",
        twin="autoencoder-variational",
    ),
    faulty(
        "autoencoder-divided-by-zero",
        "non-finite",
        lambda: standardised_by_batch(0.0),
        cause="the data|the input",
        twin="autoencoder-standardised",
    ),
    faulty(
        "autoencoder-zero-weights",
        "symmetric-units",
        zero,
        cause="zero|same|constant|equal|identical",
        twin="autoencoder-relu",
    ),
    faulty(
        "autoencoder-detached-encoder",
        "stalled-layer",
        lambda: detached(is_detached=True),
        cause="detach|cut",
        twin="autoencoder-narrow-code",
        also=("vanishing-gradient",),
    ),
)
