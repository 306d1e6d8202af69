"""Readings made by hand: what a watch would have seen of networks that nobody has to train."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from tests.diagnosis.parts import EXAMPLES, STEPS, UNITS, Share, parameter, reading, sums

from relume.types import ParameterReading, Reading, Readings, Steps

FALLING = tuple(2.3 * 0.9**step for step in range(STEPS))
LEVEL = tuple(2.3 + 0.001 * (-1) ** step for step in range(STEPS))


def steps(losses: Sequence[float] = FALLING, *, examples: int = EXAMPLES, rate: float = 1e-3) -> Steps:
    """An entry a loss; the examples are spread over them."""
    number = len(losses)
    return Steps(
        numbers=np.arange(number, dtype=np.int64),
        seconds=np.full(number, 0.01),
        examples=np.full(number, examples // max(number, 1), dtype=np.int64),
        losses=np.array(losses, dtype=np.float64),
        learning_rates=np.full(number, rate),
    )


def network(
    sites: Sequence[Reading],
    parameters: Sequence[ParameterReading] = (),
    *,
    losses: Sequence[float] = FALLING,
    input_rms: float | None = 1.0,
    input_mean: float = 0.0,
    examples: int = EXAMPLES,
) -> Readings:
    """All sites and parameters of a run, in the order given."""
    given = reading(
        "(input)", "(input)", rms=input_rms or 0.0, mean=input_mean, gradient=None, examples=examples
    )
    return Readings(
        readings={str(each.site): each for each in sites},
        parameters={each.name: each for each in parameters},
        steps=steps(losses, examples=examples),
        input=given if input_rms is not None else None,
    )


def weights(layer: str, *, sigma_w2: float, of: Mapping[str, float] | None = None) -> list[ParameterReading]:
    """A layer's weights, whose mean square times the fan-in is `sigma_w2`, and its bias."""
    rms = math.sqrt(sigma_w2 / UNITS)
    return [
        parameter(f"{layer}.weight", rms=rms, **(of or {})),  # type: ignore[arg-type]
        parameter(f"{layer}.bias", (UNITS,), rms=0.01, **(of or {})),  # type: ignore[arg-type]
    ]


def chain(  # noqa: PLR0913 - each a number of the record
    activation: str = "relu",
    *,
    gradients: Sequence[float | None],
    values: Sequence[float] | None = None,
    sigma_w2: float = 2.0,
    flat: Share = 0.0,
    dead: Mapping[int, int] | None = None,
    updates: Sequence[float] | None = None,
    losses: Sequence[float] = FALLING,
    input_rms: float | None = 1.0,
    examples: int = EXAMPLES,
    unused: int = 0,
) -> Readings:
    """A multi-layer perceptron as nn.Sequential would name it: a layer, its site, ..., a head.

    `gradients` and `values` are rms by site, first to last; `dead` counts units by the number of the site;
    `unused` layers at the input side have no gradient at all though they could learn.
    """
    depth = len(gradients)
    sites, parameters = [], []
    for place, gradient in enumerate(gradients):
        layer = str(2 * place)
        sites.append(
            reading(
                str(2 * place + 1),
                activation,
                rms=1.0 if values is None else values[place],
                gradient=gradient,
                fed_by=layer,
                flat=flat,
                dead=(dead or {}).get(place, 0),
                examples=examples,
            )
        )
        of = {"gradient": gradient or 0.0, "update_ratio": 1e-3 if updates is None else updates[place]}
        if place < unused:
            of = {"measured": 0, "unused": STEPS}
        parameters += weights(layer, sigma_w2=sigma_w2, of=of)
    parameters += weights(str(2 * depth), sigma_w2=1.0)
    return network(sites, parameters, losses=losses, input_rms=input_rms, examples=examples)


def _residual() -> Readings:
    """A ResNet whose branches begin at 0: the gradient within them is a thousandth of that around them."""
    sites = [reading("act", fed_by="stem", gradient=1e-3)]
    parameters = [parameter("stem.weight", gradient=0.5), parameter("norm.weight", (UNITS,), rms=1.0)]
    for block in range(8):
        inner, outer = f"{block}.conv1", f"{block}.conv2"
        sites += [
            reading(f"{block}.act1", fed_by=inner, gradient=1e-6),
            reading(f"{block}.act2", fed_by=outer, gradient=1e-3, fired=0.98),
        ]
        parameters += [parameter(f"{name}.weight", gradient=1e-2) for name in (inner, outer)]
    return network(sites, [*parameters, parameter("head.weight")])


def _layer_scaled() -> Readings:
    """Residual branches scaled by 1e-6, as in ConvNeXt, before a head that has an activation."""
    sites = [reading(f"{b}.act", "gelu", fed_by=f"{b}.up", gradient=1e-9) for b in range(6)]
    parameters = [parameter("stem.weight", gradient=0.3), parameter("norm.weight", (UNITS,), rms=1.0)]
    parameters += [parameter(f"{b}.up.weight", gradient=1e-8) for b in range(6)]
    sites.append(reading("head.act", "tanh", fed_by="head.fc", gradient=1e-3))
    return network(sites, [*parameters, parameter("head.fc.weight"), parameter("head.out.weight")])


def _gated() -> Readings:
    """Squeeze and excitation: gates that are nearly always open, among living SiLUs."""
    sites, parameters = [], [parameter("norm.weight", (UNITS,), rms=1.0)]
    for block in range(6):
        conv, gate = f"{block}.conv", f"{block}.gate"
        sites += [
            reading(f"{block}.act", "silu", fed_by=conv, positions=9),
            reading(f"{block}.se", "sigmoid", fed_by=gate, gradient=1e-6, flat=0.95, rms=0.97),
        ]
        parameters += [parameter(f"{name}.weight") for name in (conv, gate)]
    return network(sites, [*parameters, parameter("head.weight")])


def _recurrent() -> Readings:
    """A cell written by hand, unrolled: what arrives at its first steps is little, its weights are shared."""
    sites = []
    for step in range(12):
        names = ("sigmoid", "sigmoid", "sigmoid", "tanh")
        sites += [
            reading(
                "cell",
                name,
                fed_by="cell.product",
                call_index=4 * step + place,
                gradient=1e-3 * 0.4 ** (11 - step),
                flat=0.6 if name == "sigmoid" else 0.2,
            )
            for place, name in enumerate(names)
        ]
    return network(sites, [parameter("cell.product.weight"), parameter("head.weight")])


def _with_output_sigmoid() -> Readings:
    """A classifier that is sure: its output's sigmoid is flat, and the loss by it is steep."""
    sites = [reading(str(2 * place + 1), fed_by=str(2 * place), gradient=1e-3) for place in range(3)]
    sites.append(reading("7", "sigmoid", fed_by="6", gradient=20.0, flat=0.97, units=UNITS))
    return network(sites, [parameter(f"{2 * place}.weight") for place in range(4)])


def _with_unused_pooler() -> Readings:
    """A network without the head that its last layer is made for."""
    sites = [reading(f"{b}.act", "gelu", fed_by=f"{b}.up") for b in range(3)]
    sites.append(reading("pooler", "tanh", fed_by="pooler.dense", gradient=None))
    parameters = [parameter(f"{b}.up.weight") for b in range(3)]
    return network(sites, [*parameters, parameter("pooler.dense.weight", measured=0, unused=STEPS)])


def _frozen_trunk() -> Readings:
    """A trunk whose parameters need no gradient, and a head that learns."""
    sites = [reading(f"trunk.{b}.act", fed_by=f"trunk.{b}.conv", gradient=None) for b in range(4)]
    sites.append(reading("head.act", fed_by="head.0"))
    parameters = [parameter(f"trunk.{b}.conv.weight", measured=0) for b in range(4)]
    return network(sites, [*parameters, parameter("head.0.weight"), parameter("head.2.weight")])


def _sparse() -> Readings:
    """90 % zeros, and every unit fires now and then."""
    healthy = chain(gradients=[1e-3] * 6)
    sites = [replace(each, value=sums(rms=1.0, zeros=0.9, fired=0.1, mean=0.3)) for each in healthy.values()]
    return replace(healthy, readings={str(each.site): each for each in sites})


HEALTHY: dict[str, Readings] = {
    "perceptron": chain(gradients=[1e-3] * 6),
    "twenty layers of tanh by Xavier's rule": chain(
        "tanh", gradients=[1e-3 * 0.92 ** (19 - i) for i in range(20)], sigma_w2=1.0, values=[0.5] * 20
    ),
    "residual branches that begin at 0": _residual(),
    "scaled residual branches": _layer_scaled(),
    "gates": _gated(),
    "a cell written by hand": _recurrent(),
    "an output sigmoid": _with_output_sigmoid(),
    "a pooler that no loss uses": _with_unused_pooler(),
    "a frozen trunk": _frozen_trunk(),
    "a sparse code": _sparse(),
    "relu6": chain("relu6", gradients=[1e-3] * 6, flat=0.55),
    "no sites": network([], [parameter("weight")]),
    "no loss told": chain(gradients=[1e-3] * 6, losses=[math.nan] * STEPS),
    "no parameters seen": replace(chain(gradients=[1e-3] * 6), parameters={}),
}
