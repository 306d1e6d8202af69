"""The firing rate of a leaky integrate-and-fire neuron under a constant current, in physical units.

References
----------
Glorot, Bordes, Bengio (2011), Deep sparse rectifier neural networks, section 2.1.
Gerstner, Kistler, Naud, Paninski (2014), Neuronal dynamics, section 5.3 (the f-I curve).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from relume.catalogue import neurons

MILLISECONDS_PER_SECOND = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Neuron:
    """A leaky integrator that spikes at a threshold; by default the cell of the catalogue's entry `lif`."""

    membrane_time: float = neurons.MEMBRANE_TIME  # tau, ms
    refractory_time: float = neurons.REFRACTORY_TIME  # t_ref, ms
    resistance: float = neurons.RESISTANCE  # R, megaohm
    rest: float = neurons.REST  # E, mV
    threshold: float = neurons.THRESHOLD  # V_th, mV
    reset: float = neurons.RESET  # V_r, mV, below the threshold


def rheobase(neuron: Neuron) -> float:
    """Find the current in nA up to which the neuron is silent: (V_th - E) / R.

    >>> rheobase(Neuron(rest=-65.0, threshold=-50.0, resistance=15.0))
    1.0
    """
    return (neuron.threshold - neuron.rest) / neuron.resistance


def firing_rate(current: Tensor, *, neuron: Neuron | None = None) -> Tensor:
    r"""Find the rate in Hz that a constant current in nA drives, of any shape.

    1 / (t_ref + tau log((E + R I - V_r) / (E + R I - V_th))) above the rheobase, else 0. It starts there with
    an infinite slope and tends to 1 / t_ref. The catalogue's `lif` is this curve in spikes per millisecond.

    Examples
    --------
    >>> firing_rate(torch.tensor([-1.0, 1.0, 10.0])).round(decimals=1)
    tensor([  0.0000, 223.9000, 677.3000])
    """
    neuron = neuron or Neuron()
    drive = neuron.resistance * (current - rheobase(neuron))  # E + R I - V_th, mV
    fires = drive > 0
    drive = torch.where(fires, drive, 1.0)
    climb = torch.log1p((neuron.threshold - neuron.reset) / drive)
    rate = MILLISECONDS_PER_SECOND / (neuron.refractory_time + neuron.membrane_time * climb)
    return torch.where(fires, rate, 0.0)
