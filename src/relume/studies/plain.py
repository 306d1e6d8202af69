"""Trains one network alone, the way anyone would: the reference for every faster engine."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.flatness import NO_FLAT_ENDS, flat_bounds
from relume.catalogue.recognition import recognise_module
from relume.studies.data import Dataset
from relume.studies.optimizers import torch_optimizer
from relume.studies.protocol import Advance, Job, Training, batch_order, probe
from relume.studies.readings import pooled_readings, pooled_sums
from relume.types import Outcome, PerUnit, Readings


def train_plain(
    model: nn.Module, job: Job, data: Dataset, training: Training, advance: Advance = lambda networks: None
) -> Outcome:
    """Train `model` in place on the batches of the job's seed."""
    at_start = measure(model, job, data, step=0)
    optimizer = torch_optimizer(training.optimizer, list(model.parameters()), job.setting.learning_rate)
    losses: list[float] = []
    diverged_at = None
    model.train()
    for batch in batch_order(len(data.train_y), training, job.seed):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data.train_x[batch]), data.train_y[batch])
        advance(1)
        if not math.isfinite(loss.item()):
            diverged_at = len(losses)
            break
        losses.append(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    history = torch.tensor(losses, dtype=torch.float64).numpy()
    return outcome(model, job, data, losses=history, diverged_at=diverged_at, at_start=at_start)


def outcome(
    model: nn.Module,
    job: Job,
    data: Dataset,
    *,
    losses: PerUnit,
    diverged_at: int | None,
    at_start: Readings,
) -> Outcome:
    """What became of a model: tested and measured once more, unless it diverged."""
    survived = diverged_at is None
    return Outcome(
        setting=job.setting,
        seed=job.seed,
        losses=losses,
        diverged_at=diverged_at,
        accuracy=accuracy(model, data) if survived else math.nan,
        at_start=at_start,
        at_end=measure(model, job, data, step=len(losses)) if survived else Readings(readings={}),
    )


@torch.no_grad()
def accuracy(model: nn.Module, data: Dataset) -> float:
    """Share of the test examples that the model gets right, in evaluation mode."""
    model.eval()
    batches = zip(torch.split(data.test_x, 1000), torch.split(data.test_y, 1000), strict=True)
    return sum(int((model(x).argmax(-1) == y).sum()) for x, y in batches) / len(data.test_y)


def measure(model: nn.Module, job: Job, data: Dataset, *, step: int) -> Readings:
    """Readings over the probe examples at every module of the activation under study, in evaluation mode.

    `step` is the number of steps that the model has been trained.

    Only modules are seen: a network that calls the activation as a function gives no readings.
    """
    x, y = probe(data)
    model.eval()
    with recorded_outputs(model, job.setting.activation) as outputs:
        loss = F.cross_entropy(model(x), y)
    paths, values = [path for path, _ in outputs], [value for _, value in outputs]
    if not values:
        return Readings(readings={})
    gradients = torch.autograd.grad(loss, values)
    flat = flat_bounds(activations[job.setting.activation])
    sums = [
        (pooled_sums(value.detach()[None], [flat])[0], pooled_sums(gradient[None], [NO_FLAT_ENDS])[0])
        for value, gradient in zip(values, gradients, strict=True)
    ]
    return pooled_readings(paths, job.setting.activation, examples=len(y), step=step, sums=sums)


@contextmanager
def recorded_outputs(model: nn.Module, activation: str) -> Iterator[list[tuple[str, Tensor]]]:
    """Collect the outputs of the model's modules of this activation, in the order of execution."""
    outputs: list[tuple[str, Tensor]] = []

    def record(path: str) -> object:
        def hook(module: nn.Module, args: tuple[object, ...], output: Tensor) -> Tensor:
            # The clone goes on: an in-place operation after the activation leaves what was recorded alone.
            outputs.append((path, output))
            return output.clone()

        return hook

    hooks = [
        module.register_forward_hook(record(path))
        for path, module in model.named_modules()
        if (recognised := recognise_module(module)) is not None and recognised.name == activation
    ]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
