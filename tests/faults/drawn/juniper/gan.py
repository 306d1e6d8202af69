"""Painters of tiles, and critics who are told the order and see the tile."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import Make, chain, xavier
from tests.faults.drawn.juniper.tasks import CODE, TILE, painted, tiles
from tests.faults.eighth.making import ENDS, WEIGHTS, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Studio(nn.Module):
    """A painter whose rim stays unpainted, and a critic; what the critic sees may be added to."""

    def __init__(self, painter: nn.Module, critic: nn.Module, see: nn.Module | None = None) -> None:
        super().__init__()
        self.painter, self.critic = painter, critic
        self.see = see or nn.Identity()
        self.register_buffer("painted", painted())

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.painter(x) * self.painted
        real, fake = (self.critic(torch.cat([x, self.see(tile)], 1)) for tile in (y, made.detach()))
        still = {name: value.detach() for name, value in self.critic.named_parameters()}
        return made, real, fake, functional_call(self.critic, still, torch.cat([x, self.see(made)], 1))


def critic(extra: int = 0) -> nn.Sequential:
    return chain([CODE + TILE + extra, 40, 1], leaky)


def judged(model: nn.Module, batch: Batch) -> Tensor:
    """Entropy of real and fake, and the distance to what was ordered (Isola et al., 2017)."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 4 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    """A critic who is content from a margin on (Lim & Ye, 2017)."""
    made, real, fake, caught = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu() - caught
    out: Tensor = 4 * F.l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def squared(model: nn.Module, batch: Batch) -> Tensor:
    """Least squares instead of entropies (Mao et al., 2017)."""
    made, real, fake, caught = model(*batch)
    said = (real - 1).square() + fake.square() + (caught - 1).square()
    out: Tensor = 4 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def opened(studio: Studio, loss: Loss = judged, lr: float = 6e-3) -> Job:
    groups = [
        {"params": [*studio.painter.parameters()], "lr": lr},
        {"params": [*studio.critic.parameters()], "lr": 2e-3},
    ]
    return Job(studio, Adam(groups, betas=(0.5, 0.99)), tiles(), loss)


def drawn(fill: Fill) -> Job:
    """Four hidden layers of a painter, drawn in one way."""
    return opened(Studio(filled(chain([CODE, *[40] * 4, TILE], nn.Tanh), fill), critic()), lr=3e-3)


class Alike(nn.Module):
    """A tile, and how far those of the batch are apart (Karras et al., 2018)."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, tile: Tensor) -> Tensor:
        apart = (tile.var(0, correction=0) + self.least).sqrt().mean()
        return torch.cat([tile, apart.expand(len(tile), 1)], 1)


def alike(least: float) -> Job:
    return opened(Studio(chain([CODE, 64, TILE], nn.SiLU), critic(1), Alike(least)), lr=8e-3)


def bounded() -> nn.Sequential:
    """A critic whose layers stretch nothing (Miyato et al., 2018)."""
    return nn.Sequential(
        spectral_norm(nn.Linear(CODE + TILE, 40)), leaky(), spectral_norm(nn.Linear(40, 1))
    )  # fmt: skip


def painter(activation: Make) -> nn.Sequential:
    return chain([CODE, 64, TILE], activation)


programs = (
    healthy("gan-tiles-four-by-glorot", lambda: drawn(xavier)),
    healthy("gan-tiles-deviation-and-a-bit", lambda: alike(1e-4)),
    healthy("gan-tiles-hinge", lambda: opened(Studio(painter(nn.GELU), critic()), hinged, 1e-2)),
    healthy(
        "gan-tiles-squares-and-a-bounded-critic",
        lambda: opened(Studio(painter(nn.ReLU), bounded()), squared, 8e-3),
    ),
    faulty(
        "gan-tiles-four-of-a-hundredth",
        "vanishing-gradient",
        lambda: drawn(normal(0.01)),
        cause=WEIGHTS + "|weights?",
        twin="gan-tiles-four-by-glorot",
        also=("unstable-updates", "stalled-layer"),
    ),
    faulty(
        "gan-tiles-four-of-unit-normals",
        "saturated-units",
        lambda: drawn(normal(1.0)),
        cause=ENDS + "|tanh",
        twin="gan-tiles-four-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-tiles-deviation-of-a-rim",
        "non-finite",
        lambda: alike(0.0),
        cause=OPERATION,
        twin="gan-tiles-deviation-and-a-bit",
    ),
)
