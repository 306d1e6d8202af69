"""Blocks that keep the shape of their input add to it, instead of replacing it."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from relume.remedies.anatomy import anatomy_of
from relume.remedies.parts import Product
from relume.remedies.remedy import Remedy, lines_of
from relume.remedies.swapping import put
from relume.remedies.within import call
from relume.trial import Patient
from relume.types import Finding

FEWEST = 2  # blocks of a kind: past one alone a gradient needs no way


class Shortcut(nn.Module):
    """x + scale * block(x)."""

    def __init__(self, block: nn.Module, scale: float) -> None:
        super().__init__()
        self.block, self.scale = block, scale

    def forward(self, x: Tensor) -> Tensor:
        """[...] -> [...]."""
        y: Tensor = x + self.scale * self.block(x)
        return y


def apply(patient: Patient, finding: Finding) -> str:
    """Lead past every block of a kind that is there more than once; not where a sum leads past it already."""
    blocks = _blocks(patient)
    # The variance of a sum over L such blocks grows by a factor that does not depend on L.
    scale = 1 / math.sqrt(max(len(blocks), 1))
    for path in blocks:
        block = patient.model.get_submodule(path)
        put(patient.model, path, Shortcut(block, scale).train(block.training))
    return f"x + {scale:.2g} block(x) for {len(blocks)} blocks that keep the shape of x" if blocks else ""


def _blocks(patient: Patient) -> list[str]:
    """Paths of modules with weights that keep the shape of their input, several of a class side by side.

    Of those within one another the outermost; not what makes the output.
    """
    products, model = anatomy_of(patient).products, patient.model

    def has(path: str, among: list[Product]) -> bool:
        return any(_is_in(product.owner, path) for product in among)

    def kind(path: str) -> tuple[str, type[nn.Module]]:
        return path.rpartition(".")[0], type(model.get_submodule(path))

    keeping = [path for path in _keeping_shape(patient) if has(path, products)]
    passed = [path for path in keeping if has(path, [each for each in products if each.closes_branch])]
    paths = [
        path
        for path in keeping
        if not any(_is_in(path, other) for other in passed) and not has(path, products[-1:])
    ]
    kinds = Counter(map(kind, paths))
    several = [path for path in paths if kinds[kind(path)] >= FEWEST]
    return [path for path in several if not any(_is_in(path, other) for other in several if other != path)]


def _keeping_shape(patient: Patient) -> list[str]:
    """Paths of modules that make, once a batch, one tensor of the shape of the one they are given."""
    copied, calls = patient.copied(), Counter[str]()
    for path, module in copied.model.named_modules():
        if path:
            module.register_forward_hook(_counting(calls, path), with_kwargs=True)
    call(copied)
    return [path for path, count in calls.items() if count == 1]


def _counting(calls: Counter[str], path: str) -> Callable[..., None]:
    def count(module: nn.Module, args: Any, kwargs: Any, out: Any) -> None:
        is_kept = len(args) == 1 and not kwargs and _is_alike(args[0], out)
        calls[path] += 1 if is_kept else 2  # one that does not is as good as called twice

    return count


def _is_alike(one: object, two: object) -> bool:
    if not isinstance(one, Tensor) or not isinstance(two, Tensor):
        return False
    return one.is_floating_point() and one.shape == two.shape


def _is_in(path: str, outer: str) -> bool:
    return f"{path}.".startswith(f"{outer}.")


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Add to each block's input what the block computes of it, divided by the square root of how many "
        f"there are: x = x + block(x) / blocks ** 0.5: {lines_of(finding)}."
    )


insert_shortcuts = Remedy(
    name="insert-shortcuts",
    apply=apply,
    changes=frozenset({"model"}),
    stage="structure",
    meaning="adds to the input of each block what the block computes of it, divided by the square root of "
    "their number; a block is a module with weights that keeps the shape of its input and is there more "
    "than once; not where a sum leads past it already",
    advice=advice,
    citation="He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, section 3.2; the "
    "factor: De & Smith (2020), Batch normalization biases residual blocks towards the identity function, "
    "section 3",
)
