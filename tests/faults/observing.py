"""Plain measurements of a training by torch alone: what proves the labels, and what peers' rules look at."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tests.faults.program import SEED, Job

LAYERS = (nn.Linear, nn.Conv2d)
KEPT = 3  # steps of which all values are kept
BOUNDED = {nn.Tanh: (-1.0, 1.0), nn.Sigmoid: (0.0, 1.0)}
RECTIFIERS = (nn.ReLU, nn.LeakyReLU, nn.PReLU)
Series = list[float]


@dataclass
class Seen:
    """One call of a layer or an activation, an entry a step."""

    kind: type[nn.Module]
    value: Series = field(default_factory=list)  # root mean square
    absolute: Series = field(default_factory=list)  # mean absolute value
    gradient: Series = field(default_factory=list)  # root mean square of that of what comes out
    flat: Series = field(default_factory=list)  # share within 1 % of an end, of a bounded activation
    spread: Series = field(default_factory=list)  # mean deviation over units, against the root mean square
    fired: list[Tensor] = field(default_factory=list)  # [units] whether it was above 0 on any example
    active: list[Tensor] = field(default_factory=list)  # [units] share of examples on which it was
    entered: list[Tensor] = field(default_factory=list)  # [units, values] what went in, of a bounded one


@dataclass
class Weights:
    """One parameter, an entry a step."""

    gradient: Series = field(default_factory=list)  # norm; nan where there was none
    absolute: Series = field(default_factory=list)  # mean absolute gradient
    largest: Series = field(default_factory=list)  # absolute gradient
    zeros: Series = field(default_factory=list)  # share of gradients that are exactly 0
    ratio: Series = field(default_factory=list)  # norm of the update over that of the weights
    variance: Series = field(default_factory=list)  # of the weights
    range: Series = field(default_factory=list)  # from the 5th to the 95th hundredth of the gradient
    dimensions: int = 0
    size: int = 0


@dataclass
class Observed:
    """A training, measured at every step; it ends at the first loss that is not finite."""

    losses: Series
    layers: dict[str, Seen]  # by call, in the order of execution
    activations: dict[str, Seen]
    parameters: dict[str, Weights]
    model: nn.Module
    inputs: Tensor | None  # the first batch's first tensor, if it is of floating point


def observe(job: Job, steps: int) -> Observed:
    """Train for some steps, as `relume.trial` would but without it."""
    torch.manual_seed(SEED)
    seen: tuple[dict[str, Seen], dict[str, Seen]] = ({}, {})
    first = job.batches[0][0]
    observed = Observed(
        [], *seen, defaultdict(Weights), job.model, first if first.is_floating_point() else None
    )
    with hooked(job.model, observed):
        for step in range(steps):
            loss = job.loss(job.model, job.batches[step % len(job.batches)])
            observed.losses.append(float(loss.detach()))
            job.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            before = {name: p.detach().clone() for name, p in job.model.named_parameters() if p.requires_grad}
            job.optimizer.step()
            note_parameters(job.model, before, observed)
            if not loss.isfinite():
                break
    return observed


def note_parameters(model: nn.Module, before: dict[str, Tensor], observed: Observed) -> None:
    for name, p in model.named_parameters():
        if name not in before:
            continue
        noted = observed.parameters[name]
        noted.dimensions, noted.size = p.dim(), p.numel()
        norm, change = before[name].norm(), (p.detach() - before[name]).norm()
        noted.ratio.append(float(change / norm) if norm > 0 else torch.nan)
        noted.variance.append(float(before[name].var(correction=0)))
        if p.grad is None:
            for series in (noted.gradient, noted.absolute, noted.largest, noted.zeros, noted.range):
                series.append(torch.nan)
            continue
        gradient = p.grad.to_dense() if p.grad.is_sparse else p.grad
        noted.gradient.append(float(gradient.norm()))
        noted.absolute.append(float(gradient.abs().mean()))
        noted.largest.append(float(gradient.abs().max()))
        noted.zeros.append(float((gradient == 0).float().mean()))
        low, high = gradient.flatten().quantile(torch.tensor([0.05, 0.95]))
        noted.range.append(float(high - low))


@contextmanager
def hooked(model: nn.Module, observed: Observed) -> Iterator[None]:
    """Note what layers and activations put out, call by call of a forward pass."""
    calls: dict[str, int] = {}
    handles = [model.register_forward_pre_hook(lambda *_: calls.clear())]
    for name, module in model.named_modules():
        for kinds, into in ((LAYERS, observed.layers), ((*RECTIFIERS, *BOUNDED), observed.activations)):
            if isinstance(module, kinds):
                handles.append(module.register_forward_hook(partial(note, name, calls, into)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def note(
    name: str,
    calls: dict[str, int],
    into: dict[str, Seen],
    module: nn.Module,
    inputs: tuple[Any, ...],
    out: Tensor,
) -> None:
    calls[name] = calls.get(name, -1) + 1
    seen = into.setdefault(f"{name}#{calls[name]}", Seen(type(module)))
    with torch.no_grad():
        units = out.detach().movedim(1 if out.dim() == 4 else -1, 0).flatten(1)
        rms = float(units.square().mean().sqrt())
        seen.value.append(rms)
        seen.absolute.append(float(units.abs().mean()))
        seen.spread.append(float(units.std(0, correction=0).mean()) / rms if rms > 0 else 0.0)
        seen.fired.append((units > 0).any(1))
        seen.active.append((units > 0).float().mean(1))
        if type(module) in BOUNDED:
            low, high = BOUNDED[type(module)]
            margin = 0.01 * (high - low)
            if len(seen.entered) < KEPT:
                seen.entered.append(inputs[0].detach().movedim(1 if out.dim() == 4 else -1, 0).flatten(1))
            seen.flat.append(float(((units < low + margin) | (units > high - margin)).float().mean()))
    if out.requires_grad:
        out.register_hook(
            lambda gradient: seen.gradient.append(float(gradient.detach().square().mean().sqrt()))
        )
    else:
        seen.gradient.append(0.0)
