"""Networks trained for the sake of their hidden values, and these values: the codes of examples."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.errors import BuildError
from relume.evidence.claim import Subject
from relume.evidence.subjects import build, dataset, one_thread
from relume.evidence.training import SELECTION_SEEDS, best_rate
from relume.studies.data import Dataset
from relume.studies.mlp import MLP
from relume.studies.optimizers import MOMENTUM
from relume.studies.plain import recorded_outputs
from relume.studies.protocol import Training, batch_order
from relume.types import Initialisation

INITIALISATION: Initialisation = "variance-preserving"  # one rule for all activations
RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
HELD_OUT = 6  # one training example in so many decides between rates; test examples decide nothing
RAMP = 0.5  # of the steps until the penalty is at its full size: units that it meets early die of it
BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one network is made: its shape, where it is the claim's own, and its training."""

    activation: str
    depth: int
    width: int
    steps: int
    l1: float = 0.0  # times the mean size of a hidden value, summed over layers, is added to the loss
    noise: float = 0.0  # standard deviation of the noise on training inputs, over that of the inputs


def trained(subject: Subject, recipe: Recipe, seed: int, *, rate: float | None = None) -> nn.Module:
    """The subject's network, or the claim's own, trained at the activation's best learning rate.

    The rate is chosen without penalty and noise: what these do is compared at one rate.
    """
    model = untrained(subject, recipe, seed)
    rate = rate or _rate(subject, replace(recipe, l1=0.0, noise=0.0))
    train(model, dataset(subject), recipe, rate=rate, seed=seed)
    return model


def untrained(subject: Subject, recipe: Recipe, seed: int) -> nn.Module:
    """The same network as it is drawn from the seed."""
    own, activation = MLP(recipe.depth, recipe.width), activations[recipe.activation]
    model = build(subject, activation, fallback=own, initialisation=INITIALISATION, seed=seed)
    return model.eval()


@lru_cache(maxsize=64)  # parts of one activation share it, within a process
def _rate(subject: Subject, recipe: Recipe) -> float:
    return rate_of_least_loss(lambda seed: untrained(subject, recipe, seed), dataset(subject), recipe)


def rate_of_least_loss(draw: Callable[[int], nn.Module], data: Dataset, recipe: Recipe) -> float:
    """The rate of `RATES` with the least loss on training examples that are held out, over two seeds.

    Parameters
    ----------
    draw
        A seed -> a network, not yet trained.
    """
    order = torch.randperm(len(data.train_y), generator=torch.Generator().manual_seed(SELECTION_SEEDS[0]))
    shown, kept = order[len(order) // HELD_OUT :], order[: max(1, len(order) // HELD_OUT)]
    part = replace(data, train_x=data.train_x[shown], train_y=data.train_y[shown])
    x, y = data.train_x[kept], data.train_y[kept]

    def held_out_loss(rate: float, seed: int) -> float:
        model = draw(seed)
        train(model, part, recipe, rate=rate, seed=seed)
        with torch.no_grad():
            loss = float(F.cross_entropy(model(x), y))
        return loss if math.isfinite(loss) else math.inf  # a diverged network is no choice

    return best_rate(held_out_loss, RATES)


def train(model: nn.Module, data: Dataset, recipe: Recipe, *, rate: float, seed: int) -> None:
    """Train `model` in place by SGD with momentum on the seed's batches, then leave it in evaluation mode."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM)
    training = Training(batch_size=BATCH, steps=recipe.steps)
    generator = torch.Generator().manual_seed(seed)
    model.train()
    with one_thread(seed):
        for step, batch in enumerate(batch_order(len(data.train_y), training, seed)):
            x = data.train_x[batch]
            if recipe.noise:
                x = x + recipe.noise * torch.randn(x.shape, generator=generator)
            optimizer.zero_grad()
            penalty = recipe.l1 * min(1.0, step / (RAMP * recipe.steps))
            _loss(model, x, data.train_y[batch], recipe.activation, penalty).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    model.eval()


def _loss(model: nn.Module, x: Tensor, y: Tensor, activation: str, penalty: float) -> Tensor:
    if not penalty:
        return F.cross_entropy(model(x), y)
    with recorded_outputs(model, activation) as outputs:
        loss = F.cross_entropy(model(x), y)
    return loss + penalty * sum(values.abs().mean() for _, values in outputs)


@torch.no_grad()
def hidden(model: nn.Module, activation: str, x: Tensor) -> list[Tensor]:
    """The codes of examples by layer: the outputs of the activation's modules, [examples, values] each.

    Raises
    ------
    BuildError
        The network has no module of this activation.
    """
    model.eval()
    with recorded_outputs(model, activation) as outputs:
        model(x)
    if not outputs:
        raise BuildError(
            f"no module of {activation} was seen: the network's layers. Use the activation build() is given."
        )
    return [values.flatten(1) for _, values in outputs]
