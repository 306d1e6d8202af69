"""Generators that fill in what is missing of a patch, and their judges."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, chain, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    LEFT_OUT,
    SIGMOID,
    STEP,
    WEIGHTS,
    Loss,
    filled,
    trained,
)
from tests.faults.seventh.tasks import PATCH, thirds

KNOWN = PATCH // 3


class Pair(nn.Module):
    """A generator, and a judge that sees what is known beside what was made or is true."""

    def __init__(self, generator: nn.Module, activation: Make = lambda: nn.LeakyReLU(0.2)) -> None:
        super().__init__()
        self.generator, self.judge = generator, chain([KNOWN + PATCH, 40, 40, 1], activation)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, real, fake, caught


def paired(model: nn.Module, batch: Batch) -> Tensor:
    """How far off, and a little of how easily caught; and how often the judge is wrong."""
    made, real, fake, caught = model(*batch)
    judged = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    return F.l1_loss(made, batch[1]) + 0.05 * judged.mean()


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Squares in place of logarithms (Mao et al., 2017), with true things called 0.9."""
    made, real, fake, caught = model(*batch)
    judged = (real - 0.9).square() + fake.square() + (caught - 0.9).square()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.1 * judged.mean()
    return out


def made(
    generator: nn.Module,
    loss: Loss = paired,
    lr: float = 5e-3,
    judge: float = 1e-3,
    kind: Any = Adam,
    **settings: Any,
) -> Job:
    model = Pair(generator)
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": judge},
    ]
    return Job(model, kind(groups, **settings), thirds(), loss)


def five(activation: Make) -> Job:
    return made(filled(chain([KNOWN, *[40] * 5, PATCH], activation), xavier))


def small(lr: float = 5e-3) -> Job:
    return made(chain([KNOWN, 48, 48, PATCH]), lr=lr)


def optimised(*, is_twice: bool) -> Job:
    """A line for each part was copied, and in one of them the name of the part was not changed."""
    model = Pair(chain([KNOWN, 48, PATCH], nn.SiLU))
    own = {"params": [*model.generator.parameters()], "lr": 5e-3}
    judges = {"params": [*model.judge.parameters()], "lr": 1e-3}
    return Job(model, Adam([judges] if is_twice else [own, judges]), thirds(), paired)


def scored(gain: float) -> Job:
    """What is made ends in a tanh and is stretched; the layer before it is drawn with a gain."""
    generator = chain([KNOWN, 48, PATCH], nn.GELU)
    xavier(weighted(generator)[-1].weight, gain)
    return made(nn.Sequential(*generator, nn.Tanh(), Stretch()), lr=2e-3)


class Stretch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2.5 * x


class Noised(nn.Module):
    """Beside what is known goes noise, and the generator is normalised by batch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(KNOWN + 4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, PATCH)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(torch.cat([x, torch.randn(len(x), 4)], 1))
        return out


class Bounded(Pair):
    """A judge whose weights are divided by their largest gain (Miyato et al., 2018)."""

    def __init__(self) -> None:
        super().__init__(chain([KNOWN, 48, PATCH], nn.SiLU))
        for place in (0, 2, 4):
            nn.utils.parametrizations.spectral_norm(self.judge[place])


def critic(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    out: Tensor = F.mse_loss(made, batch[1]) + 0.1 * (F.relu(1 - real) + F.relu(1 + fake) - caught).mean()
    return out


programs = (
    healthy("gan-five-leaky", lambda: five(lambda: nn.LeakyReLU(0.2))),
    healthy("gan-small", small),
    healthy("gan-both-optimised", lambda: optimised(is_twice=False)),
    healthy("gan-ends-in-wide-tanh", lambda: scored(1.0)),
    healthy("gan-squares", lambda: made(chain([KNOWN, 48, PATCH]), squares, 1e-2, 3e-3)),
    healthy("gan-noise-beside", lambda: made(Noised(), paired, 1e-2, betas=(0.5, 0.999))),
    healthy("gan-bounded-judge", lambda: trained(Bounded(), thirds(), Adam, critic, lr=5e-3)),
    healthy(
        "gan-judge-four-times-as-fast", lambda: made(chain([KNOWN, 64, PATCH]), paired, 2e-3, 8e-3, RMSprop)
    ),
    faulty(
        "gan-five-sigmoids",
        "vanishing-gradient",
        lambda: five(nn.Sigmoid),
        cause=SIGMOID,
        twin="gan-five-leaky",
    ),
    faulty(
        "gan-small-killed",
        "dead-units",
        lambda: small(lr=0.3),
        cause=STEP,
        twin="gan-small",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-judge-optimised-twice",
        "stalled-layer",
        lambda: optimised(is_twice=True),
        cause=LEFT_OUT,
        twin="gan-both-optimised",
    ),
    faulty(
        "gan-ends-in-driven-tanh",
        "saturated-units",
        lambda: scored(20.0),
        cause=WEIGHTS + "|pre-activation",
        twin="gan-ends-in-wide-tanh",
        also=("vanishing-gradient", "exploding-gradient"),
    ),
)
