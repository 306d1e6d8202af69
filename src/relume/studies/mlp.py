"""The network of the embedded study: a plain multilayer perceptron."""

import re
from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from relume.catalogue.activation import Activation
from relume.errors import PlanError


@dataclass(frozen=True, slots=True)
class MLP:
    """`depth` hidden layers of `width` units, each followed by the activation, and a linear read-out.

    Examples
    --------
    >>> MLP(depth=10, width=64).name
    'mlp 10x64'
    """

    depth: int
    width: int

    def __post_init__(self) -> None:
        if self.depth < 1 or self.width < 1:
            raise PlanError(f"an MLP needs a depth and a width of at least 1: got {self.depth}x{self.width}.")

    @property
    def name(self) -> str:
        """As it stands in a `Setting`."""
        return f"mlp {self.depth}x{self.width}"

    @classmethod
    def from_name(cls, name: str) -> "MLP | None":
        """The MLP of this name, or None where the name is a user's network."""
        match = re.fullmatch(r"mlp (\d+)x(\d+)", name)
        return cls(int(match[1]), int(match[2])) if match else None

    def build(self, activation: Activation, *, inputs: int, classes: int) -> nn.Sequential:
        """[batch, ...] -> [batch, classes]; weights are left for `initialise` to draw."""
        if activation.form != "elementwise" or activation.parameters:
            raise PlanError(
                f"{activation.name} changes the number of units or learns parameters: the built-in MLP takes "
                "fixed elementwise activations. Give a build function of your own."
            )
        widths = [inputs, *[self.width] * self.depth]
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out in pairwise(widths):
            layers += [undrawn(fan_in, fan_out), activation.module()]
        return nn.Sequential(*layers, undrawn(self.width, classes))


def undrawn(fan_in: int, fan_out: int) -> nn.Linear:
    """A linear layer whose weights are not drawn: torch's own draw would touch the global random state."""
    return nn.Linear(fan_in, fan_out, device="meta").to_empty(device="cpu")
