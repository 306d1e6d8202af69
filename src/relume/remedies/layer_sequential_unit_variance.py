"""Weights scaled by what the data does to them: layer by layer, until each one's output has unit variance."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.probe.calls import kind_of
from relume.remedies.anatomy import anatomy_of
from relume.remedies.drawing import following_factor, is_closed_on_purpose, new_generator, trainable
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import call
from relume.trial import Patient
from relume.types import Finding

# Both of Mishkin & Matas, section 3.
TOLERANCE = 0.1  # of the variance from 1
ATTEMPTS = 10  # a layer without a bias is right after the first


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Draw orthonormal weights, then scale them by the outputs on the first batch.

    It is done on a copy, since the batch moves running means; only weights and biases are taken over.
    """
    products = anatomy_of(patient).products
    copied, weights = patient.copied(), trainable(patient.model)
    parameters = trainable(copied.model)
    generator, chosen = new_generator(), {}
    for product in products:
        weight = parameters.get(product.weight)
        if weight is None or is_closed_on_purpose(product, weight):
            continue
        # Drawn on the CPU, so that every device gets the same.
        values = nn.init.orthogonal_(torch.empty(weight.shape), generator=generator)
        weight.copy_(values)
        if product.bias in parameters:
            parameters[product.bias].zero_()
        chosen[id(weight)] = (weight, following_factor(product))
    scaling = _Scaling(chosen)
    with scaling:
        call(copied)
    for name, weight in weights.items():
        weight.copy_(parameters[name])
    if not chosen:
        return ""
    return f"{len(chosen)} layers drawn orthonormal and scaled to outputs of unit variance on the first batch"


class _Scaling(TorchFunctionMode):
    """Scales each layer's weights when it is computed: what reaches it has been scaled by then."""

    def __init__(self, chosen: Mapping[int, tuple[Tensor, float]]) -> None:
        super().__init__()
        self.waiting = dict(chosen)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Scale the weight, if it has not been scaled, before its product goes on."""
        keywords = kwargs or {}
        result = func(*args, **keywords)
        if kind_of(func) not in ("linear", "convolution"):
            return result
        found = self.waiting.pop(id(args[1] if len(args) > 1 else keywords.get("weight")), None)
        if found is None:
            return result
        weight, factor = found
        for _ in range(ATTEMPTS):
            variance = factor**2 * float(result.float().var())
            # An input of zeros, or one that is not finite, has no scale to go by.
            if abs(variance - 1) <= TOLERANCE or not 0 < variance < float("inf"):
                break
            weight.div_(variance**0.5)
            result = func(*args, **keywords)
        return result


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Before training, initialise the layers around {lines_of(finding)} with nn.init.orthogonal_ and "
        "biases 0, "
        "run one batch, and divide each layer's weights by the standard deviation of its output, first layer "
        "first."
    )


layer_sequential_unit_variance = Remedy(
    name="layer-sequential-unit-variance",
    apply=apply,
    changes=frozenset({"model"}),
    stage="weights",
    meaning="draws orthonormal weights and divides each layer's, in the order of execution, by the standard "
    "deviation of its output on the first batch, until its variance is within 0.1 of 1",
    advice=advice,
    citation="Mishkin & Matas (2016), All you need is a good init, ICLR, algorithm 1",
)
