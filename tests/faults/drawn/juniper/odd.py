"""Plain layers that look odd and are sound: losses, gates, features and rates."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import chain, squared_error
from tests.faults.drawn.juniper.tasks import QUARTERS, vanes, windmills
from tests.faults.eighth.making import Warmed, trained
from tests.faults.program import Batch, healthy


def pinball(model: nn.Module, batch: Batch) -> Tensor:
    """The tenth, the half and nine tenths of what may come (Koenker & Bassett, 1978)."""
    x, y = batch
    levels = torch.tensor([0.1, 0.5, 0.9])
    short = y - model(x)
    return torch.maximum(levels * short, (levels - 1) * short).sum(1).mean()


class Waves(nn.Module):
    """Cosines of fixed random sums, of which only a linear layer learns (Rahimi & Recht, 2007)."""

    slopes: Tensor
    phases: Tensor

    def __init__(self, count: int = 160) -> None:
        super().__init__()
        self.register_buffer("slopes", 0.5 * torch.randn(8, count))
        self.register_buffer("phases", 6.2832 * torch.rand(count))
        self.last = nn.Linear(count, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(torch.cos(x @ self.slopes + self.phases))
        return out


class Silenced(nn.Module):
    """Of 160 units the 20 that are most awake are heard at each example (Ahmad & Scheinkman, 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(7, 160), nn.ReLU(), nn.Linear(160, QUARTERS)

    def forward(self, x: Tensor) -> Tensor:
        awake = self.act(self.first(x))
        least = awake.topk(20, 1).values[:, -1:]
        out: Tensor = self.last(awake * (awake >= least))
        return out


def each_alone(model: nn.Module, batch: Batch) -> Tensor:
    """Yes or no for each quarter from sigmoids, of which one is right."""
    said, y = torch.sigmoid(model(batch[0])), F.one_hot(batch[1], QUARTERS).float()
    return F.binary_cross_entropy(said, y)


programs = (
    healthy(
        "mlp-windmills-three-quantiles",
        lambda: trained(chain([8, 64, 64, 3]), windmills(), Adam, pinball, lr=6e-3),
    ),
    healthy("mlp-windmills-random-waves", lambda: trained(Waves(), windmills(), SGD, squared_error, lr=0.03)),
    healthy("mlp-vanes-twenty-awake", lambda: trained(Silenced(), vanes(), Adam, lr=1e-2)),
    healthy(
        "mlp-vanes-each-quarter-alone",
        lambda: trained(chain([7, 48, 48, QUARTERS]), vanes(), Adam, each_alone, lr=8e-3),
    ),
    healthy(
        "mlp-vanes-warmed-thirty-steps",
        lambda: trained(chain([7, 64, 64, QUARTERS], nn.Mish), vanes(), Warmed, lr=1.5e-2, steps=30),
    ),
)
