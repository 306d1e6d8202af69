"""Generators that build houses from plans, and judges that see plan and house together."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, xavier
from tests.faults.eighth.making import (
    SIGMOID,
    STEP,
    Fill,
    Loss,
    filled,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN
from tests.faults.twelfth.tasks import LAYOUT, PHOTO, facades


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Game(nn.Module):
    """A generator and a judge; the judge stands still where the generator is judged."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.judge = chain([LAYOUT + PHOTO, 40, 40, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def both(made: Tensor, y: Tensor, judged: Tensor) -> Tensor:
    """The absolute error, and a little of what the judge says (Isola et al., 2017)."""
    return 2 * F.l1_loss(made, y) + 0.05 * judged.mean()


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    return both(made, batch[1], F.softplus(-real) + F.softplus(fake) + F.softplus(-caught))


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    """Lim & Ye (2017)."""
    made, real, fake, caught = model(*batch)
    return both(made, batch[1], (1 - real).relu() + (1 + fake).relu() - caught + 1)


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Mao et al. (2017)."""
    made, real, fake, caught = model(*batch)
    return both(made, batch[1], (real - 1).square() + fake.square() + (caught - 1).square())


def played(
    game: Game,
    loss: Loss = entropy,
    lr: float = 6e-3,
    kind: type = Adam,
    judge_lr: float = 2e-3,
    **settings: object,
) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": judge_lr},
    ]
    return Job(game, kind(groups, **settings), facades(), loss)


def tower(layers: int, activation: Make, fill: Fill, lr: float = 5e-3) -> Job:
    return played(Game(filled(chain([LAYOUT, *[40] * layers, PHOTO], activation), fill)), lr=lr)


def small(activation: Make = nn.SiLU) -> nn.Module:
    return chain([LAYOUT, 64, PHOTO], activation)


programs = (
    healthy("gan-houses-silu", lambda: played(Game(small()))),
    healthy("gan-houses-five-relu", lambda: tower(5, nn.ReLU, xavier, 6e-3)),
    healthy("gan-houses-hinge", lambda: played(Game(small(nn.GELU)), hinge)),
    healthy("gan-houses-squares", lambda: played(Game(small(nn.ELU)), squares, betas=(0.5, 0.999))),
    healthy("gan-houses-judge-ahead", lambda: played(Game(small(nn.ReLU)), judge_lr=1e-2)),
    faulty(
        "gan-houses-five-sigmoids",
        "vanishing-gradient",
        lambda: tower(5, nn.Sigmoid, xavier, 6e-3),
        cause=SIGMOID,
        twin="gan-houses-five-relu",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "gan-houses-five-relu-at-a-third",
        "dead-units",
        lambda: tower(5, nn.ReLU, xavier, 0.3),
        cause=DRIVEN,
        twin="gan-houses-five-relu",
        also=("unstable-updates", "exploding-activation", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "gan-houses-rate-of-one",
        "unstable-updates",
        lambda: played(Game(small()), lr=1.0),
        cause=STEP,
        twin="gan-houses-silu",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
