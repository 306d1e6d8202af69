"""Rectifier units that never fire: they pass no signal and get no gradient, so they cannot come back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from relume.catalogue import activations
from relume.diagnosis.collapse import driven_silent
from relume.diagnosis.death import Death
from relume.diagnosis.deaths import death_of, hears_nothing
from relume.diagnosis.feeding import (
    after,
    before,
    feeding_weight,
    has_no_gradient,
    is_constant,
    rectifiers,
)
from relume.diagnosis.losses import course, stood_still
from relume.diagnosis.rule import Rule
from relume.diagnosis.silence import LAYER_EXAMPLES, NEARLY_ALL, UNIT_EXAMPLES, Silence, silence
from relume.types import Evidence, Finding, Reading, Readings

# With 25 % of its units dead a network lost accuracy on new tasks (Dohare et al. 2024, online MNIST).
TOLERATED = 0.25
# Working pretrained networks have layers where 10 to 16 % of the units never fire on a clip.
WORTH_NOTING = 0.1
# A code so sparse is common in networks that work: 97 % zeros in T5 (Li et al. 2023).
SPARSE = 0.9
MOSTLY = 0.75  # of a layer's units: with a bias that explains them, fewer examples will do
# And where the loss stands still: of trainings that work and stand still at first none has 0.3 of a layer so.
HALF = 0.5

NOT_FALLING = ("flat", "grows", "not finite")

DOHARE = "25 % dead units cost accuracy on new tasks (Dohare et al. 2024)"
E_CUBED = "a unit that fires on 1 example in 1000 is missed by 3000 with probability e^-3"
E_CUBED_LAYER = "a layer that 1 example in 100 passes is missed by 300 with probability e^-3"


@dataclass(frozen=True, slots=True)
class _Layer:
    reading: Reading
    silence: Silence

    @property
    def dead(self) -> float:
        """Share of its units."""
        return self.silence.share

    @property
    def is_whole(self) -> bool:
        return self.dead >= NEARLY_ALL


def find(readings: Readings) -> Iterator[Finding]:
    """One finding a cause; and what is worth knowing of layers that are no fault."""
    seen = [each for each in rectifiers(readings) if each.examples >= LAYER_EXAMPLES]
    layers = [_Layer(each, silence(readings, each)) for each in seen if each.value.units]
    faults = [layer for layer in layers if _is_fault(readings, layer)]
    yield from (_fault(readings, death, group) for death, group in _by_cause(readings, faults))
    if not faults:
        yield from driven_silent(readings)
    rest = [layer for layer in layers if not any(layer is fault for fault in faults)]
    silent = [layer for layer in rest if layer.dead > WORTH_NOTING]
    if silent:
        yield _noted(silent)
    sparse = [
        layer for layer in rest if layer.dead <= WORTH_NOTING and layer.reading.value.zero_fraction >= SPARSE
    ]
    if sparse:
        yield _sparse_code(sparse)


def _is_fault(readings: Readings, layer: _Layer) -> bool:
    if layer.dead <= TOLERATED:
        return False
    if before(readings, layer.reading) is None and hears_nothing(readings, layer.reading):
        return True
    is_by_design = _feeds_gate(readings, layer.reading) or _is_fixed(readings, layer.reading)
    if layer.silence.examples >= UNIT_EXAMPLES and not is_by_design:
        return True
    if layer.dead > HALF and stood_still(readings.steps) and not _feeds_gate(readings, layer.reading):
        return True
    if layer.dead > MOSTLY and death_of(readings, layer.reading).kind == "bias":
        return True
    return _learning_stops(readings, layer)


def _is_fixed(readings: Readings, reading: Reading) -> bool:
    """Whether the layer is frozen while the loss falls: chosen features, of which some never occur."""
    weight = feeding_weight(readings, reading)
    is_frozen = weight is not None and not weight.measured and not weight.unused
    return is_frozen and course(readings) == "falls"


def _feeds_gate(readings: Readings, reading: Reading) -> bool:
    """Whether a gate comes next, as in squeeze and excitation: what is pooled over an image hardly varies.

    There units are on for all examples or for none, by design; a sigmoid at the end is an output instead.
    """
    gate = after(readings, reading)
    if gate is None or after(readings, gate) is None:
        return False
    return activations[gate.site.activation].range == (0.0, 1.0)


def _by_cause(readings: Readings, faults: Sequence[_Layer]) -> Iterable[tuple[Death, list[_Layer]]]:
    """The layers that died of the same; what is dead because it hears nothing goes with the one before."""
    groups: dict[str, tuple[Death, list[_Layer]]] = {}
    death, whole = None, set[str]()
    for layer in faults:
        if death is None or not _hears_nothing(readings, layer, whole):
            death = death_of(readings, layer.reading)
        elif not layer.is_whole:
            continue  # of constants half the units make 0 and half do not: that says nothing
        groups.setdefault(death.kind, (death, []))[1].append(layer)
        if layer.is_whole:
            whole.add(str(layer.reading.site))
    return groups.values()


def _hears_nothing(readings: Readings, layer: _Layer, dead: set[str]) -> bool:
    source = before(readings, layer.reading)
    if source is None or source is readings.input or not dead:
        return False
    return str(source.site) in dead or is_constant(source.value)


def _learning_stops(readings: Readings, layer: _Layer) -> bool:
    """Whether nothing goes on through a dead layer; a gate or a branch beside others does not stop it."""
    if not layer.is_whole:
        return False
    if layer.silence.began and course(readings) in NOT_FALLING:
        return True
    last = readings.closing if layer.silence.began and readings.closing is not None else readings
    sites = list(last.values())
    reading = last[str(layer.reading.site)]
    place = [str(each.site) for each in sites].index(str(reading.site))
    ahead = [each for each in sites[:place] if each.gradient.count.any()]
    if ahead:
        return all(has_no_gradient(each) for each in ahead)
    behind = after(last, reading)
    return behind is None or is_constant(behind.value)


def _is_error(readings: Readings, layer: _Layer) -> bool:
    if _learning_stops(readings, layer):
        return True
    return layer.is_whole and course(readings) in NOT_FALLING


def _fault(readings: Readings, death: Death, layers: list[_Layer]) -> Finding:
    is_error = any(_is_error(readings, layer) for layer in layers)
    worst = max(layers, key=lambda layer: layer.dead)
    examples = min(layer.silence.examples for layer in layers)
    needed = UNIT_EXAMPLES if examples >= UNIT_EXAMPLES else LAYER_EXAMPLES
    return Finding(
        problem="dead-units",
        severity="error" if is_error else "warning",
        sites=tuple(layer.reading.site for layer in layers),
        parameters=death.parameters,
        evidence=(
            _share(worst, TOLERATED, DOHARE),
            Evidence(
                quantity="examples seen",
                measured=examples,
                threshold=needed,
                unit="examples",
                source=E_CUBED if needed == UNIT_EXAMPLES else E_CUBED_LAYER,
            ),
            *death.evidence,
        ),
        cause=death.cause,
        remedies=death.remedies,
    )


def _noted(layers: list[_Layer]) -> Finding:
    examples = min(layer.silence.examples for layer in layers)
    cause = (
        "Some units never fire. Networks that work well have as many: not a fault."
        if examples >= UNIT_EXAMPLES
        else f"Some units fired on none of {examples} examples, which are too few to call them dead."
    )
    worst = max(layers, key=lambda layer: layer.dead)
    return Finding(
        problem="dead-units",
        severity="info",
        sites=tuple(layer.reading.site for layer in layers),
        evidence=(
            _share(worst, TOLERATED, DOHARE),
            Evidence(
                quantity="examples seen",
                measured=examples,
                threshold=UNIT_EXAMPLES,
                unit="examples",
                source=E_CUBED,
            ),
        ),
        cause=cause,
        remedies=(),
    )


def _sparse_code(layers: list[_Layer]) -> Finding:
    worst = max(layers, key=lambda layer: layer.reading.value.zero_fraction)
    return Finding(
        problem="dead-units",
        severity="info",
        sites=tuple(layer.reading.site for layer in layers),
        evidence=(
            Evidence(
                quantity=f"share of zeros at {worst.reading.site}",
                measured=worst.reading.value.zero_fraction,
                threshold=SPARSE,
                source="97 % zeros in a trained T5 (Li et al. 2023)",
            ),
            _share(worst, TOLERATED, DOHARE),
        ),
        cause="Few units fire at a time, but nearly all fire for some example: a sparse code, not a fault.",
        remedies=(),
    )


def _share(layer: _Layer, threshold: float, source: str) -> Evidence:
    return Evidence(
        quantity=f"share of the units of {layer.reading.site} that never fire",
        measured=layer.dead,
        threshold=threshold,
        source=source,
    )


dead_units = Rule(
    name="dead-units",
    find=find,
    meaning="rectifier units that fire on no example seen over the window",
    formula=(
        "share of a layer's units whose every value is 0: above 0.25 over at least 3000 examples, or "
        "over at least 300 above 0.95 where no gradient passes the layer, above 0.75 where a bias holds "
        "them below 0, or above 0.5 where the loss stands still; "
        "or a layer whose root mean square falls to 0.1 of what it was at the start"
    ),
    needs_examples=LAYER_EXAMPLES,
    citation=(
        "Lu, Shin, Su & Karniadakis (2020), Dying ReLU and initialization; "
        "Dohare et al. (2024), Loss of plasticity in deep continual learning"
    ),
)
