"""Along which axis of a tensor the units of a layer lie."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple


class Product(NamedTuple):
    """The last product with weights before a site: it says what the units are."""

    path: str  # of the module it was called in
    axis: int  # along which its output has its features or channels
    features: int


NO_PRODUCT = Product("", -1, -1)


def chosen_axis(path: str, dims: int, chosen: Mapping[str, int]) -> int | None:
    """The axis that the user chose for a path, if it fits a tensor of so many axes."""
    axes = (axis for pattern, axis in chosen.items() if fnmatchcase(path, pattern))
    return next((axis for axis in axes if -dims <= axis < dims), None)


def usual_axis(shape: Sequence[int], product: Product) -> int | None:
    """The axis on which a tensor has as many entries as the layer before has features or channels.

    Else 1 for images ([batch, channels, ...] with two or more further axes), and the last for all else. None
    where a tensor has no axes.
    """
    dims = len(shape)
    if dims == 0:
        return None
    for axis in (product.axis, -1, 1):  # -1 or 1: the network moved its channels after the product
        if -dims <= axis < dims and shape[axis] == product.features:
            return axis
    return 1 if dims >= 4 else -1
