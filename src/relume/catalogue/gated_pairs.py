"""Gated pairs: an activation of one half of the units gates the other half, which stays linear."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Alias, Citation
from relume.catalogue.precision import keep_nan
from relume.catalogue.rectifiers import relu
from relume.catalogue.self_gated import gelu, silu
from relume.catalogue.sigmoidal import sigmoid

INFINITY = float("inf")
SHAZEER = Citation("Shazeer", 2020, "GLU variants improve Transformer")


def gated_by(
    gate: Activation, name: str, formula: str, citation: Citation, aliases: tuple[Alias, ...] = ()
) -> Activation:
    """g(u) v, with all that is true of g true of it as a function of u at v = 1."""
    return Activation(
        name=name,
        formula=formula,
        form="gated",
        value=lambda u, v: gate.value(u) * v,
        derivative=lambda u, v: gate.derivative(u) * v,
        second_derivative=lambda u, v: gate.second_derivative(u) * v,
        range=(-INFINITY, INFINITY),
        limits=gate.limits,
        flat_ends=gate.flat_ends,
        symmetry=gate.symmetry,
        monotonicity=gate.monotonicity,
        zero_region=gate.zero_region,
        kinks=gate.kinks,
        aliases=aliases,
        citation=citation,
    )


def _constant(u: Tensor, v: Tensor, number: float) -> Tensor:
    return keep_nan(u, torch.full_like(u, number)) * v


glu = gated_by(
    sigmoid,
    "glu",
    "sigmoid(u) v",
    Citation("Dauphin, Fan, Auli & Grangier", 2017, "Language modeling with gated convolutional networks"),
    (Alias(nn.GLU), Alias(F.glu)),
)
reglu = gated_by(relu, "reglu", "max(0, u) v", SHAZEER)
geglu = gated_by(gelu, "geglu", "u Phi(u) v", SHAZEER)
swiglu = gated_by(silu, "swiglu", "u sigmoid(u) v", SHAZEER)
bilinear = Activation(
    name="bilinear",
    formula="u v",
    form="gated",
    value=lambda u, v: u * v,
    derivative=lambda u, v: _constant(u, v, 1.0),
    second_derivative=lambda u, v: _constant(u, v, 0.0),
    range=(-INFINITY, INFINITY),
    limits=(-INFINITY, INFINITY),
    flat_ends="none",
    symmetry="odd",
    monotonicity="increasing",
    citation=SHAZEER,
)
