"""What a model is made of: products with weights, activations between them; and what is known of a tensor."""

from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from relume.probe.calls import Kind
from relume.remedies.lines import Line


@dataclass(eq=False)
class Use:
    """One call of an activation."""

    name: str
    owner: str  # path of the innermost module at work that is no activation itself
    module: str | None  # path of the activation, where it is a module
    line: Line | None  # of the user's code
    is_hidden: bool = False  # a product follows: it is not the network's output
    is_gate: bool = False  # its values multiply others


@dataclass(eq=False)
class Product:
    """A layer: a product of its input with a weight of the model."""

    weight: str  # names of parameters
    bias: str | None
    owner: str  # path of the module at work
    kind: Kind
    units: int
    fan_in: int
    order: int  # in which it was computed first
    fed_by: str = ""  # the activation its input went through last; none, if a normalisation followed
    activation: Use | None = None  # the first that its output goes through
    is_normalised: bool = False  # before that activation
    factor: float = 1.0  # number that its output is multiplied by on the way there: a pitch, a temperature
    closes_branch: bool = False  # its output is added to what the branch began with
    consumers: list["Product"] = field(default_factory=list)  # those whose input is its units
    has_other_consumers: bool = False  # its units also go where they cannot be told apart
    magnitude: Tensor | None = None  # [units] mean absolute value behind its activation, over the batches


class Mark(NamedTuple):
    """What is known of a tensor."""

    product: Product | None  # the last one computed on the way to it
    units: Product | None  # whose units lie along it
    passed: tuple[Use, ...]  # activations since that product
    is_normalised: bool  # since then
    factor: float = 1.0  # since then
