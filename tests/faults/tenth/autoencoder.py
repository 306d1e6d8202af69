"""Autoencoders of sensors of a plant and of small pictures of blobs, some with a code that is drawn."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, squared_error, xavier
from tests.faults.eighth.making import CUT, ENDS, INPUT, SIGMOID, UNDEFINED, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN
from tests.faults.tenth.tasks import SENSORS, SIDE, sensors, thumbs

CODE, PIXELS = 4, SIDE * SIDE


def sensed(*, is_scaled: bool) -> Job:
    """Sensors give numbers of 0 to ten thousand, or about 0."""
    batches = sensors(is_scaled=is_scaled)
    return trained(chain([SENSORS, 32, CODE, 32, SENSORS], nn.ELU), batches, Adam, squared_error, lr=1e-2)


def deep(activation: Make, fill: Fill = xavier) -> Job:
    model = filled(chain([SENSORS, 40, 40, 40, 40, 40, SENSORS], activation), fill)
    return trained(model, sensors(), Adam, squared_error, lr=4e-3)


class Switch(nn.Module):
    """A code of switches that are on above a half, with the slope of what they were made of."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([SENSORS, 32, 6]), chain([6, 32, SENSORS])

    def forward(self, x: Tensor) -> Tensor:
        soft = torch.sigmoid(self.encode(x))
        hard = (soft > 0.5).float()
        out: Tensor = self.decode(hard + soft - soft.detach())
        return out


class Drawn(nn.Module):
    """Mean and variance of a code; the variance is what a layer says, or its exponential."""

    def __init__(self, *, is_logarithm: bool) -> None:
        super().__init__()
        self.encode, self.decode = (
            chain([SENSORS, 40, 2 * CODE], nn.SiLU),
            chain([CODE, 40, SENSORS], nn.SiLU),
        )
        self.is_logarithm = is_logarithm

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, said = self.encode(x).chunk(2, 1)
        variance = (said - 1).exp() if self.is_logarithm else said
        return self.decode(mean + variance.sqrt() * torch.randn(mean.shape)), mean, variance


def bounded(model: nn.Module, batch: Batch) -> Tensor:
    made, mean, variance = model(batch[0])
    divergence = (mean.square() + variance - 1 - variance.log()).sum(1).mean() / 2
    out: Tensor = F.mse_loss(made, batch[1]) + 0.01 * divergence
    return out


class Sampled(nn.Module):
    """A code from torch.distributions: by `sample`, through which no gradient goes, or by `rsample`."""

    def __init__(self, *, is_differentiable: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([SENSORS, 40, CODE], nn.Tanh), chain([CODE, 40, SENSORS], nn.Tanh)
        self.is_differentiable = is_differentiable

    def forward(self, x: Tensor) -> Tensor:
        spread = torch.distributions.Normal(self.encode(x), 0.1)
        out: Tensor = self.decode(spread.rsample() if self.is_differentiable else spread.sample())
        return out


def sampled(*, is_differentiable: bool) -> Job:
    model = Sampled(is_differentiable=is_differentiable)
    return trained(model, sensors(), Adam, squared_error, lr=1e-2)


def pictured(deviation: float) -> Job:
    """Pixels are between 0 and 1, and so is what a sigmoid puts out."""
    model = nn.Sequential(*chain([PIXELS, 48, 12, 48, PIXELS], nn.Tanh), nn.Sigmoid())
    filled(model, normal(deviation))
    batches = [(2 * x - 0.6, y) for x, y in thumbs()]
    return trained(model, batches, Adam, by_entropy, lr=1e-2)


def by_entropy(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy(model(batch[0]), batch[1])


def relu(lr: float) -> Job:
    model = chain([SENSORS, 48, 12, 48, SENSORS])
    return trained(model, sensors(), SGD, squared_error, lr=lr, momentum=0.9)


def alike(fill: Fill) -> Job:
    return trained(
        filled(chain([SENSORS, 24, SENSORS], nn.Tanh), fill), sensors(), Adam, squared_error, lr=1e-2
    )


def hidden(model: nn.Module, batch: Batch) -> Tensor:
    """A third of the sensors is off."""
    x, y = batch
    return F.mse_loss(model(x * (torch.rand(x.shape) > 0.33)), y)


class Thin(nn.Module):
    """Many units, few of them above 0: the sum of the code costs a little."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.act, self.decode = nn.Linear(SENSORS, 80), nn.ReLU(), nn.Linear(80, SENSORS)
        nn.init.constant_(self.encode.bias, -0.3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.act(self.encode(x))
        return self.decode(code), code


def thinly(model: nn.Module, batch: Batch) -> Tensor:
    made, code = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 2e-3 * code.mean(0).sum()
    return out


programs = (
    healthy("autoencoder-sensors-on-scale", lambda: sensed(is_scaled=True)),
    healthy("autoencoder-sensors-six-tanh", lambda: deep(nn.Tanh)),
    healthy(
        "autoencoder-switches-with-slope",
        lambda: trained(Switch(), sensors(), Adam, squared_error, lr=1e-2),
    ),
    healthy("autoencoder-sampled-anew", lambda: sampled(is_differentiable=True)),
    healthy("autoencoder-blobs-of-a-fifth", lambda: pictured(0.2)),
    healthy("autoencoder-sensors-at-a-tenth", lambda: relu(0.1)),
    healthy("autoencoder-sensors-drawn", lambda: alike(xavier)),
    healthy(
        "autoencoder-third-of-sensors-off",
        lambda: trained(chain([SENSORS, 64, SENSORS]), sensors(), AdamW, hidden, lr=1e-2),
    ),
    healthy("autoencoder-thin-code", lambda: trained(Thin(), sensors(), Adam, thinly, lr=1e-2)),
    healthy("vae-log-variance", lambda: trained(Drawn(is_logarithm=True), sensors(), Adam, bounded, lr=1e-2)),
    faulty(
        "autoencoder-sensors-as-they-say",
        "unscaled-input",
        lambda: sensed(is_scaled=False),
        cause=INPUT,
        twin="autoencoder-sensors-on-scale",
        also=("exploding-activation", "unstable-updates", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-sensors-six-sigmoid",
        "vanishing-gradient",
        lambda: deep(nn.Sigmoid),
        cause=SIGMOID,
        twin="autoencoder-sensors-six-tanh",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "autoencoder-sampled-for-good",
        "stalled-layer",
        lambda: sampled(is_differentiable=False),
        cause=CUT + "|sample",
        twin="autoencoder-sampled-anew",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-blobs-of-threes",
        "saturated-units",
        lambda: pictured(3.0),
        cause=ENDS,
        twin="autoencoder-blobs-of-a-fifth",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "autoencoder-sensors-at-one-and-a-half",
        "dead-units",
        lambda: relu(1.5),
        cause=DRIVEN,
        twin="autoencoder-sensors-at-a-tenth",
        also=("unstable-updates", "vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "vae-root-of-what-a-layer-says",
        "non-finite",
        lambda: trained(Drawn(is_logarithm=False), sensors(), Adam, bounded, lr=1e-2),
        cause=UNDEFINED + "|variance|negative",
        twin="vae-log-variance",
    ),
)
