"""Generators of the wind above a site, and judges that see what was measured as well."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import Make, chain, he
from tests.faults.drawn.birch.tasks import PROFILE, SITE, profiles
from tests.faults.eighth.making import ENDS, GROWTH, STEP, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Pair(nn.Module):
    """A generator and a judge, who is held where the generator is judged."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator, self.judge = generator, judge or chain([SITE + PROFILE, 40, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real = self.judge(torch.cat([x, y], 1))
        fake = self.judge(torch.cat([x, made.detach()], 1))
        held = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, held, torch.cat([x, made], 1))


def in_squares(model: nn.Module, batch: Batch) -> Tensor:
    """Least squares (Mao et al., 2017), and a distance to what was measured."""
    made, real, fake, caught = model(*batch)
    said = (real - 1).square() + fake.square() + (caught - 1).square()
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    """What is right by more than 1 does not count (Miyato et al., 2018)."""
    made, real, fake, caught = model(*batch)
    said = F.relu(1 - real) + F.relu(1 + fake) - caught
    out: Tensor = 3 * F.l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def played(pair: Pair, lr: float, loss: Loss = in_squares) -> Job:
    """The judge learns by a rate of its own."""
    groups = [
        {"params": [*pair.generator.parameters()], "lr": lr},
        {"params": [*pair.judge.parameters()], "lr": 2e-3},
    ]
    return Job(pair, Adam(groups, betas=(0.5, 0.999)), profiles(), loss)


def blown(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 6e-3) -> Job:
    return played(Pair(filled(chain([SITE, *[36] * layers, PROFILE], activation), fill)), lr)


def five_times(weight: Tensor) -> None:
    """Glorot's width by a gain of 5, where one of 5 / 3 was meant."""
    nn.init.xavier_normal_(weight, gain=5.0)


def five_thirds(weight: Tensor) -> None:
    nn.init.xavier_normal_(weight, gain=5 / 3)


def bounded_judge() -> nn.Module:
    """Each layer stretches nothing by more than 1."""
    return nn.Sequential(
        spectral_norm(nn.Linear(SITE + PROFILE, 48)), leaky(), spectral_norm(nn.Linear(48, 1))
    )


programs = (
    healthy("gan-winds-four-by-he", lambda: blown(4, he)),
    healthy("gan-winds-tanh-gain-of-five-thirds", lambda: blown(2, five_thirds, nn.Tanh, 8e-3)),
    healthy(
        "gan-winds-judge-bounded",
        lambda: played(Pair(chain([SITE, 64, PROFILE]), bounded_judge()), 1e-2, hinged),
    ),
    faulty(
        "gan-winds-four-of-unit-normals",
        "exploding-activation",
        lambda: blown(4, normal(1.0)),
        cause=GROWTH,
        twin="gan-winds-four-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "gan-winds-four-at-three-tenths",
        "unstable-updates",
        lambda: blown(4, he, lr=0.3),
        cause=STEP,
        twin="gan-winds-four-by-he",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-winds-tanh-gain-of-five",
        "saturated-units",
        lambda: blown(2, five_times, nn.Tanh, 8e-3),
        cause=ENDS + "|gain",
        twin="gan-winds-tanh-gain-of-five-thirds",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
