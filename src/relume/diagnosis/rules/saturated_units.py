"""Units of a bounded activation that sit on its flat ends, where they pass no gradient."""

from collections import Counter
from collections.abc import Iterator, Sequence

from relume.catalogue import activations
from relume.diagnosis.causes import MOSTLY_FLAT, Cause, why_it_saturates
from relume.diagnosis.cells import FLAT_STATE, LARGE_SCALE, flat_states, shut_cells
from relume.diagnosis.chain import (
    Layer,
    has_normalisation,
    hidden_layers,
    is_bounded,
    layers_of,
    sites_of,
    weights_of,
)
from relume.diagnosis.learning import loss_falls, severity_of
from relume.diagnosis.losses import HALVED, course, has_curve, is_idle, levels, stood_still
from relume.diagnosis.rule import Rule
from relume.diagnosis.weights import median, sigma_w2
from relume.types import Evidence, Finding, Reading, Readings, Severity

# On so many fixed examples Glorot & Bengio (2010) measured saturation.
EXAMPLES = 300
# Nineteen of twenty values pass less than a twentieth of the gradient: what learns there is another path.
EXTREME_SHARE = 0.95
SHUT = 0.05  # root mean square of a gate: a twentieth of what it multiplies gets through
DRAWN_SHUT = 100.0  # fan-in times the mean square of a gate's weights: 300 times what torch draws
# Of the values of all bounded layers, gates or not: of trainings that work none has more than two thirds so.
FLAT_THROUGHOUT = 0.75
FLAT_AND_LEARNING = 0.55  # of a layer's values, where the loss falls at once: no more than worth knowing
# Of an output's values in the first steps: later, sure answers are what it is there for. Trainings that work
# have 0.65 at most.
BORN_FLAT = 0.8


def find(readings: Readings) -> Iterator[Finding]:
    """One finding for layers, one for what is worth knowing: gates, and saturation that harms nothing."""
    main = _main_activations(readings)
    layers = [layer for layer in _looked_at(readings) if _is_saturated(layer)]
    gates = [layer for layer in layers if not main & {site.activation for site in layer.sites}]
    is_throughout = median(_flat_shares(readings)) > FLAT_THROUGHOUT
    gates = [
        layer
        for layer in gates
        if not (is_throughout or _is_drawn_shut(readings, layer) or _holds_all_up(readings, layer))
    ]
    rest = [layer for layer in layers if layer not in gates]
    # Normalisation keeps the signal at scale around such units: tanh within GELU is flat for half its inputs.
    is_extreme = rest and median([layer.flat_share for layer in rest]) > EXTREME_SHARE
    if has_normalisation(readings) and loss_falls(readings) and not is_extreme:
        gates, rest = layers, []
    if rest:
        flat = median([layer.flat_share for layer in rest])
        severity = severity_of(readings, is_extreme=flat > EXTREME_SHARE)
        cause = why_it_saturates(readings, rest, flat)
        # Steep by design, as of spikes, where nothing accounts for it and the loss is well on its way.
        is_by_design = (
            len(cause.evidence) == 1 and _are_steps(rest) and not is_throughout and _learns(readings)
        )
        is_harmless = flat < FLAT_AND_LEARNING and _learns(readings)
        yield _finding(rest, "info" if is_by_design or is_harmless else severity, cause)
    if gates:
        yield _finding(gates, "info", _by_design(gates))
    yield from shut_cells(readings)
    if not rest:
        yield from flat_states(readings)
    output = _stuck_output(readings)
    if output is not None and not rest:
        yield _finding([output], severity_of(readings), _out_of_reach(readings, output))


def _learns(readings: Readings) -> bool:
    return course(readings) == "falls" and not stood_still(readings.steps)


def _flat_shares(readings: Readings) -> list[float]:
    layers = hidden_layers(readings)
    return [each.flat_share for each in layers if is_bounded(each.activation)]


def _are_steps(layers: Sequence[Layer]) -> bool:
    return all(layer.activation.range == (0.0, 1.0) for layer in layers)


def _stuck_output(readings: Readings) -> Layer | None:
    """The output, if it has come to its flat ends and the loss is still more than half of what it was.

    Sure answers sit there too, but a loss that likes them is small. Half of its values will do where the loss
    does not fall at all.
    """
    if readings.closing is None or not has_curve(readings.steps):
        return None
    layers = layers_of(readings.closing)
    start, end = levels(readings.steps)
    is_apart = len(layers) > len(hidden_layers(readings.closing))
    least = _least_of_output(readings)
    if not is_apart or not layers[-1].flat_share > least or not end > HALVED * abs(start):
        return None
    return layers[-1] if all(each.examples >= EXAMPLES for each in layers[-1].readings) else None


def _least_of_output(readings: Readings) -> float:
    return MOSTLY_FLAT if is_idle(readings) else EXTREME_SHARE


def _out_of_reach(readings: Readings, output: Layer) -> Cause:
    low, high = output.activation.range
    start, end = levels(readings.steps)
    share = Evidence(
        quantity="values of the output on a flat end, in the last steps",
        measured=output.flat_share,
        threshold=_least_of_output(readings),
        unit="share",
        source="slope below 0.05: a twentieth of the gradient passes",
    )
    said = (
        f"The output is {output.activation.name}, between {low:g} and {high:g}, and training has driven "
        f"{output.flat_share:.0%} of it to its ends, while the loss goes from {start:.3g} to {end:.3g} only: "
        "targets out of its range cannot be reached. Take the activation away, or scale the targets."
    )
    return Cause(said, (share,), ("linear-output", "lower-learning-rate", "insert-normalisation"))


def _looked_at(readings: Readings) -> list[Layer]:
    """The hidden layers; and the output, if it was on its flat ends before anything was learnt."""
    layers, hidden = layers_of(readings), hidden_layers(readings)
    if len(hidden) == len(layers) or readings.opening is None:
        return hidden
    opening = next((each for each in layers_of(readings.opening) if each.name == layers[-1].name), None)
    return layers if opening is not None and opening.flat_share >= BORN_FLAT else hidden


def _is_saturated(layer: Layer) -> bool:
    readings: Sequence[Reading] = layer.readings
    bounded = all(is_bounded(activations[reading.site.activation]) for reading in readings)
    enough = all(reading.examples >= EXAMPLES for reading in readings)
    return bounded and enough and layer.flat_share >= MOSTLY_FLAT


def _main_activations(readings: Readings) -> set[str]:
    """What makes the network nonlinear: of each layer the last activation, if most layers end in it.

    A gate multiplies others by a share, from 0 to 1, and stands among activations that are not bounded; or
    beside another bounded one behind the same layer or in the same module, as in a cell.
    """
    by_module: dict[str, set[str]] = {}
    for site in readings.sites:
        by_module.setdefault(site.path, set()).add(site.activation)
    mixed = {name for names in by_module.values() if len(names) > 1 for name in names}
    count = Counter(site.activation for site in readings.sites)
    half = count.total() / 2
    shut = {r.site.activation for r in readings.values() if r.value.root_mean_square < SHUT}
    return {
        name
        for name, number in count.items()
        if name not in mixed
        and (number > half or (number == half and name in shut) or activations[name].range != (0.0, 1.0))
    }


def _is_drawn_shut(readings: Readings, layer: Layer) -> bool:
    """Whether a gate's weights were so large from the start that it can but be open or shut."""
    first = {each.name: each for each in layers_of(readings.opening)} if readings.opening else {}
    return sigma_w2(first.get(layer.name, layer)) > DRAWN_SHUT


def _holds_all_up(readings: Readings, layer: Layer) -> bool:
    """Whether a gate is open or shut throughout, and nothing is learnt: no training that works has both."""
    return layer.flat_share > EXTREME_SHARE and is_idle(readings)


def _by_design(layers: Sequence[Layer]) -> Cause:
    flat = median([layer.flat_share for layer in layers])
    share = Evidence(
        quantity="values on a flat end",
        measured=flat,
        threshold=MOSTLY_FLAT,
        unit="share",
        source="slope below 0.05, a twentieth of the gradient; 'most' is half of the values",
    )
    said = (
        f"{flat:.0%} of the values of {layers[0].activation.name} are on its flat ends, but the signal has "
        "other ways: a gate that is open or shut, or normalised layers while the loss falls."
    )
    return Cause(said, (share,), ())


def _finding(layers: Sequence[Layer], severity: Severity, cause: Cause) -> Finding:
    return Finding(
        problem="saturated-units",
        severity=severity,
        sites=sites_of(layers),
        parameters=weights_of(layers),
        evidence=cause.evidence,
        cause=cause.said,
        remedies=cause.remedies,
    )


saturated_units = Rule(
    name="saturated-units",
    find=find,
    meaning="most units of a bounded activation sit on its flat ends",
    formula="share of a layer's values where the slope of a bounded activation is below 0.05: at least "
    f"{MOSTLY_FLAT:g}; gates and the network's output excepted, but not gates whose weights' fan-in times "
    f"mean square is above {DRAWN_SHUT:g}; of torch's recurrent cells, that of the state's weights: above "
    f"{LARGE_SCALE:g}; of what a cell of one's own says at any call of the first steps: {FLAT_STATE:g}",
    needs_examples=EXAMPLES,
    citation="Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural "
    "networks, section 3",
)
