"""The verdicts of other tools, rebuilt from their published definitions on plain measurements of torch.

Each is a function from what was observed of a training to the rules that fired; `MEANS` says for which of
relume's problems a rule may stand, in its favour where there are several.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

import torch
from tests.faults.observing import Observed, Seen, Weights
from torch import Tensor, nn

from relume.types import Problem

MEANS: Mapping[str, tuple[Problem, ...]] = {
    "vanishing": ("vanishing-gradient", "stalled-layer"),
    "exploding": ("exploding-gradient", "exploding-activation", "unstable-updates"),
    "not a number": ("non-finite",),
    "dead": ("dead-units",),
    "saturated": ("saturated-units",),
    "poor initialisation": (
        "vanishing-gradient",
        "exploding-gradient",
        "exploding-activation",
        "symmetric-units",
        "saturated-units",
    ),
    "large update": ("unstable-updates",),
    "small update": ("stalled-layer", "vanishing-gradient"),
    "abnormal data": ("unscaled-input", "exploding-activation"),
    "large loss": ("unstable-updates", "exploding-activation"),
}
INITIAL = 10  # steps that SageMaker's rule on the initialisation looks at


def matrices(observed: Observed) -> list[Weights]:
    """The kernels in the order of their definition."""
    return [weights for weights in observed.parameters.values() if weights.dimensions > 1]


def finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def is_broken(observed: Observed) -> bool:
    """Whether a loss, what a layer puts out, or a gradient that there is, is not finite."""
    seen = [*observed.layers.values(), *observed.activations.values()]
    values = (value for series in seen for value in (*series.value, *series.gradient))
    return not all(map(math.isfinite, (*observed.losses, *values)))


def torchdiag(observed: Observed) -> Iterator[str]:
    """Greatest gradient of a parameter, and dead units in one batch: looked at in the first and last step."""
    for weights in observed.parameters.values():
        for largest in (weights.largest[0], weights.largest[-1]):
            if largest > 100:
                yield "exploding"
            if largest < 1e-7:
                yield "vanishing"
    for seen in rectifiers(observed):
        for fired in (seen.fired[0], seen.fired[-1]):
            if share(~fired) > 0.2:
                yield "dead"


def rectifiers(observed: Observed) -> list[Seen]:
    return [seen for seen in observed.activations.values() if issubclass(seen.kind, nn.ReLU)]


def share(units: Tensor) -> float:
    return float(units.float().mean())


def dead_relu_viz(observed: Observed) -> Iterator[str]:
    """Units of a linear or convolutional layer never above 0; it only counts them, here half of a layer."""
    for seen in observed.layers.values():
        if share(~torch.stack(seen.fired).any(0)) > 0.5:
            yield "dead"


def sagemaker(observed: Observed) -> Iterator[str]:
    """Debugger's rules, each on every step."""
    if is_broken(observed):
        yield "not a number"
    if any(value < 1e-7 for weights in observed.parameters.values() for value in weights.absolute):
        yield "vanishing"
    ratios = finite(ratio for weights in matrices(observed) for ratio in weights.ratio)
    if any(ratio > 10 for ratio in ratios):
        yield "large update"
    if any(ratio < 1e-8 for ratio in ratios):
        yield "small update"
    if any(share(active < 0.01) > 0.5 for seen in rectifiers(observed) for active in seen.active):
        yield "dead"
    if any(beyond(seen) > 0.5 for seen in observed.activations.values()):
        yield "saturated"
    if is_poorly_initialised(observed):
        yield "poor initialisation"


def beyond(seen: Seen) -> float:
    """Share of units of which more than 1 % of the inputs are behind the ends that Debugger gives."""
    ends = {nn.Tanh: (-9.4999, 9.4999), nn.Sigmoid: (-23.0, 16.99999)}
    if seen.kind not in ends:
        return 0.0
    low, high = ends[seen.kind]
    return max(share(((x < low) | (x > high)).float().mean(1) > 0.01) for x in seen.entered)


def is_poorly_initialised(observed: Observed) -> bool:
    """Whether variances of weights differ tenfold from layer to layer, or gradients hardly differ at all."""
    variances = [weights.variance[0] for weights in matrices(observed)]
    if any(max(pair) > 10 * min(pair) for pair in pairwise(variances)):
        return True
    ranges = [value for weights in matrices(observed) for value in weights.range[:INITIAL]]
    return bool(ranges) and all(value < 0.001 for value in ranges if not math.isnan(value))


def autotrainer(observed: Observed) -> Iterator[str]:
    """Most of its rules look only where training has not converged: here, where the loss has not fallen."""
    losses = observed.losses
    if not math.isfinite(losses[-1]) or is_broken(observed):
        yield "not a number"
        yield "exploding"
        return
    if sum(losses[-10:]) / len(losses[-10:]) <= 0.75 * losses[0]:
        return
    if losses[-1] >= 1e3:
        yield "large loss"
    norms = [weights.gradient[-1] for weights in matrices(observed)]
    first, last = norms[0], norms[-1]
    if first < 1e-4 and first < 1e-3 * last:
        yield "vanishing"
    if first > 70 * last:
        yield "exploding"
    zeros = [(weights.zeros[-1] * weights.size, weights.size) for weights in observed.parameters.values()]
    counted = [pair for pair in zeros if math.isfinite(pair[0])]
    if counted and sum(zero for zero, _ in counted) >= 0.7 * sum(size for _, size in counted):
        yield "dead"
    if any(seen.absolute[-1] >= 10 for seen in observed.layers.values()):
        yield "abnormal data"


PEERS: Mapping[str, Callable[[Observed], Iterator[str]]] = {
    "torchdiag": torchdiag,
    "dead-relu-viz": dead_relu_viz,
    "SageMaker": sagemaker,
    "AUTOTRAINER": autotrainer,
}
