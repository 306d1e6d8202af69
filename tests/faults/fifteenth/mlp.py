"""What the programs of plain layers are made of: honey, cheeses, parcels, ferries, cream."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, cross_entropy, deep, he, squared_error
from tests.faults.eighth.making import Fill, filled, seen_through, trained, weighted
from tests.faults.fifteenth.tasks import CHEESES, cheeses, creams, ferries, hives, parcels
from tests.faults.program import Batch, Job
from tests.faults.tenth.making import by_logits

HONEY = 4.0  # kilograms that hives differ by


def seven(activation: Make) -> Job:
    """Seven hidden layers over numbers of a hive, drawn by Glorot."""
    model = filled(chain(deep(7, 40, inputs=7, outputs=1), activation), nn.init.xavier_normal_)
    return trained(model, hives(), Adam, squared_error, lr=4e-3)


def three(activation: Make = nn.ReLU) -> nn.Sequential:
    return chain([6, 48, 48, 48, CHEESES], activation)


def told_apart(model: nn.Module) -> Job:
    return trained(model, cheeses(), Adam, lr=6e-3)


def body_made_later() -> Job:
    """The hidden layers are made anew, for other sizes, after the optimiser has been made."""
    smaller, model = chain([6, 32, 32, 48, CHEESES]), three()
    optimizer = Adam(smaller.parameters(), lr=6e-3)
    model[-1] = smaller[-1]
    return Job(model, optimizer, cheeses(), cross_entropy)


def broken(fill: Fill) -> Job:
    """Seven hidden layers over numbers of a parcel."""
    model = filled(chain(deep(7, 96, inputs=7, outputs=1)), fill)
    return trained(model, parcels(), Adam, by_logits, lr=2e-3)


class Dropping(nn.Module):
    """One unit in ten is left out, and the others are divided by some share."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        return x * (torch.rand_like(x) < 0.9) / self.share if self.training else x


def dropped(share: float) -> Job:
    model = filled(chain([7, 64, 64, 64, 1], between=(lambda: Dropping(share),)), he)
    return trained(model, parcels(), Adam, by_logits, lr=5e-3)


def by_sum(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[1], reduction="sum")


class Kept(SGD):
    """Descent in a script whose line that clears the gradients has gone."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        pass


def weighed(
    *ends: nn.Module,
    loss: Callable[[nn.Module, Batch], Tensor] = squared_error,
    kind: type[SGD] = SGD,
) -> Job:
    """Honey in kilograms by descent, from numbers on unit scale."""
    model = nn.Sequential(*chain([7, 48, 48, 1], nn.Tanh), *ends)
    filled(model, nn.init.xavier_normal_)
    return trained(model, hives(unit=HONEY), kind, loss, lr=4e-3, momentum=0.9)


def pressed() -> Job:
    """Air pressure in hectopascals; the other numbers as they were."""
    scale = torch.tensor([1.0, 1.0, 9.0, *[1.0] * 4])
    shift = torch.tensor([0.0, 0.0, 1013.0, *[0.0] * 4])
    job = weighed()
    return Job(job.model, job.optimizer, seen_through(lambda x: x * scale + shift, job.batches), job.loss)


def loaded(model: nn.Module) -> nn.Module:
    """Each unit starts as the one row of loadings that a file had, and those after it as means."""
    first, *others = weighted(model)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([0.5, -0.4, 0.3, 0.6, -0.2, 0.4]))
        for layer in others:
            layer.weight.fill_(1 / layer.weight.shape[1])
        for layer in (first, *others):
            layer.bias.zero_()  # type: ignore[union-attr]
    return model


def skimmed(*ends: nn.Module) -> Job:
    """The logarithm of a share."""
    return trained(nn.Sequential(*chain([6, 48, 48, 1]), *ends), creams(), Adam, squared_error, lr=6e-3)


class Counted:
    """What counts of passengers cost, where the network tells the logarithm of their rate, or the rate."""

    def __init__(self, *, is_log: bool) -> None:
        self.is_log = is_log

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        return F.poisson_nll_loss(model(batch[0]), batch[1], log_input=self.is_log, full=True)


def boarded(*, is_log: bool) -> Job:
    model = chain([6, 64, 64, 1], nn.SiLU)
    return trained(model, ferries(), Adam, Counted(is_log=is_log), lr=6e-3)


class Shown(nn.Module):
    """Two hidden layers; those are told too."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, width), nn.Linear(width, width)
        self.last = nn.Linear(width, CHEESES)
        self.acts = nn.ModuleList(nn.ReLU() for _ in range(2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        one = self.acts[0](self.one(x))
        two = self.acts[1](self.two(one))
        return self.last(two), torch.cat([one, two], 1)


class Sparing:
    """Entropy, and a price for all that the hidden units say."""

    def __init__(self, price: float) -> None:
        self.price = price

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        said, hidden = model(batch[0])
        out: Tensor = F.cross_entropy(said, batch[1]) + self.price * hidden.abs().sum(1).mean()
        return out


def spared(price: float) -> Job:
    return trained(Shown(48), cheeses(), Adam, Sparing(price), lr=8e-3)
