"""The firing rate, against the membrane equation integrated in time."""

import math

import pytest
import torch
from scipy import integrate

from relume import activations
from relume.theory.lif import Neuron, firing_rate, rheobase

CORTICAL = Neuron(
    membrane_time=20.0, refractory_time=2.0, resistance=10.0, rest=-65.0, threshold=-50.0, reset=-70.0
)


@pytest.mark.parametrize("current", [1.51, 2.0, 5.0, 50.0])
def test_against_the_membrane_equation(current: float) -> None:
    """Tau dV/dt = E + R I - V from the reset to the threshold, then the refractory time."""

    def slope(_: float, potential: list[float]) -> list[float]:
        return [(CORTICAL.rest + CORTICAL.resistance * current - potential[0]) / CORTICAL.membrane_time]

    def spike(_: float, potential: list[float]) -> float:
        return potential[0] - CORTICAL.threshold

    spike.terminal = True  # type: ignore[attr-defined]
    run = integrate.solve_ivp(slope, (0, 1e4), [CORTICAL.reset], events=spike, rtol=1e-10, atol=1e-10)
    expected = 1000 / (run.t_events[0][0] + CORTICAL.refractory_time)
    assert float(firing_rate(torch.tensor(current, dtype=torch.float64), neuron=CORTICAL)) == pytest.approx(
        expected, rel=1e-5
    )


def test_silent_up_to_the_rheobase() -> None:
    assert rheobase(CORTICAL) == 1.5
    assert firing_rate(torch.tensor([-9.0, 0.0, 1.5]), neuron=CORTICAL).tolist() == [0.0, 0.0, 0.0]
    assert float(firing_rate(torch.tensor(1.5 + 1e-4), neuron=CORTICAL)) > 0


def test_no_faster_than_the_refractory_time_allows() -> None:
    assert float(firing_rate(torch.tensor(1e6, dtype=torch.float64), neuron=CORTICAL)) == pytest.approx(
        500, rel=1e-3
    )
    assert math.isfinite(float(firing_rate(torch.tensor(1e30), neuron=CORTICAL)))


def test_the_catalogue_is_this_curve_in_spikes_per_millisecond() -> None:
    current = torch.linspace(-2, 20, 501, dtype=torch.float64)
    torch.testing.assert_close(
        firing_rate(current), 1000 * activations["lif"].value(current), rtol=1e-12, atol=0
    )
