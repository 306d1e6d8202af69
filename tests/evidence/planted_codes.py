"""Data and networks whose codes are known: named as a user names his own, `module:function`.

Their front has no parameters, so training cannot change the codes: only the read-out learns.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from relume.catalogue.activation import Activation

HERE = "tests.evidence.planted_codes"
PIXELS, EXAMPLES = 64, 600
DATA = f"{HERE}:pictures"


class Front(nn.Module):
    """A fixed function of the flat input."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x.flatten(1))


def pictures() -> tuple[Tensor, Tensor]:
    """Black pictures with 2 to 30 white pixels; the class says which half has more of them.

    Standardised, white is about 1.5 or more and black about -0.6.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.zeros(EXAMPLES, PIXELS)
    for row in range(EXAMPLES):
        white = int(torch.randint(2, 31, (), generator=generator))
        x[row, torch.randperm(PIXELS, generator=generator)[:white]] = 1.0
    left, right = x[:, : PIXELS // 2].sum(1), x[:, PIXELS // 2 :].sum(1)
    return x, (left > right).long()


def signs() -> tuple[Tensor, Tensor]:
    """Normal values; the class says whether the first is far from 0, on whichever side."""
    x = torch.randn(EXAMPLES, 4, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0].abs() > 0.67).long()


def one_unit_a_pixel(activation: Activation) -> nn.Module:
    """A unit is active where its pixel is white: as many as there are white pixels, and few."""
    return _with_front(lambda x: x - 0.5, activation, PIXELS)


def at_the_edge(activation: Activation) -> nn.Module:
    """Units whose threshold is the darkest value of the example: any noise turns those of black pixels on."""
    return _with_front(lambda x: x - x.min(dim=1, keepdim=True).values, activation, PIXELS)


def always_on(activation: Activation) -> nn.Module:
    """Units that are active for every example."""
    return _with_front(lambda x: x + 10.0, activation, PIXELS)


def one_of_each_pair(activation: Activation) -> nn.Module:
    """A unit for a pixel and one for its negative: exactly half of them are active, whatever is shown."""
    return _with_front(lambda x: torch.cat([x, -x], 1), activation, 2 * PIXELS)


def both_signs(activation: Activation) -> nn.Module:
    """f(x) and f(-x): for ReLU their sum is |x|; for an odd function they are one value twice."""
    return _with_front(lambda x: torch.cat([x, -x], 1), activation, 8, classes=2)


def only_below(activation: Activation) -> nn.Module:
    """f(-|x|): nothing is left of it by ReLU."""
    return _with_front(lambda x: -x.abs(), activation, 4, classes=2)


def _with_front(
    function: Callable[[Tensor], Tensor], activation: Activation, units: int, *, classes: int = 2
) -> nn.Module:
    return nn.Sequential(Front(function), activation.module(), nn.Linear(units, classes))
