"""Generators that draw the outlines of buttons, and judges that see both."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.drawn.alder.tasks import BUTTON, RECIPE, buttons
from tests.faults.eighth.making import ENDS, STEP, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Game(nn.Module):
    """A generator and a judge; the judge stands still where the generator is judged."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator = generator
        self.judge = judge or chain([RECIPE + BUTTON, 48, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Real ones are to be 1 and made ones 0 (Mao et al., 2017), beside a distance (Isola et al., 2017)."""
    made, real, fake, caught = model(*batch)
    said = (real - 1).square() + fake.square() + (caught - 1).square()
    out: Tensor = 2 * F.l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def hinges(model: nn.Module, batch: Batch) -> Tensor:
    """The judge need not be surer than 1 (Lim & Ye, 2017)."""
    made, real, fake, caught = model(*batch)
    said = F.relu(1 - real) + F.relu(1 + fake) - caught
    out: Tensor = 2 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def played(game: Game, lr: float, loss: Loss = squares) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": 2e-3},
    ]
    return Job(game, Adam(groups, betas=(0.5, 0.999)), buttons(), loss)


def drawn(fill: Fill, lr: float = 8e-3) -> Job:
    """Two layers of tanh that are filled in one way."""
    return played(Game(filled(chain([RECIPE, 40, 40, BUTTON], nn.Tanh), fill)), lr)


def bounded_judge() -> Job:
    """A judge whose layers stretch nothing (Miyato et al., 2018)."""
    judge = nn.Sequential(
        spectral_norm(nn.Linear(RECIPE + BUTTON, 48)), leaky(), spectral_norm(nn.Linear(48, 1))
    )
    return played(Game(chain([RECIPE, 64, BUTTON], nn.SiLU), judge), 8e-3, hinges)


programs = (
    healthy("gan-buttons-tanh-by-glorot", lambda: drawn(xavier)),
    healthy("gan-buttons-judge-bounded", bounded_judge),
    faulty(
        "gan-buttons-tanh-drawn-wide",
        "saturated-units",
        lambda: drawn(normal(1.2)),
        cause=ENDS,
        twin="gan-buttons-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-buttons-tanh-at-four-tenths",
        "unstable-updates",
        lambda: drawn(xavier, 0.4),
        cause=STEP,
        twin="gan-buttons-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
)
