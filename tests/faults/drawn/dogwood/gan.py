"""Generators of the colours of glazes, and judges that see recipe and colour."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import chain
from tests.faults.drawn.dogwood.tasks import COLOUR, RECIPE, glazes
from tests.faults.eighth.making import CUT, GROWTH, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Game(nn.Module):
    """A generator and a judge; the judge stands still where the generator is judged."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None, *, is_told: bool = True) -> None:
        super().__init__()
        self.generator, self.is_told = generator, is_told
        self.judge = judge or chain([RECIPE + COLOUR, 40, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made if self.is_told else made.detach()
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    """What the judge errs in, what the generator is caught at, and how far its colours are off."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 4 * F.l1_loss(made, batch[1]) + 0.2 * said.mean()
    return out


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    """What is told well enough costs nothing more (Lim & Ye, 2017)."""
    made, real, fake, caught = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu() - 0.5 * caught
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.2 * said.mean()
    return out


def fired(game: Game, loss: Loss = entropy) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": 3e-3},
        {"params": [*game.judge.parameters()], "lr": 1e-3},
    ]
    return Job(game, Adam(groups), glazes(), loss)


def drawn(fill: Fill, *, is_told: bool = True) -> Job:
    """Four layers filled in one way; what they make goes to their own losses as it is, or is cut off."""
    return fired(Game(filled(chain([RECIPE, *[40] * 4, COLOUR], leaky), fill), is_told=is_told))


def bounded() -> nn.Module:
    """A judge that cannot be steep (Miyato et al., 2018)."""
    return nn.Sequential(
        spectral_norm(nn.Linear(RECIPE + COLOUR, 40)), leaky(), spectral_norm(nn.Linear(40, 1))
    )


programs = (
    healthy("gan-glazes-four-by-sixths", lambda: drawn(normal(0.18))),
    healthy(
        "gan-glazes-judge-not-steep",
        lambda: fired(Game(chain([RECIPE, 48, 48, COLOUR]), bounded()), hinge),
    ),
    faulty(
        "gan-glazes-four-by-units",
        "exploding-gradient",
        lambda: drawn(normal(1.0)),
        cause=GROWTH,
        twin="gan-glazes-four-by-sixths",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "gan-glazes-colours-cut-off",
        "stalled-layer",
        lambda: drawn(normal(0.18), is_told=False),
        cause=CUT,
        twin="gan-glazes-four-by-sixths",
        also=("vanishing-gradient",),
    ),
)
