"""Exponential activations: linear to the right, an exponential approach to an end on the left."""

import torch
from torch import nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation, Kink
from relume.catalogue.precision import in_single

aten = torch.ops.aten
INFINITY = float("inf")

softplus = Activation(
    name="softplus",
    formula="log(1 + exp(x))",
    value=F.softplus,
    derivative=torch.sigmoid,
    second_derivative=in_single(lambda x: x.sigmoid() * (-x).sigmoid()),
    range=(0.0, INFINITY),
    limits=(0.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    aliases=(Alias(nn.Softplus), Alias(F.softplus)),
    chain=lambda grad, x, y, out: aten.softplus_backward.grad_input(grad, x, 1, 20, grad_input=out),
    citation=Citation(
        "Dugas, Bengio, Bélisle, Nadeau & Garcia",
        2001,
        "Incorporating second-order functional knowledge for better option pricing",
    ),
)
elu = Activation(
    name="elu",
    formula="x if x > 0 else exp(x) - 1",
    value=F.elu,
    derivative=in_single(lambda x: x.clamp(max=0).exp()),
    second_derivative=in_single(lambda x: torch.where(x > 0, 0, x.clamp(max=0).exp())),
    range=(-1.0, INFINITY),
    limits=(-1.0, INFINITY),
    flat_ends="left",
    symmetry="none",
    monotonicity="increasing",
    kinks=(Kink(0.0, 1.0, "curvature"),),
    aliases=(Alias(nn.ELU), Alias(F.elu), Alias(F.elu_)),
    chain=lambda grad, x, y, out: aten.elu_backward.grad_input(grad, 1, 1, 1, True, y, grad_input=out),
    overwrite=F.elu_,
    citation=Citation(
        "Clevert, Unterthiner & Hochreiter",
        2016,
        "Fast and accurate deep network learning by exponential linear units (ELUs)",
    ),
)
