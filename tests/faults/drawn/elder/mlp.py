"""What the programs of plain layers are made of."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import Make, Scaled, chain, squared_error
from tests.faults.drawn.elder.tasks import CANOES, canoes, freezers, ovens, visitors
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job


def eight(activation: Make, fill: Fill) -> Job:
    """Eight layers that tell canoes, all drawn in one way."""
    return trained(filled(chain([9, *[32] * 7, CANOES], activation), fill), canoes(), Adam, lr=4e-3)


def frozen_air(last: nn.Module) -> Job:
    """Temperatures below 0, with something behind the last layer."""
    model = nn.Sequential(chain([6, 48, 48, 1]), last)
    return trained(model, freezers(), Adam, squared_error, lr=9e-3)


def leaky(fill: Fill, *, is_standard: bool = True) -> Job:
    """Five layers over degrees, minutes, grams and so on, about their means or as the oven shows them."""
    by = torch.tensor([18.0, 7.0, 1.0, 110.0, 2.0, 0.5, 9.0])
    plus = torch.tensor([225.0, 34.0, 3.0, 740.0, 7.0, 1.5, 61.0])
    batches = ovens() if is_standard else seen_through(lambda x: x * by + plus, ovens())
    model = filled(chain([7, *[48] * 5, 1], lambda: nn.LeakyReLU(0.1)), fill)
    return trained(model, batches, Adam, squared_error, lr=3e-3)


class OfLogarithms:
    """The squared error of logarithms, of counts with some number added to them."""

    def __init__(self, more: float) -> None:
        self.more = more

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        return F.mse_loss(model(x), (y + self.more).log())


def counted(more: float) -> Job:
    return trained(chain([6, 48, 48, 1], nn.SiLU), visitors(), Adam, OfLogarithms(more), lr=6e-3)


class Borrowed(nn.Module):
    """A body and a head, which is put there anew for another task."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = chain([9, 48, 32]), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(x).relu())
        return out


def reheaded(*, is_late: bool) -> Job:
    """The head is put there before the optimiser is made, or after it."""
    model = Borrowed()
    head = nn.Linear(32, CANOES)
    nn.init.normal_(head.weight, std=0.05)
    model.head = model.head if is_late else head
    job = trained(model, canoes(), SGD, lr=0.06, momentum=0.9)
    model.head = head
    return job


# Healthy trainings that look odd


def focal(model: nn.Module, batch: Batch) -> Tensor:
    """What is known well counts little (Lin et al., 2017)."""
    right = F.log_softmax(model(batch[0]), 1).gather(1, batch[1][:, None])
    return -((1 - right.exp()).square() * right).mean()


def one_against_rest(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy of yes and no for each kind, from chances."""
    said = model(batch[0])
    return F.binary_cross_entropy(said, F.one_hot(batch[1], CANOES).float())


def poisson(model: nn.Module, batch: Batch) -> Tensor:
    """Counts by the logarithm of their rate, with Stirling's term."""
    return F.poisson_nll_loss(model(batch[0]), batch[1], log_input=True, full=True)


class Gated(nn.Module):
    """One half of a layer decides what of the other passes (Dauphin et al., 2017)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.both = nn.Linear(inputs, 2 * outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(self.both(x))


def waves() -> Job:
    """Sines and cosines of fixed random directions, and layers over them (Rahimi & Recht, 2007)."""
    fixed = nn.Linear(7, 96).requires_grad_(False)
    nn.init.normal_(fixed.weight, std=0.5)
    nn.init.uniform_(fixed.bias, 0, 6.28)
    model = nn.Sequential(fixed, Sine(), Scaled(1.4), chain([96, 32, 1], nn.SiLU))
    return trained(model, ovens(), Adam, squared_error, lr=6e-3)


class Sine(nn.Module):
    """The sine of everything."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sin()
