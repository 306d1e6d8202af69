"""Autoencoders of pulses."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he, squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import ALIKE, GROWTH, WEIGHTS, constant, filled, trained, weighted
from tests.faults.sixth.tasks import CHANNELS, pulses


class Coded(nn.Module):
    """Two layers down to a code of sigmoids, and two up from it."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.squash = chain([CHANNELS, 40, 40, 12], nn.ELU), nn.Sigmoid()
        self.up = chain([12, 40, 40, CHANNELS], nn.ELU)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.up(4 * self.squash(self.down(x)) - 2)
        return out


def coded() -> Job:
    return trained(Coded(), pulses(), Adam, squared_error, lr=8e-3)


def coded_alike() -> Job:
    job = coded()
    filled(job.model, constant(0.1))
    return job


def last_drawn_widely() -> Job:
    """The layer before the sigmoids is drawn again, and widely."""
    job = coded()
    assert isinstance(job.model, Coded)
    nn.init.normal_(weighted(job.model.down)[-1].weight, 0.0, 3.0)
    return job


def deep() -> Job:
    sizes = [CHANNELS, 48, 48, 6, 48, 48, CHANNELS]
    return trained(filled(chain(sizes, nn.LeakyReLU), he), pulses(), AdamW, squared_error, lr=2e-3)


def deep_from_0_to_1() -> Job:
    """`torch.rand` in place of `torch.randn`, and no factor."""
    job = deep()
    for layer in weighted(job.model):
        nn.init.uniform_(layer.weight)
    return job


def deep_by_small_gain() -> Job:
    """Glorot's rule, whose gain is given as if it were a deviation."""
    job = deep()
    for layer in weighted(job.model):
        nn.init.xavier_uniform_(layer.weight, gain=0.05)
    return job


class Gaussian(nn.Module):
    """A mean and the logarithm of a variance for each number of the code (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([CHANNELS, 48, 12], nn.SiLU), chain([6, 48, CHANNELS], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encode(x).chunk(2, 1)
        far = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        return self.decode(mean + (log_variance / 2).exp() * torch.randn_like(mean)), far


def slowly_weighed(model: nn.Module, batch: Batch) -> Tensor:
    made, far = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.01 * far
    return out


class Stepped(nn.Module):
    """Codes are rounded to fifths; the gradient passes as if they were not (Bengio et al., 2013)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([CHANNELS, 48, 8], nn.GELU), chain([8, 48, CHANNELS], nn.GELU)

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x).tanh()
        out: Tensor = self.decode(code + ((5 * code).round() / 5 - code).detach())
        return out


def few_at_a_time() -> Job:
    """Biases let a fifth of ninety-six units of the code fire for a pulse."""
    model = filled(chain([CHANNELS, 96, CHANNELS]), he)
    nn.init.constant_(weighted(model)[0].bias, -1.5)  # type: ignore[arg-type]
    return trained(model, pulses(), Adam, squared_error, lr=5e-3)


programs = (
    healthy("autoencoder-code-of-sigmoids", coded),
    healthy("autoencoder-deep-leaky-by-he", deep),
    healthy(
        "autoencoder-gaussian-code", lambda: trained(Gaussian(), pulses(), Adam, slowly_weighed, lr=1e-2)
    ),
    healthy("autoencoder-code-in-fifths", lambda: trained(Stepped(), pulses(), Adam, squared_error, lr=5e-3)),
    healthy("autoencoder-few-at-a-time", few_at_a_time),
    faulty(
        "autoencoder-all-of-one-tenth",
        "symmetric-units",
        coded_alike,
        cause=ALIKE,
        twin="autoencoder-code-of-sigmoids",
    ),
    faulty(
        "autoencoder-code-of-deviation-three",
        "saturated-units",
        last_drawn_widely,
        cause=WEIGHTS + "|pre-activation",
        twin="autoencoder-code-of-sigmoids",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "autoencoder-deep-from-0-to-1",
        "exploding-activation",
        deep_from_0_to_1,
        cause=GROWTH,
        twin="autoencoder-deep-leaky-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "autoencoder-deep-gain-of-a-twentieth",
        "vanishing-gradient",
        deep_by_small_gain,
        cause=WEIGHTS + "|gain",
        twin="autoencoder-deep-leaky-by-he",
        also=("stalled-layer",),
    ),
)
