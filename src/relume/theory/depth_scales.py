"""Over how many layers a signal, its correlations and its gradient change by a factor of e."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from relume.catalogue.activation import Activation
from relume.theory.mean_field import chi, length_fixed_point
from relume.theory.moments import kinks_in_z, mean_square, mean_square_rate, mean_square_slope, values
from relume.theory.quadrature import LEGENDRE_ORDERS, ROUNDING, panel_edges, panel_rule

TERMS = 200
LARGEST_EXPONENT = 1e12
CRITICAL = 1e-9  # a chi this close to 1 is 1
BISECTIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthScales:
    """Layers per factor of e, at the fixed point of the length; infinite at criticality."""

    gradient: float  # of the mean square gradient
    correlation: float  # of two inputs' correlation, towards its fixed point; nan unless 0 < q* < infinity
    length: float  # of the approach of the variance to q*; nan if q* is infinite


def depth_scales(activation: Activation, *, sigma_w: float, sigma_b: float = 0.0) -> DepthScales:
    r"""Give the three depth scales of a wide random network.

    xi_gradient = 1 / |ln chi_1|, xi_length = -1 / ln(dq_{l+1} / dq_l) and xi_correlation = -1 / ln(dc_{l+1} /
    dc_l) at the stable correlation c*: 1 in the ordered phase, where the derivative is chi_1, and less in the
    chaotic one, where it is sigma_w^2 E[phi'(u_1) phi'(u_2)].

    References
    ----------
    Schoenholz, Gilmer, Ganguli, Sohl-Dickstein (2017), Deep information propagation, sections 3 to 5.

    Examples
    --------
    >>> from relume import activations
    >>> scales = depth_scales(activations["tanh"], sigma_w=1.3**0.5, sigma_b=0.05**0.5)
    >>> round(scales.gradient, 1), round(scales.correlation, 1)
    (7.8, 7.8)
    """
    q = length_fixed_point(activation, sigma_w=sigma_w, sigma_b=sigma_b)
    # At an infinite length chi is its limit; 1e10 is far into every tail.
    chi_1 = chi(activation, min(q, 1e10), sigma_w=sigma_w)
    if math.isinf(q):
        return DepthScales(gradient=_layers(chi_1), correlation=math.nan, length=math.nan)
    rate = sigma_w**2 * mean_square_rate(activation, q).value
    if q == 0:
        return DepthScales(gradient=_layers(chi_1), correlation=math.nan, length=_layers(rate))
    chaotic = chi_1 > 1 + CRITICAL
    slope = correlation_fixed_point(activation, q, sigma_w=sigma_w)[1] if chaotic else chi_1
    return DepthScales(gradient=_layers(chi_1), correlation=_layers(slope), length=_layers(rate))


def correlation_fixed_point(activation: Activation, q: float, *, sigma_w: float) -> tuple[float, float]:
    r"""Find c* < 1 of the chaotic phase, at the fixed length q, and the slope of the correlation's map there.

    The map is C(c) = 1 - sigma_w^2 sum_n a_n^2 (1 - c^n) / q, with the a_n^2 of `correlation_series`; its
    slope is sigma_w^2 E[phi'(u_1) phi'(u_2)].
    """
    n, squares = correlation_series(activation, q)
    weights = sigma_w**2 / q * squares

    def mapped(c: float) -> float:
        return 1 - float((weights * (1 - c**n)).sum())

    low, high = 0.0, 1.0  # C is convex and C'(1) > 1, so it is below the diagonal from c* to 1
    for _ in range(BISECTIONS):
        c = (low + high) / 2
        low, high = (c, high) if mapped(c) > c else (low, c)
    return low, float((weights * n * low ** (n - 1).clamp(min=0)).sum())


def correlation_series(activation: Activation, q: float) -> tuple[Tensor, Tensor]:
    r"""Expand E[phi(u_1) phi(u_2)] = sum_n a_n^2 c^n into n and a_n^2, [TERMS]; u has variance q.

    a_n = E[phi(sqrt(q) z) h_n(z)] with the normalised Hermite polynomials h_n (Mehler's formula), so kinks
    need no two-dimensional care; for a concatenated form the mean over its outputs. A gated form's linear
    factor multiplies by q c. The last term stands for the rest of the series: its n, no integer, and
    its a_n^2 give the sum its value and its slope at c = 1, which are known.

    References
    ----------
    Daniely, Frostig, Singer (2016), Toward deeper understanding of neural networks, section 4.2.
    """
    z, weights = panel_rule(panel_edges(kinks_in_z(activation, q)), LEGENDRE_ORDERS[-1])
    # Hermite functions h_n(z) exp(-z^2 / 4) stay bounded, where the polynomials overflow.
    root = torch.exp(-z.square() / 4)
    weighted = values(activation, math.sqrt(q) * z) * torch.where(weights > 0, weights / root, 0.0)[:, None]
    before, function = torch.zeros_like(z), root
    squares = torch.zeros(TERMS, dtype=torch.float64)
    for n in range(TERMS - 1):
        squares[n] = (function @ weighted).square().mean()
        before, function = function, (z * function - math.sqrt(n) * before) / math.sqrt(n + 1)
    exponents = torch.arange(TERMS, dtype=torch.float64)
    if activation.form == "gated":
        squares, exponents = q * squares, exponents + 1
    rest = mean_square(activation, q).value - float(squares.sum())
    slope = q * mean_square_slope(activation, q).value - float((exponents * squares).sum())
    if rest > ROUNDING * float(squares.sum()):
        squares[-1], exponents[-1] = rest, min(max(slope / rest, TERMS), LARGEST_EXPONENT)
    return exponents, squares


def _layers(factor: float) -> float:
    """1 / |ln factor|: 0 for a factor of 0 or infinity, infinite for 1."""
    if factor <= 0 or math.isinf(factor):
        return 0.0
    return math.inf if factor == 1 else 1 / abs(math.log(factor))
