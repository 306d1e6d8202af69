"""Drawing weights anew, in place: the optimiser keeps holding them."""

import math

import torch
from torch import Tensor, nn

from relume.catalogue import activations
from relume.remedies.parts import Product
from relume.theory.gain import forward_gain
from relume.trial import SEED


def new_generator() -> torch.Generator:
    """The random numbers of a remedy: always the same, and nobody else's."""
    return torch.Generator().manual_seed(SEED)


def preserving_deviation(product: Product) -> float:
    """The weights' standard deviation that gives a product unit variance: sqrt(gain / fan_in).

    The gain is that of the activation its input went through: 2 for ReLU, and 1 for the data itself and
    behind a normalisation. What multiplies the product afterwards is taken off.
    """
    entry = activations[product.fed_by] if product.fed_by else None
    gain = forward_gain(entry).value if entry and entry.form == "elementwise" else 1.0
    return math.sqrt(gain / product.fan_in) / following_factor(product)


def following_factor(product: Product) -> float:
    """The size of the number between a product and its activation, as the pitch in sin(30 x).

    Of the first layer it is 1: there the number chooses which frequencies, or steps, there are to begin with
    (Sitzmann et al. 2020, section 3.2).
    """
    return abs(product.factor) if product.fed_by and not product.is_normalised and product.factor else 1.0


def drawn(like: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Normal numbers of a tensor's shape, type and device; the same ones on every device."""
    numbers = torch.empty(like.shape, dtype=torch.float32).normal_(0.0, deviation, generator=generator)
    return numbers.to(like.device, like.dtype)


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name: a frozen one was frozen for a reason."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def is_closed_on_purpose(product: Product, weight: Tensor) -> bool:
    """Whether a residual branch was initialised to add nothing: Fixup, zero-gamma, LoRA."""
    return product.closes_branch and not bool(weight.any())
