"""Recurrent cells: how those of torch were drawn, whose gates are not seen; where a state sits otherwise."""

import math
from collections.abc import Iterator

from relume.catalogue import activations
from relume.diagnosis.chain import FEWEST_CALLS, Layer, flat_share, is_gated, layers_of, weights_of
from relume.diagnosis.learning import severity_of
from relume.diagnosis.weights import scale_of, sigma_w2
from relume.types import Evidence, Finding, ParameterReading, Readings

OF_A_STATE, OF_AN_INPUT = "weight_hh", "weight_ih"
# Torch draws a third, an orthogonal matrix has 1, He's initialisation 2. At 6 a state of size 1 gives gates
# of size 2.4, where a sigmoid's slope is a third of its greatest.
LARGE_SCALE = 6.0
# Of what a cell says, at any call of the first steps: of cells that learn none begins with more than 0.21.
FLAT_STATE = 0.4


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


def flat_states(readings: Readings) -> Iterator[Finding]:
    """Cells of one's own whose state has come to its flat ends after some calls, from the first steps on."""
    if readings.opening is None:
        return
    cells = [each for each in layers_of(readings.opening) if is_gated(each)]
    for cell in cells:
        call, flat = _flattest(cell)
        if len(cell.readings) < FEWEST_CALLS or flat <= FLAT_STATE:
            continue
        scale = sigma_w2(cell)
        why = (
            f"the weights are large: fan-in times their mean square is {scale:.3g}"
            if scale > LARGE_SCALE
            else "its gates let more in than they let go: look at what is added to a gate, and where"
        )
        yield Finding(
            problem="saturated-units",
            severity=severity_of(readings),
            sites=cell.sites[-1:],
            parameters=weights_of([cell]),
            evidence=(
                Evidence(
                    quantity=f"values of {cell.readings[call].site} on a flat end, in the first steps",
                    measured=flat,
                    threshold=FLAT_STATE,
                    unit="share",
                    source="calibrated: cells that learn begin below 0.21",
                ),
            ),
            cause=f"The state of the cell {cell.name} grows from call to call until it sits on its flat "
            f"ends, from the start on: {why}.",
            remedies=("default-initialisation", "orthogonal-recurrence", "lower-learning-rate"),
        )


def _flattest(cell: Layer) -> tuple[int, float]:
    """The call at which most of what is no gate is flat, and the share."""
    shares = [
        0.0 if activations[each.site.activation].range == (0.0, 1.0) else flat_share([each])
        for each in cell.readings
    ]
    call = max(range(len(shares)), key=shares.__getitem__)
    return call, shares[call]


def gates_size(readings: Readings, size: float) -> float:
    """How large a cell's gates are by its input alone, of a size, where a cell comes first; else nan."""
    view = readings.opening or readings
    first = next((p for p in view.parameters.values() if len(p.shape) > 1), None)
    return size * math.sqrt(scale_of(first)) if first is not None and OF_AN_INPUT in first.name else math.nan


def _is_of_a_state(parameter: ParameterReading) -> bool:
    is_square = len(parameter.shape) == 2 and parameter.shape[0] % parameter.shape[1] == 0
    return OF_A_STATE in parameter.name and is_square
