"""Weights drawn so that the signal keeps its size from layer to layer."""

import torch

from relume.remedies.anatomy import anatomy_of
from relume.remedies.drawing import (
    drawn,
    is_closed_on_purpose,
    new_generator,
    preserving_deviation,
    trainable,
)
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import Patient
from relume.types import Finding


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Draw all layers anew: a signal's size is a product over all of them, so one alone mends nothing."""
    products = anatomy_of(patient).products
    weights, generator = trainable(patient.model), new_generator()
    # L branches of unit variance add up to L: each gets 1/L, so that the sum is one of them (GPT-2's way).
    branches = sum(product.closes_branch for product in products)
    changed = []
    for product in products:
        weight = weights.get(product.weight)
        if weight is None or is_closed_on_purpose(product, weight):
            continue
        deviation = preserving_deviation(product) / (branches**0.5 if product.closes_branch else 1.0)
        weight.copy_(drawn(weight, deviation, generator))
        if product.bias in weights:
            weights[product.bias].zero_()
        changed.append(product)
    if not changed:
        return ""
    gains = {product.fed_by for product in changed if product.fed_by}
    after = f" behind {', '.join(sorted(gains))}" if gains else ""
    scaled = f", those that close {branches} residual branches / sqrt({branches})" if branches else ""
    return f"weights of {len(changed)} layers ~ N(0, gain / fan_in){after}{scaled}; biases 0"


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Initialise the layers around {lines_of(finding)} for their activation: "
        "nn.init.kaiming_normal_(layer.weight, nonlinearity='relu'), nn.init.zeros_(layer.bias); divide the "
        "last "
        "layer of each of L residual branches by sqrt(L)."
    )


variance_preserving_initialisation = Remedy(
    name="variance-preserving-initialisation",
    apply=apply,
    changes=frozenset({"model"}),
    stage="weights",
    meaning="draws every layer's weights with the variance gain / fan_in that keeps the signal's size, where "
    "the "
    "gain is 1 / E[f(z)^2] of the activation before it (2 for ReLU)",
    advice=advice,
    citation="He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, equation 10; for residual branches "
    "Radford et al. (2019), Language models are unsupervised multitask learners, section 2.3, after the idea "
    "of "
    "Zhang, Dauphin & Ma (2019), Fixup initialization",
)
