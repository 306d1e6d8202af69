"""Units of a layer that are identical get weights of their own."""

import torch
from torch import Tensor

from relume.remedies.anatomy import anatomy_of
from relume.remedies.drawing import (
    drawn,
    is_closed_on_purpose,
    new_generator,
    preserving_deviation,
    trainable,
)
from relume.remedies.parts import Product
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import Patient
from relume.types import Finding


@torch.no_grad()
def apply(patient: Patient, finding: Finding) -> str:
    """Draw the layers anew whose units are mostly the same; their biases become 0."""
    products = anatomy_of(patient).products
    parameters, generator = trainable(patient.model), new_generator()
    drawn_anew = []
    for product in products:
        weight = parameters.get(product.weight)
        if weight is None or not _is_symmetric(product, weight):
            continue
        weight.copy_(drawn(weight, preserving_deviation(product), generator))
        if product.bias in parameters:
            parameters[product.bias].zero_()
        drawn_anew.append(product.weight)
    return f"drawn anew: {', '.join(drawn_anew)}" if drawn_anew else ""


def _is_symmetric(product: Product, weight: Tensor) -> bool:
    """Whether more than half of a layer's units are the first one.

    A layer of zeros whose units go nowhere but to the loss learns well, since each has its own target.
    """
    if len(weight) < 2 or is_closed_on_purpose(product, weight):
        return False
    if product.activation is None and not product.consumers and not bool(weight.any()):
        return False
    same = (weight == weight[:1]).flatten(1).all(1)
    return int(same.sum()) > len(weight) / 2


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Initialise the weights of {lines_of(finding)} with random numbers (nn.init.kaiming_normal_), not "
        "with a "
        "constant: units that start equal get equal gradients and stay equal."
    )


break_symmetry = Remedy(
    name="break-symmetry",
    apply=apply,
    changes=frozenset({"model"}),
    stage="weights",
    meaning="draws the weights of layers anew whose units are identical, with the variance that keeps the "
    "signal's "
    "size; biases become 0",
    advice=advice,
    citation="Goodfellow, Bengio & Courville (2016), Deep Learning, section 8.4; Rumelhart, Hinton & "
    "Williams "
    "(1986), Learning representations by back-propagating errors",
)
