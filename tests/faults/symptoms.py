"""The symptom of each problem as one number from plain measurements: large where the fault is."""

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from torch import nn

from relume.types import Problem
from tests.faults.observing import RECTIFIERS, Observed

EARLY = 5  # steps: what a fault of the initialisation does is seen before training has changed it


def median(values: Iterable[float]) -> float:
    """Of those that are numbers; infinity counts as one."""
    numbers = [value for value in values if not math.isnan(value)]
    return float(np.median(numbers)) if numbers else math.nan


def decades(one: float, other: float) -> float:
    """How many powers of ten the one is above the other."""
    return sum(sign * math.log10(min(max(value, 1e-45), 1e45)) for sign, value in ((1, one), (-1, other)))


def gradients(observed: Observed) -> list[float]:
    """At each call of a layer in the first steps, from the input on."""
    found = [median(seen.gradient[:EARLY]) for seen in observed.layers.values() if seen.gradient]
    return found or [1.0]  # embeddings alone have no layer that the gradient could change along


def vanishing(observed: Observed) -> float:
    """Decades by which the gradient shrinks from the last call of a layer to that where it is least."""
    found = gradients(observed)
    return decades(found[-1], min(found))


def exploding(observed: Observed) -> float:
    """Decades by which the gradient is greater anywhere than at the last call of a layer."""
    found = gradients(observed)
    return decades(max(found), found[-1])


def growing(observed: Observed) -> float:
    """Decades by which a layer's output is greater than the first one's, in the first steps."""
    found = [median(seen.value[:EARLY]) for seen in observed.layers.values()] or [1.0]
    return decades(max(found), found[0])


def saturated(observed: Observed) -> float:
    """Largest share of values on the ends of a bounded activation, gates and outputs aside."""
    return max((median(seen.flat) for seen in observed.activations.values() if seen.flat), default=0.0)


def dead(observed: Observed) -> float:
    """Largest share of a rectifier's units that were above 0 on no example of the second half."""
    by_module: dict[str, list[torch.Tensor]] = {}
    for name, seen in observed.activations.items():
        if issubclass(seen.kind, RECTIFIERS):
            by_module.setdefault(name.partition("#")[0], []).extend(seen.fired[len(seen.fired) // 2 :])
    return max(
        (1 - float(torch.stack(fired).any(0).float().mean()) for fired in by_module.values()), default=0.0
    )


def non_finite(observed: Observed) -> float:
    """1 if a loss, a gradient or a weight is not finite."""
    weights = all(bool(p.isfinite().all()) for p in observed.model.parameters())
    return float(not weights or not all(map(math.isfinite, observed.losses)))


def unscaled(observed: Observed) -> float:
    """Decades between the largest feature's root mean square and 1, on either side."""
    if observed.inputs is None:
        return 0.0
    features = observed.inputs.nan_to_num().flatten(1) if observed.inputs.dim() != 3 else observed.inputs
    largest = features.square().mean(tuple(range(features.dim() - 1))).sqrt().max()
    return abs(decades(float(largest), 1))


def symmetric(observed: Observed) -> float:
    """Largest share of rows that equal another one, of the weights of a layer at the end."""
    layers = [m.weight.flatten(1) for m in observed.model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    hidden = [weight for weight in layers[:-1] if len(weight) > 2]
    alike = [torch.cdist(w, w, p=torch.inf) <= 1e-6 * w.abs().max() for w in hidden]
    return max((float((rows.sum(1) > 1).float().mean()) for rows in alike), default=0.0)


def violent(observed: Observed) -> float:
    """Greatest median over ten steps in a row of the relative update of a parameter matrix."""
    matrices = [w.ratio for w in observed.parameters.values() if w.dimensions > 1]
    found = [median(ratio[at : at + 10]) for ratio in matrices for at in range(0, len(ratio), 10)]
    return max((value for value in found if math.isfinite(value)), default=0.0)


def stalled(observed: Observed) -> float:
    """Decades between the median relative update of a parameter matrix and the least one that is wanted."""
    used = {name: w for name, w in observed.parameters.items() if w.dimensions > 1 and "pooler" not in name}
    found = sorted(max(median(w.ratio), 1e-12) for w in used.values())
    return decades(found[-1], found[0])


Symptom = tuple[Callable[[Observed], float], float]  # and from where on it is one

SYMPTOMS: Mapping[Problem, Symptom] = {
    "vanishing-gradient": (vanishing, 2.5),
    "exploding-gradient": (exploding, 2.5),
    "exploding-activation": (growing, 2.0),
    "saturated-units": (saturated, 0.5),
    "dead-units": (dead, 0.4),
    "non-finite": (non_finite, 1.0),
    "unscaled-input": (unscaled, 1.5),
    "symmetric-units": (symmetric, 0.9),
    "unstable-updates": (violent, 0.1),
    "stalled-layer": (stalled, 3.0),
}
