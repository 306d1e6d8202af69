"""What the programs of plain layers are made of: yields of wells, and blossoms of honey."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, deep, squared_error
from tests.faults.drawn.dogwood.tasks import HONEYS, honey, wells
from tests.faults.eighth.making import Fill, filled, trained
from tests.faults.program import Batch, Job


def drilled(fill: Fill, activation: Make = nn.ReLU, lr: float = 3e-3) -> Job:
    """Seven hidden layers that are filled in one way."""
    model = filled(chain(deep(7, 40, inputs=8, outputs=1), activation), fill)
    return trained(model, wells(), Adam, squared_error, lr=lr)


def widened(noise: float) -> Job:
    """A network of three units a layer, made sixteen times as wide by copies that differ, or do not."""
    small, wide = chain([8, 3, 3, 1]), chain([8, 48, 48, 1])
    for place in (0, 2, 4):
        old, new = small[place], wide[place]
        assert isinstance(old, nn.Linear)
        assert isinstance(new, nn.Linear)
        times = (16 if place < 4 else 1, 16 if place else 1)
        with torch.no_grad():
            new.weight.copy_(old.weight.repeat(*times) / times[1])
            new.weight += noise * torch.randn(new.weight.shape) / new.in_features**0.5
            new.bias.copy_(old.bias.repeat(times[0]))
    return trained(wide, wells(), Adam, squared_error, lr=8e-3)


def tasted(fill: Fill, lr: float = 8e-3) -> Job:
    """Two layers of tanh that are filled in one way."""
    return trained(filled(chain([7, 40, 40, HONEYS], nn.Tanh), fill), honey(), Adam, lr=lr)


# Healthy trainings that look odd


class Pinball(nn.Module):
    """What a well yields in one case of ten, in half of them and in nine of ten."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([8, 48, 48, 3], nn.SiLU)
        self.register_buffer("share", torch.tensor([0.1, 0.5, 0.9]))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        over = y - self.body(x)
        assert isinstance(self.share, Tensor)
        return torch.maximum(self.share * over, (self.share - 1) * over)


def pinball(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = model(*batch).mean()
    return out


class Maxout(nn.Module):
    """The greatest of three linear maps a unit (Goodfellow et al., 2013)."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, 3 * b) for a, b in pairwise(sizes[:-1]))
        self.last = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x).unflatten(1, (-1, 3)).amax(2)
        out: Tensor = self.last(x)
        return out


class Waves(nn.Module):
    """Fixed random waves of what comes in, and one layer that learns (Rahimi & Recht, 2007)."""

    def __init__(self) -> None:
        super().__init__()
        self.waves, self.last = nn.Linear(7, 256).requires_grad_(False), nn.Linear(256, HONEYS)
        nn.init.normal_(self.waves.weight, std=0.5)
        nn.init.uniform_(self.waves.bias, 0, 6.28)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(1.4 * self.waves(x).cos())
        return out


class Doubtful(nn.Module):
    """A mean and the logarithm of a variance, both of one body."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([8, 48, 48, 2], nn.GELU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log = self.body(x).chunk(2, 1)
        return mean, log.clamp(-6, 6).exp()


def likelihood(model: nn.Module, batch: Batch) -> Tensor:
    mean, variance = model(batch[0])
    return F.gaussian_nll_loss(mean, batch[1], variance, full=True)
