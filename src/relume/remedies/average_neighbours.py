"""Sums over the neighbours in a graph become means."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.within import Keeping, kept
from relume.trial import Patient
from relume.types import Finding

PRODUCTS = ("matmul", "mm", "bmm", "rmatmul")
MOST_NEIGHBOURS = 1.5  # the largest sum of a row: above, a product with the matrix is a sum, not a mean


class Averages(Keeping):
    """Divides the product with an adjacency matrix by how many neighbours each node has."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call; a mean where it sums over neighbours."""
        keywords, name = kwargs or {}, getattr(func, "__name__", "").strip("_")
        product = func(*args, **keywords)
        if name not in PRODUCTS or len(args) != 2 or not isinstance(product, Tensor):
            return product
        with torch._C.DisableTorchFunction():
            numbers = _neighbours(*reversed(args) if name == "rmatmul" else args)
        if numbers is None or not self.notes(name):
            return product
        return product / numbers.clamp(min=1).to(product.dtype)


def _neighbours(joined: Any, nodes: Any) -> Tensor | None:
    """[..., nodes, 1] the sums of the rows of what can only be a graph: square, no gradient, nowhere below 0.

    None where it is no such matrix, or nodes have hardly more than one neighbour.
    """
    if not isinstance(joined, Tensor) or not isinstance(nodes, Tensor) or min(joined.dim(), nodes.dim()) < 2:
        return None
    if joined.requires_grad or not joined.is_floating_point() or joined.shape[-1] != joined.shape[-2]:
        return None
    numbers = joined.sum(-1, keepdim=True)
    is_graph = bool((joined >= 0).all()) and bool((numbers > MOST_NEIGHBOURS).any())
    return numbers if is_graph else None


def apply(patient: Patient, finding: Finding) -> str:
    """Take means in the loss and the forward; told is where sums were found in the first steps."""
    lines = kept(patient, Averages)
    return f"means of neighbours in place of sums: {lines}" if lines else ""


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Divide each row of the adjacency matrix by its sum before nodes are multiplied by it: "
        f"joined / joined.sum(-1, keepdim=True).clamp(min=1): {lines_of(finding)}."
    )


average_neighbours = Remedy(
    name="average-neighbours",
    apply=apply,
    changes=frozenset({"loss"}),
    stage="loss",
    meaning="divides what a node of a graph gets from its neighbours by how many they are, wherever nodes "
    "are multiplied by a matrix that is square, nowhere negative, without gradient, and sums to more than "
    "1.5 a row",
    advice=advice,
    citation="Kipf & Welling (2017), Semi-supervised classification with graph convolutional networks, "
    "section 2.2; Hamilton, Ying & Leskovec (2017), Inductive representation learning on large graphs, "
    "section 3.3, mean aggregator",
)
