"""Localised and periodic activations: a bump, or waves, instead of a step."""

import torch
from torch import Tensor

from relume.catalogue.activation import Activation, Alias, Citation
from relume.catalogue.precision import finite, in_single, vanishing_wins

INFINITY, NAN = float("inf"), float("nan")

gaussian = Activation(
    name="gaussian",
    formula="exp(-x^2)",
    value=in_single(lambda x: torch.exp(-x * x)),
    derivative=vanishing_wins(lambda x: -2 * x * torch.exp(-x * x)),
    second_derivative=vanishing_wins(lambda x: (4 * x * x - 2) * torch.exp(-x * x)),
    range=(0.0, 1.0),
    limits=(0.0, 0.0),
    flat_ends="both",
    symmetry="even",
    monotonicity="non-monotone",
    citation=Citation("Moody & Darken", 1989, "Fast learning in networks of locally-tuned processing units"),
)
sine = Activation(
    name="sine",
    formula="sin(x)",
    value=torch.sin,
    derivative=torch.cos,
    second_derivative=lambda x: -torch.sin(x),
    range=(-1.0, 1.0),
    limits=(NAN, NAN),
    flat_ends="none",
    symmetry="odd",
    monotonicity="non-monotone",
    aliases=(Alias(torch.sin), Alias(torch.sin_), Alias(Tensor.sin), Alias(Tensor.sin_)),
    citation=Citation(
        "Sitzmann, Martel, Bergman, Lindell & Wetzstein",
        2020,
        "Implicit neural representations with periodic activation functions",
    ),
)
cosine = Activation(
    name="cosine",
    formula="cos(x)",
    value=torch.cos,
    derivative=lambda x: -torch.sin(x),
    second_derivative=lambda x: -torch.cos(x),
    range=(-1.0, 1.0),
    limits=(NAN, NAN),
    flat_ends="none",
    symmetry="even",
    monotonicity="non-monotone",
    aliases=(Alias(torch.cos), Alias(torch.cos_), Alias(Tensor.cos), Alias(Tensor.cos_)),
    citation=Citation("Rahimi & Recht", 2007, "Random features for large-scale kernel machines"),
)
snake = Activation(
    name="snake",
    formula="x + sin(alpha x)^2 / alpha",
    # The wave is bounded, so at the infinities the line decides.
    value=in_single(lambda x, alpha=1.0: x + (alpha * finite(x)).sin().square() / alpha),
    derivative=in_single(lambda x, alpha=1.0: 1 + (2 * alpha * x).sin()),
    second_derivative=in_single(lambda x, alpha=1.0: 2 * alpha * (2 * alpha * x).cos()),
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="none",
    monotonicity="increasing",
    parameters={"alpha": 1.0},
    citation=Citation(
        "Ziyin, Hartwig & Ueda", 2020, "Neural networks fail to learn periodic functions and how to fix it"
    ),
)
