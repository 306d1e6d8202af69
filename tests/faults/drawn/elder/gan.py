"""Generators that draw feathers of owls, and critics that see what they drew."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.drawn.elder.tasks import CODE, FEATHER, feathers
from tests.faults.eighth.making import CUT, GROWTH, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


class Duel(nn.Module):
    """A generator and a critic, whose weights stand still where it is the generator that is judged."""

    def __init__(self, generator: nn.Module, critic: nn.Module, *, is_detached: bool = False) -> None:
        super().__init__()
        self.generator, self.critic, self.is_detached = generator, critic, is_detached

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_detached else made  # for the critic, and then used for all
        real, fake = self.critic(torch.cat([x, y], 1)), self.critic(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.critic.named_parameters()}
        return made, real, fake, functional_call(self.critic, still, torch.cat([x, made], 1))


def told_apart(model: nn.Module, batch: Batch) -> Tensor:
    """Real is 1 and made is 0 for the critic, 1 for the generator; and a distance (Isola et al., 2017)."""
    made, real, fake, judged = model(*batch)
    said = F.softplus(-real).mean() + F.softplus(fake).mean() + F.softplus(-judged).mean()
    out: Tensor = 0.1 * said + 2 * F.mse_loss(made, batch[1])
    return out


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    """Margins for the critic and a plain mean for the generator (Lim & Ye, 2017)."""
    made, real, fake, judged = model(*batch)
    margins = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
    out: Tensor = 0.1 * (margins - judged.mean()) + 2 * F.mse_loss(made, batch[1])
    return out


def dueled(model: Duel, loss: Loss = told_apart, lr: float = 3e-3) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.critic.parameters()], "lr": 1e-3},
    ]
    return Job(model, Adam(groups, betas=(0.5, 0.999)), feathers(), loss)


def four(fill: Fill = he, *, is_detached: bool = False) -> Job:
    """Four hidden layers that draw."""
    generator = filled(chain([CODE, *[48] * 4, FEATHER]), fill)
    critic = chain([CODE + FEATHER, 48, 1], lambda: nn.LeakyReLU(0.2))
    return dueled(Duel(generator, critic, is_detached=is_detached))


def spectral() -> Job:
    """A critic whose layers are held to a norm of 1 (Miyato et al., 2018)."""
    layers = [nn.utils.parametrizations.spectral_norm(nn.Linear(n, m)) for n, m in ((32, 48), (48, 1))]
    critic = nn.Sequential(layers[0], nn.LeakyReLU(0.2), layers[1])
    return dueled(Duel(chain([CODE, 64, 64, FEATHER], nn.GELU), critic), hinged, 5e-3)


programs = (
    healthy("gan-feathers-four-by-he", four),
    healthy("gan-feathers-critic-of-norm-1", spectral),
    faulty(
        "gan-feathers-four-by-randn",
        "exploding-activation",
        lambda: four(normal(1.0)),
        cause=GROWTH,
        twin="gan-feathers-four-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "gan-feathers-drawn-and-detached",
        "stalled-layer",
        lambda: four(is_detached=True),
        cause=CUT,
        twin="gan-feathers-four-by-he",
        also=("vanishing-gradient",),
    ),
)
