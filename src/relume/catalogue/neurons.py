"""Neurons: the threshold unit, and firing rates of the leaky integrate-and-fire neuron."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from relume.catalogue.activation import Activation, Citation, Kink
from relume.catalogue.precision import finite, in_single, keep_nan, zero

INFINITY = float("inf")

# A fast-spiking cell that a background current holds just at its threshold, so that it fires for every
# input above zero, as a rectifier does. The rate is in spikes per millisecond, at most 1.
REFRACTORY_TIME = 1.0  # t_ref, ms
MEMBRANE_TIME = 5.0  # tau, ms
RESISTANCE = 15.0  # R, megaohm: 1 nA moves the potential by 15 mV
REST = -50.0  # E, mV, the background current included
THRESHOLD = -50.0  # V_th, mV
RESET = -65.0  # V_r, mV
SPAN = THRESHOLD - RESET  # mV from reset to threshold
SMOOTHNESS = 0.1  # gamma of the soft threshold, in spans

DEEP_SPIKING = Citation("Hunsberger & Eliasmith", 2015, "Spiking deep networks with LIF neurons")


def _drive(current: Tensor) -> Tensor:
    """Compute what the steady potential E + R I exceeds the threshold by, in spans."""
    return (REST - THRESHOLD) / SPAN + RESISTANCE / SPAN * current


RHEOBASE = (THRESHOLD - REST) / RESISTANCE  # nA; the neuron is silent up to it


def _lif_rate(drive: Tensor) -> Tensor:
    """1 / (t_ref + tau log((E + R I - V_r) / (E + R I - V_th))) for a drive above zero."""
    # log1p(1 / drive) overflows for a tiny drive, and the difference of logarithms cancels for a large one.
    climb = torch.where(drive < 1, drive.log1p() - drive.log(), (1 / drive).log1p())
    return 1 / (REFRACTORY_TIME + MEMBRANE_TIME * climb)


def _above_threshold(x: Tensor) -> tuple[Tensor, Tensor]:
    """Where the drive is positive, and the drive there; 1 elsewhere, so that no branch sees log(0)."""
    drive = finite(_drive(x))
    fires = drive > 0
    return fires, torch.where(fires, drive, 1)


def _lif(x: Tensor) -> Tensor:
    fires, drive = _above_threshold(x)
    return keep_nan(x, torch.where(fires, _lif_rate(drive), 0))


def _lif_slope(x: Tensor) -> Tensor:
    fires, drive = _above_threshold(x)
    rate = _lif_rate(drive)
    # The division by the drive comes last: before the square of the rate it would overflow.
    slope = RESISTANCE / SPAN * MEMBRANE_TIME * rate * rate / (1 + drive) / drive
    return keep_nan(x, torch.where(fires, slope, 0))


def _lif_bend(x: Tensor) -> Tensor:
    fires, drive = _above_threshold(x)
    rate, above = _lif_rate(drive), 1 + drive
    bend = (2 * MEMBRANE_TIME * rate / above - 1 - drive / above) / drive
    bend = (RESISTANCE / SPAN) ** 2 * MEMBRANE_TIME * rate * rate * bend / above / drive
    return keep_nan(x, torch.where(fires, bend, 0))


def _soft_climb(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """log(1 + 1 / rho) for the smoothed drive rho = gamma log(1 + exp(z)), and two derivatives in z."""
    # Left of here log(log(1 + exp(z))) is z to the last bit, and exp(z) may underflow.
    is_linear, right = z < -40, z.clamp(min=-40)
    soft = -F.logsigmoid(-right)
    rho = SMOOTHNESS * soft
    log_rho = math.log(SMOOTHNESS) + torch.where(is_linear, z, soft.log())
    s, rest = z.sigmoid(), (-z).sigmoid()
    q = torch.where(is_linear, 1, right.sigmoid() / soft)  # (log soft)'
    slope = -q / (1 + rho)
    bend = -q * (rest - q) / (1 + rho) + q / (1 + rho) * SMOOTHNESS * s / (1 + rho)
    # Where rho is large its logarithms cancel.
    climb = torch.where(rho > 1, (1 / rho).log1p(), rho.log1p() - log_rho)
    return climb, slope, bend


def _soft_lif(x: Tensor) -> Tensor:
    climb, _, _ = _soft_climb(_drive(x) / SMOOTHNESS)
    return 1 / (REFRACTORY_TIME + MEMBRANE_TIME * climb)


def _soft_lif_slope(x: Tensor) -> Tensor:
    climb, slope, _ = _soft_climb(_drive(x) / SMOOTHNESS)
    rate = 1 / (REFRACTORY_TIME + MEMBRANE_TIME * climb)
    return -RESISTANCE / SPAN / SMOOTHNESS * MEMBRANE_TIME * rate * rate * slope


def _soft_lif_bend(x: Tensor) -> Tensor:
    climb, slope, bend = _soft_climb(_drive(x) / SMOOTHNESS)
    rate = 1 / (REFRACTORY_TIME + MEMBRANE_TIME * climb)
    inner = 2 * rate * MEMBRANE_TIME * slope * slope - bend
    return (RESISTANCE / SPAN / SMOOTHNESS) ** 2 * MEMBRANE_TIME * rate * rate * inner


lif = Activation(
    name="lif",
    formula="1 / (1 + 5 log(1 + 1 / x)) if x > 0 else 0",
    value=in_single(_lif),
    derivative=in_single(_lif_slope),
    second_derivative=in_single(_lif_bend),
    range=(0.0, 1 / REFRACTORY_TIME),
    limits=(0.0, 1 / REFRACTORY_TIME),
    flat_ends="both",
    symmetry="none",
    monotonicity="non-decreasing",
    zero_region=(-INFINITY, RHEOBASE),
    kinks=(Kink(RHEOBASE, 0.0, "vertical"),),
    citation=Citation(
        "Gerstner, Kistler, Naud & Paninski",
        2014,
        "Neuronal dynamics: From single neurons to networks and models of cognition",
    ),
)
soft_lif = Activation(
    name="soft_lif",
    formula="1 / (1 + 5 log(1 + 1 / r)), r = 0.1 log(1 + exp(10 x))",
    value=in_single(_soft_lif),
    derivative=in_single(_soft_lif_slope),
    second_derivative=in_single(_soft_lif_bend),
    range=(0.0, 1 / REFRACTORY_TIME),
    limits=(0.0, 1 / REFRACTORY_TIME),
    flat_ends="both",
    symmetry="none",
    monotonicity="increasing",
    citation=DEEP_SPIKING,
)
heaviside = Activation(
    name="heaviside",
    formula="1 if x > 0 else 0",
    value=lambda x: keep_nan(x, (x > 0).to(x.dtype)),
    derivative=zero,  # 0 at the jump too, so nothing is ever learnt through it
    second_derivative=zero,
    range=(0.0, 1.0),
    limits=(0.0, 1.0),
    flat_ends="both",
    symmetry="none",
    monotonicity="non-decreasing",
    zero_region=(-INFINITY, 0.0),
    kinks=(Kink(0.0, 0.0, "jump"),),
    citation=Citation(
        "McCulloch & Pitts", 1943, "A logical calculus of the ideas immanent in nervous activity"
    ),
)
