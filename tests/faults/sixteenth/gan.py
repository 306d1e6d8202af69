"""Generators that spin yarn, and judges that see both."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam, NAdam

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import CUT, ENDS, GROWTH, STEP, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixteenth.making import Signed
from tests.faults.sixteenth.tasks import CODE, YARN, yarns


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Spinning(nn.Module):
    """A generator and a judge, who stands still where the generator learns; it may be held there too."""

    def __init__(
        self, generator: nn.Module, judge: nn.Module | None = None, *, is_held: bool = False
    ) -> None:
        super().__init__()
        self.generator = generator
        self.judge = judge or chain([CODE + YARN, 40, 1], leaky)
        self.is_held = is_held

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_held else made
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Squared errors of the judge (Mao et al., 2017), and a distance."""
    made, real, fake, caught = model(*batch)
    said = (real - 1).square() + fake.square() + (caught - 1).square()
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def against_each_other(model: nn.Module, batch: Batch) -> Tensor:
    """Which of two is the more real (Jolicoeur-Martineau, 2019), and a distance."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(fake - real) + F.softplus(real.detach() - caught)
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def margins(model: nn.Module, batch: Batch) -> Tensor:
    """A hinge for the judge (Lim & Ye, 2017), and a distance."""
    made, real, fake, caught = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu() - caught
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.05 * said.mean()
    return out


def spun(game: Spinning, lr: float = 8e-3, loss: Loss = squares) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": 2e-3},
    ]
    return Job(game, Adam(groups, betas=(0.5, 0.99)), yarns(), loss)


def drawn(fill: Fill = xavier, *, is_held: bool = False) -> Job:
    return spun(Spinning(filled(chain([CODE, 40, 40, YARN], nn.Tanh), fill), is_held=is_held))


class Bounded(nn.Linear):
    """Weights over the greatest factor by which they stretch (Miyato et al., 2018), or times it."""

    def __init__(self, inputs: int, outputs: int, *, is_over: bool) -> None:
        super().__init__(inputs, outputs)
        self.is_over = is_over

    def forward(self, x: Tensor) -> Tensor:
        great = torch.linalg.matrix_norm(self.weight, 2).detach()
        return F.linear(x, 1.7 * self.weight / great if self.is_over else self.weight * great, self.bias)


def bounded(*, is_over: bool) -> Job:
    parts: list[nn.Module] = [nn.Linear(CODE, 40), nn.SiLU()]
    for _ in range(4):
        parts += [Bounded(40, 40, is_over=is_over), nn.SiLU()]
    model = filled(nn.Sequential(*parts, nn.Linear(40, YARN)), normal(0.3))
    return spun(Spinning(model), 5e-3)


def signed(lr: float) -> Job:
    game = Spinning(filled(chain([CODE, 40, 40, YARN], nn.SiLU), xavier))
    return Job(game, Signed(game.parameters(), lr), yarns(), squares)


# Healthy trainings that look odd


def normed_judge() -> Job:
    """A judge whose layers stretch nothing, and its hinge."""
    judge = nn.Sequential(
        spectral_norm(nn.Linear(CODE + YARN, 48)),
        leaky(),
        spectral_norm(nn.Linear(48, 48)),
        leaky(),
        nn.Linear(48, 1),
    )
    return spun(Spinning(chain([CODE, 64, YARN]), judge), 1e-2, margins)


def slow_judge() -> Job:
    """One rate is twenty times the other (Heusel et al., 2017)."""
    game = Spinning(chain([CODE, 64, YARN], nn.ReLU))
    groups = [
        {"params": [*game.generator.parameters()], "lr": 6e-3},
        {"params": [*game.judge.parameters()], "lr": 3e-4},
    ]
    return Job(game, NAdam(groups), yarns(), against_each_other)


programs = (
    healthy("gan-yarns-tanh-by-fan", drawn),
    healthy("gan-yarns-over-greatest-stretch", lambda: bounded(is_over=True)),
    healthy("gan-yarns-signs-by-thousandths", lambda: signed(4e-3)),
    healthy("gan-yarns-judge-stretches-nothing", normed_judge),
    healthy("gan-yarns-judge-at-a-twentieth", slow_judge),
    faulty(
        "gan-yarns-tanh-of-normals-of-two",
        "saturated-units",
        lambda: drawn(normal(2.0)),
        cause=ENDS,
        twin="gan-yarns-tanh-by-fan",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-yarns-times-greatest-stretch",
        "exploding-activation",
        lambda: bounded(is_over=False),
        cause=GROWTH + "|spectral|multipl",
        twin="gan-yarns-over-greatest-stretch",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-yarns-signs-by-a-tenth",
        "unstable-updates",
        lambda: signed(0.1),
        cause=STEP,
        twin="gan-yarns-signs-by-thousandths",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-yarns-generator-held",
        "stalled-layer",
        lambda: drawn(is_held=True),
        cause=CUT,
        twin="gan-yarns-tanh-by-fan",
        also=("vanishing-gradient",),
    ),
)
