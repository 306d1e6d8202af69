"""Generators that make fine curves from coarse ones, and their judges."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Initialise, Make, chain, he, initialised, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.report.making import Loss
from tests.faults.third.making import ALIKE, GROWTH, STEP, WEIGHTS, normal
from tests.faults.third.tasks import bumps, coarse


class Pair(nn.Module):
    """A generator of 32 numbers from 16, and a judge of both together."""

    def __init__(self, activation: Make = nn.ReLU, layers: int = 2, certainty: float = 1.0) -> None:
        super().__init__()
        self.generator = initialised(chain([16, *[48] * layers, 32], activation))
        self.judge = chain([48, 40, 1], nn.LeakyReLU)
        self.certainty = certainty

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, self.certainty * real, self.certainty * fake, self.certainty * caught


def softplus(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    adversarial = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 0.01 * adversarial.mean() + F.mse_loss(made, batch[1])
    return out


def by_hand(model: nn.Module, batch: Batch) -> Tensor:
    """The same by the formula of softplus, whose exponential overflows above 88."""
    made, real, fake, caught = model(*batch)
    adversarial = (1 + (-real).exp()).log() + (1 + fake.exp()).log() + (1 + (-caught).exp()).log()
    out: Tensor = 0.01 * adversarial.mean() + F.mse_loss(made, batch[1])
    return out


def wasserstein(model: nn.Module, batch: Batch) -> Tensor:
    """Means of a judge whose answers are squashed a little: what it loses has no lower end to reach."""
    made, real, fake, caught = model(*batch)
    out: Tensor = F.l1_loss(made, batch[1]) + 0.02 * (fake - real - caught).tanh().mean()
    return out


def fine(
    model: Pair | None = None,
    loss: Loss = softplus,
    generator_rate: float = 3e-3,
    judge_rate: float = 1e-3,
    kind: type = Adam,
    **settings: Any,
) -> Job:
    model = model or Pair()
    groups = [
        {"params": model.generator.parameters(), "lr": generator_rate},
        {"params": model.judge.parameters(), "lr": judge_rate},
    ]
    return Job(model, kind(groups, **settings), coarse(), loss)


def filled(std: float | None) -> Job:
    """The weights of a generator of seven layers, drawn by DCGAN's rule or by He's."""
    model = Pair(nn.LeakyReLU, 7)
    for layer in weighted(model.generator):
        (he if std is None else normal(std))(layer.weight)
    return fine(model, generator_rate=1e-3)


def tanh(fill: Initialise) -> Job:
    """A generator with tanh, its hidden layers filled in some way."""
    model = Pair(nn.Tanh)
    initialised(model.generator, fill)
    return fine(model)


def zero(*, is_zero: bool) -> Job:
    model = Pair(nn.Tanh)
    for parameter in model.generator.parameters():
        if is_zero:
            nn.init.zeros_(parameter)
    return fine(model)


class Cycle(nn.Module):
    """Two generators, there and back: what comes back is to be what went, and what is there is to fit."""

    def __init__(self) -> None:
        super().__init__()
        self.there, self.back = chain([32, 48, 16], nn.SiLU), chain([16, 48, 32], nn.SiLU)
        self.judge = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(32, 1))

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        made = self.there(x)
        told = self.judge(torch.cat([real, made.detach()]))[:, 0]
        truth = torch.cat([torch.full((len(x),), 0.9), torch.zeros(len(x))])
        judged = F.binary_cross_entropy_with_logits(told, truth)
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = F.softplus(-functional_call(self.judge, still, made)).mean()
        return F.mse_loss(self.back(made), x) + 0.05 * judged + 0.05 * caught


def there_and_back() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, _ = batch
        out: Tensor = model(x, torch.tanh(x[:, ::2].flip(1)))
        return out

    return Job(model := Cycle(), Adam(model.parameters(), lr=5e-3, betas=(0.5, 0.9)), bumps(), loss)


programs = (
    healthy("gan-fine-curves", fine),
    healthy("gan-fine-deep", lambda: filled(None)),
    healthy("gan-fine-tanh", lambda: zero(is_zero=False)),
    healthy("gan-glorot-tanh", lambda: tanh(xavier)),
    healthy("gan-sure-judge", lambda: fine(Pair(certainty=300.0))),
    healthy("gan-fine-rmsprop", lambda: fine(Pair(nn.SiLU), kind=RMSprop, generator_rate=1e-3)),
    healthy("gan-unbounded", lambda: fine(loss=wasserstein, judge_rate=3e-3, betas=(0.0, 0.9))),
    healthy("gan-there-and-back", there_and_back),
    faulty(
        "gan-dcgan-deviation",
        "vanishing-gradient",
        lambda: filled(0.02),
        cause=WEIGHTS,
        twin="gan-fine-deep",
    ),
    faulty(
        "gan-half-deviation",
        "exploding-gradient",
        lambda: filled(0.7),
        cause=GROWTH,
        twin="gan-fine-deep",
        also=("exploding-activation",),
    ),
    faulty(
        "gan-unit-normal-tanh",
        "saturated-units",
        lambda: tanh(normal(1.0)),
        cause=WEIGHTS,
        twin="gan-glorot-tanh",
        also=("exploding-gradient",),
    ),
    faulty(
        "gan-softplus-by-hand",
        "non-finite",
        lambda: fine(Pair(certainty=300.0), by_hand),
        cause="loss|overflow|\\bexp|\\blog",
        twin="gan-sure-judge",
    ),
    faulty(
        "gan-zero-generator",
        "symmetric-units",
        lambda: zero(is_zero=True),
        cause=ALIKE,
        twin="gan-fine-tanh",
        also=("stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "gan-generator-rate",
        "unstable-updates",
        lambda: fine(Pair(nn.SiLU), kind=RMSprop, generator_rate=0.3),
        cause=STEP,
        twin="gan-fine-rmsprop",
        also=("dead-units", "non-finite"),
    ),
)
