"""Along which axis of a tensor the units of a layer lie."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple


class Product(NamedTuple):
    """The last product with weights before a site: it says what the units are."""

    path: str  # of the module it was called in
    axis: int  # along which its output has its features or channels
    features: int


NO_PRODUCT = Product("", -1, -1)


def unit_axis_of(
    path: str, shape: tuple[int, ...], product: Product, chosen: Mapping[str, int]
) -> int | None:
    """The axis chosen for a path by the user, else that of the layer before, else the usual one.

    The usual one is 1 for images ([batch, channels, ...] with two or more further axes) and the last for all
    else. None where a tensor has no axes.
    """
    if not shape:
        return None
    for pattern, axis in chosen.items():
        if fnmatchcase(path, pattern):
            return axis if -len(shape) <= axis < len(shape) else -1
    for axis in (product.axis, -1, 1):  # -1 or 1: the network moved its channels after the product
        if -len(shape) <= axis < len(shape) and shape[axis] == product.features:
            return axis
    return 1 if len(shape) >= 4 else -1
