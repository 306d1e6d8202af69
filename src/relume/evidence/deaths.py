"""Units that pass no gradient on any of many examples, counted while their network trains."""

import copy
import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.catalogue.recognition import recognise_module
from relume.errors import BuildError
from relume.evidence.claim import Subject
from relume.evidence.subjects import build
from relume.remedies import remedies
from relume.replacement import replace
from relume.studies.data import Dataset
from relume.studies.mlp import MLP
from relume.studies.optimizers import torch_optimizer
from relume.studies.plain import accuracy, recorded_outputs
from relume.studies.protocol import Training, batch_order
from relume.trial import Patient
from relume.types import Finding

EXAMPLES = 3000  # a unit that fires on 1 in 1000 is missed with a probability of e^-3, 5 %
PASSES = 1e-3  # a slope below it passes nothing that counts: ELU's, from x = -7 on
DORMANT = 0.1  # of its layer's mean |h|; Sokar et al. (2023), section 5


@dataclass(frozen=True, slots=True)
class Life:
    """What became of a network."""

    dead: dict[int, Tensor]  # by steps taken: which units were dead, [units of all layers]
    accuracy: float  # on the test set; that of guessing where training diverged
    final_loss: float  # mean over the last tenth of the steps; infinite where training diverged


def network(subject: Subject, activation: str, *, fallback: MLP, seed: int) -> nn.Module:
    """The network with this activation, from He's initialisation; learnable activations as well."""
    if subject.network is None and activations[activation].parameters:
        return replace(network(subject, "relu", fallback=fallback, seed=seed), {"relu": activation})
    return build(subject, activations[activation], fallback=fallback, seed=seed)


def live(
    model: nn.Module,
    data: Dataset,
    *,
    seed: int,
    rate: float,
    training: Training,
    looks: Collection[int] = (),
) -> Life:
    """Train a model in place; count its dead units after these numbers of steps, and at the end."""
    optimizer = torch_optimizer(training.optimizer, list(model.parameters()), rate)
    dead, losses = dict[int, Tensor](), list[float]()
    for batch in batch_order(len(data.train_y), training, seed):
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data.train_x[batch]), data.train_y[batch])
        if not math.isfinite(loss.item()):
            return Life(dead, 1 / data.classes, math.inf)
        losses.append(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if len(losses) in looks or len(losses) == training.steps:
            dead[len(losses)] = dead_units(model, data.train_x[:EXAMPLES])
    last = losses[-max(1, len(losses) // 10) :]
    return Life(dead, accuracy(model, data), sum(last) / len(last))


@torch.no_grad()
def dead_units(model: nn.Module, x: Tensor) -> Tensor:
    """Which units pass no gradient on any of these examples, [units of all layers].

    Units lie along axis 1, as features and channels do, or along the last of three axes, as tokens have them.

    Raises
    ------
    BuildError
        The network has no module of an activation.
    """
    model.eval()
    with steepest_slopes(model) as slopes:
        for part in torch.split(x, 1000):
            model(part)
    if not slopes:
        raise BuildError("no activation was seen in the network: its layers. Use what build() is given.")
    return torch.cat([steepest < PASSES for steepest in slopes.values()])


@contextmanager
def steepest_slopes(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """Record at each activation, by its path, the largest |f'| of every unit over all calls, [units]."""
    slopes: dict[str, Tensor] = {}

    def look_at(path: str, activation: Activation) -> object:
        def hook(module: nn.Module, args: tuple[Tensor, ...]) -> None:
            z = args[0].movedim(-1 if args[0].dim() == 3 else 1, -1)
            learned = {name: getattr(module, name) for name in activation.parameters}
            found = activation.derivative(z, **learned).abs().flatten(0, -2).amax(0)
            slopes[path] = torch.maximum(slopes[path], found) if path in slopes else found

        return hook

    hooks = [
        module.register_forward_pre_hook(look_at(path, entry))
        for path, module in model.named_modules()
        if (entry := recognise_module(module)) is not None and entry.form == "elementwise"
    ]
    try:
        yield slopes
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def dormant_share(model: nn.Module, x: Tensor, activation: str) -> float:
    """The share of units whose mean |h| is at most a tenth of their layer's.

    References
    ----------
    Sokar, Agarwal, Castro & Evci (2023), The dormant neuron phenomenon in deep reinforcement learning.
    """
    model.eval()
    with recorded_outputs(model, activation) as outputs:
        model(x)
    sizes = [h.abs().movedim(-1 if h.dim() == 3 else 1, -1).flatten(0, -2).mean(0) for _, h in outputs]
    return float(torch.cat([size <= DORMANT * size.mean() for size in sizes]).double().mean())


def revived(model: nn.Module, batches: Sequence[tuple[Tensor, Tensor]]) -> nn.Module:
    """A copy whose dormant units begin anew, by the remedy that `relume.repair` has for them."""
    twin = copy.deepcopy(model)
    patient = Patient(
        twin,
        torch_optimizer("sgd", list(twin.parameters()), 0.0),
        lambda model, batch: F.cross_entropy(model(batch[0]), batch[1]),
        batches,
    )
    finding = Finding(
        problem="dead-units",
        severity="warning",
        sites=(),
        evidence=(),
        cause="",
        remedies=("revive-dead-units",),
    )
    remedies["revive-dead-units"].apply(patient, finding)
    return patient.model


def random_labels(data: Dataset, examples: int, generator: torch.Generator) -> Tensor:
    """Labels that have nothing to do with the examples, for at most so many of them."""
    return torch.randint(data.classes, (min(examples, len(data.train_y)),), generator=generator)
