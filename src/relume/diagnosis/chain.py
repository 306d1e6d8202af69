"""The layers of a network as rules see them: all sites that one layer with weights feeds are one."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.types import ParameterReading, Reading, Readings, Site

FEWEST_CALLS = 8  # of a layer in a recurrence: towers of twins and the two passes of a game are fewer


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with weights and the sites behind it; a cell unrolled over time is one layer."""

    name: str  # of the layer with weights; of the site, where no such layer is known
    readings: tuple[Reading, ...]
    weight: ParameterReading | None
    bias: ParameterReading | None
    gradient: float  # norm of what arrives in a step, over all units, examples and calls; nan if nothing did
    value: float  # root mean square over all of them

    @property
    def sites(self) -> tuple[Site, ...]:
        """Its sites in the order of execution."""
        return tuple(reading.site for reading in self.readings)

    @property
    def activation(self) -> Activation:
        """That of its first site."""
        return activations[self.readings[0].site.activation]

    @property
    def flat_share(self) -> float:
        """Share of values on a flat end."""
        return flat_share(self.readings)

    @property
    def silent_share(self) -> float:
        """Share of units that never fired; 0 where the activation has no region that is exactly zero."""
        units = [reading.value.fired == 0 for reading in self.readings if rectifies(reading.site)]
        return float(np.concatenate(units).mean()) if units else 0.0


def layers_of(readings: Readings) -> list[Layer]:
    """All layers in the order of execution.

    Gradients are compared as norms over all units and positions, not by value: a layer whose weights have a
    variance of gain / fan-in keeps the norm whatever its width, and so do pooling and strides.
    """
    together: dict[str, list[Reading]] = {}
    for reading in readings.values():
        fed_by = reading.site.fed_by
        # Tied only where the layer is known: calls of one function in a loop are no layer.
        name = fed_by if f"{fed_by}.weight" in readings.parameters else str(reading.site)
        together.setdefault(name, []).append(reading)
    steps = max(len(readings.steps), 1)
    return [_layer(name, found, readings, steps) for name, found in together.items()]


def hidden_layers(readings: Readings) -> list[Layer]:
    """All layers but one whose bounded activation makes the network's output."""
    layers = layers_of(readings)
    if len(layers) > 1 and is_output(readings, layers[-1]):
        return layers[:-1]
    return layers


def is_output(readings: Readings, layer: Layer) -> bool:
    """Whether a layer that ends in a bounded activation is the last one that has weights.

    What a loss makes of probabilities is steep where they are wrong and flat where they are right, by design.
    """
    if not all(is_bounded(activations[site.activation]) for site in layer.sites):
        return False
    matrices = [name for name, parameter in readings.parameters.items() if len(parameter.shape) > 1]
    return not matrices or matrices[-1] == f"{layer.name}.weight"


def unrolled(layers: Iterable[Layer]) -> list[Layer]:
    """Layers that a network uses over and over with one activation: a recurrence, unrolled over time.

    Not cells with gates: what those forget, they are made to forget.
    """
    return [
        layer
        for layer in layers
        if len(layer.readings) >= FEWEST_CALLS and len({site.activation for site in layer.sites}) == 1
    ]


def is_gated(layer: Layer) -> bool:
    """Whether a layer of several bounded activations, a sigmoid among them, is a cell with gates."""
    activation_of = {site.activation: activations[site.activation] for site in layer.sites}
    return len(activation_of) > 1 and any(each.range == (0.0, 1.0) for each in activation_of.values())


def gradients_by_call(layer: Layer) -> list[float]:
    """The gradient's root mean square at each call, the first one first; nan where none arrived."""
    return [reading.gradient.root_mean_square for reading in layer.readings]


def is_bounded(activation: Activation) -> bool:
    """Whether it saturates at both ends, as sigmoid does; ReLU6 rather is a rectifier."""
    bounded = activation.flat_ends == "both" and all(map(math.isfinite, activation.range))
    return bounded and not (activation.zero_region and activation.zero_region[1] >= 0)


def rectifies(site: Site) -> bool:
    """Whether a site's activation is exactly 0 for all that is negative."""
    zero_region = activations[site.activation].zero_region
    return zero_region is not None and zero_region[1] >= 0


def scales(readings: Readings) -> list[ParameterReading]:
    """The parameters that scale units one by one, as batch and layer normalisation do; PReLU's slopes not."""
    own = {site.path for site in readings.sites}
    vectors = (p for p in readings.parameters.values() if len(p.shape) == 1 and p.name.endswith(".weight"))
    return [each for each in vectors if each.name.removesuffix(".weight") not in own]


def has_normalisation(readings: Readings) -> bool:
    """Whether a parameter scales units one by one."""
    return bool(scales(readings))


def examples_of(readings: Readings) -> int:
    """How many examples went through; those of the busiest site, where no steps were counted."""
    if counted := int(readings.steps.examples.sum()):
        return counted
    return max((reading.examples for reading in readings.values()), default=0)


def sites_of(layers: Sequence[Layer]) -> tuple[Site, ...]:
    """The sites of some layers."""
    return tuple(site for layer in layers for site in layer.sites)


def weights_of(layers: Sequence[Layer]) -> tuple[str, ...]:
    """The names of the weights of some layers."""
    return tuple(layer.weight.name for layer in layers if layer.weight)


def _layer(name: str, found: list[Reading], readings: Readings, steps: int) -> Layer:
    gradients = [reading.gradient for reading in found if reading.gradient.count.any()]
    squares = sum(float(gradient.sum_of_squares.sum()) for gradient in gradients)
    count = sum(int(reading.value.count.sum()) for reading in found)
    values = sum(float(reading.value.sum_of_squares.sum()) for reading in found)
    return Layer(
        name=name,
        readings=tuple(found),
        weight=readings.parameters.get(f"{name}.weight"),
        bias=readings.parameters.get(f"{name}.bias"),
        gradient=math.sqrt(squares / steps) if gradients else math.nan,
        value=math.sqrt(values / count) if count else math.nan,
    )


def flat_share(readings: Iterable[Reading]) -> float:
    """Share of values on a flat end, over some sites or calls of one."""
    counts = [(int(each.value.flat.sum()), int(each.value.count.sum())) for each in readings]
    return sum(flat for flat, _ in counts) / max(sum(count for _, count in counts), 1)
