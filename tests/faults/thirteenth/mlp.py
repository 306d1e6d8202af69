"""Plain layers in a row: prices of houses and payments of fraud."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, cross_entropy, he, squared_error
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job
from tests.faults.thirteenth.tasks import fraud, houses


def priced(*, is_standardised: bool) -> Job:
    """Districts of 1425 people at a longitude of -119, or all of it standardised."""
    batches = houses(is_standardised=is_standardised)
    return trained(chain([6, 64, 64, 1]), batches, Adam, squared_error, lr=3e-3)


def deep(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 2e-3) -> Job:
    model = filled(chain([6, *[48] * layers, 1], activation), fill)
    return trained(model, houses(), Adam, squared_error, lr=lr)


def summed(reduction: str) -> Job:
    """The loss is the mean of a batch, or its sum: the same descent in steps 64 times as large."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.mse_loss(model(batch[0]), batch[1], reduction=reduction)

    return trained(filled(chain([6, 64, 64, 1]), he), houses(), SGD, loss, lr=4e-3, momentum=0.9)


def by_hand(least: float) -> Job:
    """The entropy of a probability, written out; a payment in thirty is of a million, not of one."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        p, y = model(batch[0])[:, 0], batch[1].float()
        out: Tensor = -(y * (p + least).log() + (1 - y) * (1 - p + least).log()).mean()
        return out

    def raised(x: Tensor) -> Tensor:
        return torch.where(torch.arange(len(x))[:, None] % 32 == 31, 40 * x, x)

    model = nn.Sequential(*chain([10, 48, 48, 1]), nn.Sigmoid())
    return trained(model, seen_through(raised, fraud()), Adam, loss, lr=5e-3)


def holes(fill: float) -> Job:
    """One value in forty of a table is missing, and was read as nan, or as -9999, or filled by the mean."""

    def missing(x: Tensor) -> Tensor:
        return torch.where(torch.arange(x.numel()).reshape(x.shape) % 41 == 40, fill, x)

    return trained(chain([10, 48, 48, 2]), seen_through(missing, fraud()), Adam, lr=6e-3)


def centred_twice(by: float) -> Job:
    """Payments standardised; then, once more, a number that was their mean in cents is taken off."""
    batches = seen_through(lambda x: x - by, fraud())
    return trained(filled(chain([10, 64, 64, 2]), he), batches, SGD, lr=0.05, momentum=0.9)


def negative(weight: Tensor) -> None:
    """Between -0.3 and 0, as if both ends had been meant: after one rectifier no sum is above 0 again."""
    nn.init.uniform_(weight, -0.3, 0.0)


def new_head(*, is_before: bool) -> Job:
    """The head is put in before or after the optimiser is made; the body ends in eight units."""
    model = nn.Sequential(nn.Linear(10, 48), nn.Tanh(), nn.Linear(48, 8), nn.Tanh(), nn.Linear(8, 9))
    optimizer = Adam(model.parameters(), lr=1e-2)
    head = nn.Linear(8, 2)
    nn.init.normal_(head.weight, std=0.02)
    model[4] = head
    if is_before:
        optimizer = Adam(model.parameters(), lr=1e-2)
    return Job(model, optimizer, fraud(), cross_entropy)


class Averaged(nn.Module):
    """Two students and a slow average of the first that aims for both."""

    def __init__(self) -> None:
        super().__init__()
        self.student = chain([10, 64, 64, 2], nn.GELU)
        self.slow = deepcopy(self.student).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.student.parameters(), strict=True):
                slow.lerp_(fast, 0.03)
        return self.student(x + 0.1 * torch.randn(x.shape)), self.slow(x)


def distilled(model: nn.Module, batch: Batch) -> Tensor:
    said, aim = model(batch[0])
    return F.cross_entropy(said, batch[1]) + 0.2 * F.mse_loss(said, aim)


def in_dollars(model: nn.Module, batch: Batch) -> Tensor:
    """The squared error in units of 10 dollars: a loss of hundreds that falls."""
    return F.mse_loss(25 * model(batch[0]), 25 * batch[1])


def quiet() -> Job:
    """One unit in eight stays below 0 for every district; the others are enough."""
    model = filled(chain([6, 64, 64, 1]), he)
    with torch.no_grad():
        model[0].bias[::8] = -9.0  # type: ignore[index]
    return trained(model, houses(), Adam, squared_error, lr=5e-3)


def mixed() -> Job:
    """Pairs of payments are mixed, as are their answers (Zhang et al., 2018), which are smoothed too."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        share = 0.8 + 0.2 * torch.rand(len(x), 1)
        aim = F.one_hot(y, 2).float()
        soft = share * aim + (1 - share) * aim.roll(1, 0)
        return F.cross_entropy(model(share * x + (1 - share) * x.roll(1, 0)), soft, label_smoothing=0.05)

    return trained(chain([10, 64, 64, 2]), fraud(), Adam, loss, lr=8e-3)


def normed_great_rate() -> Job:
    model = chain([10, 64, 64, 2], between=(lambda: nn.BatchNorm1d(64, momentum=0.2),))
    return trained(model, fraud(), SGD, lr=0.5, momentum=0.5)


def decayed() -> Job:
    return trained(chain([10, 64, 64, 2], nn.Mish), fraud(), AdamW, lr=8e-3, weight_decay=1.0)
