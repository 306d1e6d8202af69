"""Recurrent cells of torch, whose gates are not seen: how their weights were drawn."""

import math
from collections.abc import Iterator

from relume.diagnosis.learning import severity_of
from relume.diagnosis.weights import scale_of
from relume.types import Evidence, Finding, ParameterReading, Readings

OF_A_STATE, OF_AN_INPUT = "weight_hh", "weight_ih"
# Torch draws a third, an orthogonal matrix has 1, He's initialisation 2. At 6 a state of size 1 gives gates
# of size 2.4, where a sigmoid's slope is a third of its greatest.
LARGE_SCALE = 6.0


def shut_cells(readings: Readings) -> Iterator[Finding]:
    """Cells whose weights were drawn so large that their gates begin on their flat ends."""
    view = readings.opening or readings
    large = [p for p in view.parameters.values() if _is_of_a_state(p) and scale_of(p) > LARGE_SCALE]
    if not large:
        return
    worst = max(large, key=scale_of)
    yield Finding(
        problem="saturated-units",
        severity=severity_of(readings),
        sites=(),
        parameters=tuple(p.name for p in large),
        evidence=(
            Evidence(
                quantity=f"fan-in of {worst.name} times the mean square of its weights, at first",
                measured=scale_of(worst),
                threshold=LARGE_SCALE,
                source="1/3 as torch draws them; a state of size 1 then gives gates of size 2.4",
            ),
        ),
        cause=f"The weights of the cell are large: fan-in times the mean square of {worst.name} is "
        f"{scale_of(worst):.3g}. Its gates, which are not seen, then sit on the flat ends of their sigmoids.",
        remedies=("default-initialisation", "orthogonal-recurrence", "lower-learning-rate"),
    )


def gates_size(readings: Readings, size: float) -> float:
    """How large a cell's gates are by its input alone, of a size, where a cell comes first; else nan."""
    view = readings.opening or readings
    first = next((p for p in view.parameters.values() if len(p.shape) > 1), None)
    return size * math.sqrt(scale_of(first)) if first is not None and OF_AN_INPUT in first.name else math.nan


def _is_of_a_state(parameter: ParameterReading) -> bool:
    is_square = len(parameter.shape) == 2 and parameter.shape[0] % parameter.shape[1] == 0
    return OF_A_STATE in parameter.name and is_square
