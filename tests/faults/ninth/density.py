"""How likely something is: how long a geyser takes, and how many call."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.eighth.making import UNDEFINED, Fill, Loss, filled, normal, trained
from tests.faults.ninth.making import DEPTH
from tests.faults.ninth.tasks import calls_at_a_desk, geysers
from tests.faults.program import Batch, Job, faulty, healthy

ROOT = 0.5 * math.log(2 * math.pi)


class Mixture(nn.Module):
    """Shares, means and logarithms of deviations of three bells (Bishop, 1994)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = chain([3, 40, 9], nn.Tanh)
        with torch.no_grad():
            self.layers[-1].bias[3:6] = torch.tensor([-1.5, 0, 1.5])  # type: ignore[operator]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        share, mean, spread = self.layers(x).chunk(3, 1)
        return share.log_softmax(1), mean, spread


def mixed(model: nn.Module, batch: Batch) -> Tensor:
    share, mean, spread = model(batch[0])
    each = share - ((batch[1] - mean) / spread.exp()).square() / 2 - spread - ROOT
    out: Tensor = 1 - each.logsumexp(1).mean()
    return out


def mixed_by_hand(model: nn.Module, batch: Batch) -> Tensor:
    share, mean, spread = model(batch[0])
    bell = torch.exp(-((batch[1] - mean) / spread.exp()).square() / 2) / (spread.exp() * math.exp(ROOT))
    return 1 - torch.log((share.exp() * bell).sum(1)).mean()


def waited(model: nn.Module, loss: Loss, lr: float = 1e-2, far: float = 0.0) -> Job:
    return trained(model, geysers(far=far), Adam, loss, lr=lr)


def quantiles(model: nn.Module, batch: Batch) -> Tensor:
    """The lower, middle and upper tenths and half (Koenker & Bassett, 1978)."""
    left = batch[1] - model(batch[0])
    at = torch.tensor([0.1, 0.5, 0.9])
    return 3 * torch.maximum(at * left, (at - 1) * left).mean()


class Coupled(nn.Module):
    """Halves of four numbers move and stretch each other in turn (Dinh, Sohl-Dickstein & Bengio, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(chain([2, 32, 4]) for _ in range(4))
        for part in self.parts:
            nn.init.zeros_(part[-1].weight)  # type: ignore[index]
            nn.init.zeros_(part[-1].bias)  # type: ignore[index]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        grown = x.new_zeros(len(x))
        one, other = x.chunk(2, 1)
        for part in self.parts:
            stretch, move = part(one).chunk(2, 1)
            other, one = one, other * stretch.tanh().exp() + move
            grown = grown + stretch.tanh().sum(1)
        return torch.cat([one, other], 1), grown


def flowed(model: nn.Module, batch: Batch) -> Tensor:
    z, grown = model(torch.cat([2 * batch[1], batch[0]], 1))
    out: Tensor = (z.square().sum(1) / 2 - grown).mean() + 1.5
    return out


def counted(model: nn.Module, batch: Batch) -> Tensor:
    """Poisson's law, less what no network could spare."""
    x, y = batch
    return F.poisson_nll_loss(model(x), y) + 3


def called(model: nn.Module, lr: float) -> Job:
    return trained(model, calls_at_a_desk(), Adam, counted, lr=lr)


def six(fill: Fill) -> Job:
    model = filled(chain([3, *[40] * 6, 3]), fill)
    return waited(model, quantiles, 1e-3)


programs = (
    healthy("density-geysers-log-of-sums", lambda: waited(Mixture(), mixed, far=20.0)),
    healthy("density-geysers-six-by-he", lambda: six(he)),
    healthy("density-geysers-coupled-halves", lambda: waited(Coupled(), flowed)),
    healthy("density-calls-by-poisson", lambda: called(chain([4, 40, 40, 1]), 5e-3)),
    faulty(
        "density-geysers-log-by-hand",
        "non-finite",
        lambda: waited(Mixture(), mixed_by_hand, far=20.0),
        cause=UNDEFINED,
        twin="density-geysers-log-of-sums",
    ),
    faulty(
        "density-geysers-six-default-normal",
        "exploding-gradient",
        lambda: six(normal(1.0)),
        cause=DEPTH,
        twin="density-geysers-six-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
)
