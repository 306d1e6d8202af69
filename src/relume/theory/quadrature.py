"""Means over a standard normal variable, each with an estimate of its error."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

# A smooth function needs few nodes. Successive orders, because only the odd one has a node at 0: a spike that
# is narrower than the nodes are apart, which two even orders would both miss, makes them differ.
HERMITE_ORDERS = ((64, 65), (128, 129))
# So far apart that their difference bounds the error even where the error only falls as 1 / order.
LEGENDRE_ORDERS = (16, 40)
CUT = 40.0  # the normal density is 0 in float64 beyond 38.6
PANEL = 0.25
HALVINGS = 36  # towards a kink; the node nearest to it is then 1e-14 away, still apart from it in float64
TOLERANCE = 1e-13
ROUNDING = 16 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and how far it may be off; both infinite where the integral diverges."""

    value: float
    error: float

    def __add__(self, other: "Estimate") -> "Estimate":
        """Add values and errors."""
        return Estimate(self.value + other.value, self.error + other.error)

    def scaled(self, factor: float) -> "Estimate":
        """`factor` times this."""
        return Estimate(factor * self.value, abs(factor) * self.error)

    def inverse(self) -> "Estimate":
        """One over this; infinite for 0, and 0 for infinite."""
        if self.value == 0:
            return Estimate(math.inf, math.inf)
        return Estimate(1 / self.value, self.error / self.value**2 if math.isfinite(self.value) else 0.0)


def gaussian_mean(f: Callable[[Tensor], Tensor], *, kinks: Iterable[float] = ()) -> Estimate:
    r"""E[f(z)] of a standard normal z.

    Gauss-Hermite quadrature where f is smooth, of an order raised until two orders agree; their difference is
    the error. A kink makes that rule converge as slowly as 1 / order (it gives E[max(0, z)] with an error of
    2e-3 at order 100), and a steep slope makes it need thousands of nodes. There the line is cut into panels
    that shrink towards each kink and towards 0, each with a Gauss-Legendre rule of f(z) exp(-z^2 / 2) /
    sqrt(2 pi); the error is the difference of two orders again.

    Parameters
    ----------
    f
        float64 [nodes] -> [nodes].
    kinks
        The points z where f is not smooth. If what the shrinking panels contribute does not shrink, the
        integral diverges there and the estimate is infinite.

    References
    ----------
    Davis & Rabinowitz (1984), Methods of Numerical Integration.

    Examples
    --------
    >>> round(gaussian_mean(lambda z: z.clamp(min=0).square(), kinks=[0.0]).value, 15)
    0.5
    >>> gaussian_mean(lambda z: 1 / z.abs(), kinks=[0.0])
    Estimate(value=inf, error=inf)
    """
    kinks = tuple(kinks)
    if not kinks:
        for orders in HERMITE_ORDERS:
            estimate, scale = _compare(*(_weighted(f, *hermite_rule(order)) for order in orders))
            if estimate.error <= TOLERANCE * scale:
                return estimate
    edges = panel_edges(kinks)
    coarse, fine = (_weighted(f, *panel_rule(edges, order)) for order in LEGENDRE_ORDERS)
    panels = fine.view(len(edges) - 1, -1).sum(1)
    if any(_diverges(panels, edges, kink) for kink in kinks if abs(kink) < CUT):
        return Estimate(math.inf, math.inf)
    return _compare(coarse, fine)[0]


@cache
def hermite_rule(order: int) -> tuple[Tensor, Tensor]:
    """Give nodes and weights of Gauss-Hermite quadrature for the standard normal density."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    return torch.from_numpy(nodes), torch.from_numpy(weights / math.sqrt(2 * math.pi))


def panel_edges(kinks: Iterable[float]) -> Tensor:
    """Give the ends of the panels, [panels + 1]: evenly spaced, and ever closer to 0 and to each kink."""
    steps = PANEL * 0.5 ** torch.arange(HALVINGS + 1, dtype=torch.float64)
    offsets = torch.cat([-steps, steps.new_zeros(1), steps])
    graded = [point + offsets for point in (0.0, *kinks) if abs(point) < CUT]
    even = torch.arange(-CUT, CUT + PANEL, PANEL, dtype=torch.float64)
    edges = torch.cat([even, *graded]).clamp(-CUT, CUT)
    return torch.from_numpy(np.unique(edges.numpy()))


def panel_rule(edges: Tensor, order: int) -> tuple[Tensor, Tensor]:
    """Give nodes and weights of Gauss-Legendre quadrature times the normal density, [panels * order]."""
    nodes, weights = _legendre(order)
    half = edges.diff()[:, None] / 2
    z = edges[:-1, None] + half * (1 + nodes)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return z.flatten(), (half * weights * density).flatten()


@cache
def _legendre(order: int) -> tuple[Tensor, Tensor]:
    nodes, weights = np.polynomial.legendre.leggauss(order)
    return torch.from_numpy(nodes), torch.from_numpy(weights)


def _weighted(f: Callable[[Tensor], Tensor], z: Tensor, weights: Tensor) -> Tensor:
    # Where the density underflows, an f that overflowed would make nan of 0 times infinity.
    return torch.where(weights > 0, f(z) * weights, 0.0)


def _compare(coarse: Tensor, fine: Tensor) -> tuple[Estimate, float]:
    """Estimate by the finer sum; with the mean magnitude of what was summed."""
    value, scale = float(fine.sum()), float(fine.abs().sum())
    if not math.isfinite(value):
        return Estimate(value, math.inf), scale
    return Estimate(value, abs(value - float(coarse.sum())) + ROUNDING * scale), scale


def _diverges(panels: Tensor, edges: Tensor, kink: float) -> bool:
    """Whether the panels nearest to the kink, on either side, add as much as those a thousand times wider."""
    distance = (edges[:-1] + edges[1:]) / 2 - kink

    def ring(halvings: int, side: int) -> float:
        outer = PANEL * 0.5**halvings
        return float(panels[(side * distance > outer / 2) & (side * distance < outer)].abs().sum())

    return any(0 < 0.99 * ring(HALVINGS - 11, side) <= ring(HALVINGS - 1, side) for side in (-1, 1))
