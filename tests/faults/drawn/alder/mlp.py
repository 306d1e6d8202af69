"""What the programs of plain layers are made of: greenhouses, ferries and tickets."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, deep, he, squared_error
from tests.faults.drawn.alder.tasks import DELAYS, ferries, greenhouses, tickets
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job
from tests.faults.tenth.making import by_logits


def grown(fill: Fill, activation: Make) -> Job:
    """Yields from seven hidden layers that are filled in one way."""
    model = filled(chain(deep(7, 40, inputs=8, outputs=1), activation), fill)
    return trained(model, greenhouses(), Adam, squared_error, lr=3e-3)


def sold(fill: Fill, lr: float = 5e-3) -> Job:
    """Whether a concert is sold out, by two layers of tanh."""
    model = filled(chain([7, 48, 48, 1], nn.Tanh), fill)
    return trained(model, tickets(), Adam, by_logits, lr=lr)


def frost(*, is_rectified: bool) -> Job:
    """The logarithm of the share that froze, which is below 0; out of a rectifier it cannot be."""
    batches = [(x, 0.8 * y - 2.2) for x, y in greenhouses()]
    model = chain([8, 48, 48, 1])
    return trained(
        nn.Sequential(*model, nn.ReLU()) if is_rectified else model, batches, Adam, squared_error, lr=4e-3
    )


def gaps(*, is_filled: bool) -> Job:
    """Some rows of the table lack the price: not a number, as a reader of files leaves it, or the mean."""

    def read(x: Tensor) -> Tensor:
        lacks = (torch.arange(len(x)) % 23 == 22)[:, None] & (torch.arange(7) == 3)
        x = torch.where(lacks, torch.nan, x)
        return x.nan_to_num(0.0) if is_filled else x

    return trained(chain([7, 48, 48, 1]), seen_through(read, tickets()), Adam, by_logits, lr=8e-3)


def crossing(
    by: Sequence[float] = (1.0,) * 6, plus: Sequence[float] = (0.0,) * 6, fill: Fill | None = None
) -> Job:
    """Ferries; each number in some unit, and layers as torch draws them or filled."""
    batches = seen_through(lambda x: x * torch.tensor(by) + torch.tensor(plus), ferries())
    model: nn.Module = chain([6, 48, 48, DELAYS])
    return trained(filled(model, fill) if fill else model, batches, Adam, lr=8e-3)


class Total:
    """Cross entropy, as a mean or a sum over the batch."""

    def __init__(self, reduction: str) -> None:
        self.reduction = reduction

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        return F.cross_entropy(model(batch[0]), batch[1], reduction=self.reduction)


def summed(reduction: str) -> Job:
    """The rate is that of a mean."""
    return trained(filled(chain([6, 64, 64, DELAYS]), he), ferries(batch=20), SGD, Total(reduction), lr=0.08)


# Healthy trainings that look odd


class Net(nn.Module):
    """A first network as tutorials have it: all but the layers is written as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(6, 64), nn.Linear(64, 32), nn.Linear(32, DELAYS)

    def forward(self, x: Tensor) -> Tensor:
        x = F.dropout(F.relu(self.fc1(x)), 0.2, self.training)
        out: Tensor = F.log_softmax(self.fc3(F.relu(self.fc2(x))), dim=1)
        return out


def by_likelihood(model: nn.Module, batch: Batch) -> Tensor:
    return F.nll_loss(model(batch[0]), batch[1])


def of_chances(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy of yes and no, from chances between 0 and 1."""
    return F.binary_cross_entropy(model(batch[0]), batch[1])


def quantiles(model: nn.Module, batch: Batch) -> Tensor:
    """What one in ten, one in two and nine in ten stay below (Koenker & Bassett, 1978)."""
    off = batch[1] - model(batch[0])
    at = torch.tensor([0.1, 0.5, 0.9])
    return torch.maximum(at * off, (at - 1) * off).mean()


class Gated(nn.Module):
    """Half of what a layer says is let through by a sigmoid of the other half (Dauphin et al., 2017)."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.both, self.open = nn.Linear(inputs, 2 * width), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        said, gate = self.both(x).chunk(2, 1)
        out: Tensor = said * self.open(gate)
        return out


def fixed_waves() -> Job:
    """Sines of random directions that are fixed by design, and a layer on them (Rahimi & Recht, 2007)."""

    class Waves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.turn = nn.Linear(8, 256).requires_grad_(False)
            nn.init.normal_(self.turn.weight, std=0.35)
            nn.init.uniform_(self.turn.bias, 0.0, 6.28)
            self.last = nn.Linear(256, 1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(1.4 * self.turn(x).cos())
            return out

    return trained(Waves(), greenhouses(), Adam, squared_error, lr=1e-2)
