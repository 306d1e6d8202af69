"""What a layer's own weights do to a signal and to its gradient, by the theory of wide random networks."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from relume.catalogue import activations
from relume.diagnosis.chain import Layer
from relume.theory.moments import mean_square, mean_square_slope
from relume.types import ParameterReading, PerUnit

SMALLEST, LARGEST = 1e-6, 1e6  # variances beyond these are looked at as these


def sigma_w2(layer: Layer) -> float:
    """Fan-in times the mean square of the weights; nan where they are not known."""
    return math.nan if layer.weight is None else scale_of(layer.weight)


def scale_of(weight: ParameterReading) -> float:
    """The same of one parameter; nan where it is no matrix, or was not measured."""
    if len(weight.shape) < 2 or not weight.measured:
        return math.nan
    return weight.size / weight.shape[0] * _mean_square_of(weight)


def slope(layer: Layer, before: float) -> float:
    """E[f'(z)^2] for the variance z has behind the weights, if `before` is the rms of what goes in."""
    return _slope(layer.activation.name, _length(layer, before))


def chi(layer: Layer, before: float) -> float:
    """By how much the layer multiplies the mean square gradient: sigma_w^2 E[f'(z)^2]."""
    return sigma_w2(layer) * slope(layer, before)


def growth(layer: Layer) -> float:
    """By how much the layer multiplies the mean square of a signal of unit scale: sigma_w^2 E[f(z)^2]."""
    return sigma_w2(layer) * _square(layer.activation.name)


def inputs_of(layers: Sequence[Layer], given: float) -> list[float]:
    """The rms of what goes into each layer: what the one before put out; the first is `given`."""
    return [given, *(layer.value for layer in layers[:-1])]


def median(values: Sequence[float]) -> float:
    """The median of those that are known; nan if none is."""
    known: PerUnit = np.array([value for value in values if math.isfinite(value)])
    return float(np.median(known)) if known.size else math.nan


def _mean_square_of(parameter: ParameterReading) -> float:
    return parameter.weight / (parameter.measured * max(parameter.size, 1))


def _length(layer: Layer, before: float) -> float:
    bias = _mean_square_of(layer.bias) if layer.bias and layer.bias.measured else 0.0
    length = sigma_w2(layer) * before**2 + bias
    return min(max(length, SMALLEST), LARGEST) if math.isfinite(length) else 1.0


def _slope(name: str, length: float) -> float:
    return _slope_at(name, round(4 * math.log(length)))  # on a grid of 28 %: a median is as good for it


@cache
def _slope_at(name: str, quarter_logs: int) -> float:
    return mean_square_slope(activations[name], math.exp(quarter_logs / 4)).value


@cache
def _square(name: str) -> float:
    return mean_square(activations[name], 1.0).value
