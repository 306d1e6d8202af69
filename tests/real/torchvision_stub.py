"""What timm imports of torchvision, without torchvision: there is none for CPU builds of torch.

timm asks for these names when it is imported. Networks use none but FrozenBatchNorm2d, and that one only when
they are told to freeze; everything else belongs to data sets and pictures.
"""

import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import nn

MODULES = (
    "torchvision",
    "torchvision.datasets",
    "torchvision.models",
    "torchvision.models.feature_extraction",
    "torchvision.ops",
    "torchvision.ops.misc",
    "torchvision.transforms",
    "torchvision.transforms.functional",
    "torchvision.utils",
)
INTERPOLATION = "NEAREST BILINEAR BICUBIC BOX HAMMING LANCZOS"


class Stub(ModuleType):
    """A module in which every public name is a class of its own."""

    __path__: list[str] = []  # noqa: RUF012 - what tells a package from a module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or f"{self.__name__}.{name}" in MODULES:
            raise AttributeError(name)
        made = Enum(name, INTERPOLATION) if name == "InterpolationMode" else type(name, (nn.Module,), {})
        setattr(self, name, made)
        return made


def install() -> None:
    """Import timm, which then asks for torchvision no more: `import timm` works from here on."""
    with installed(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what timm says of itself
        importlib.import_module("timm")


@contextmanager
def installed() -> Iterator[None]:
    """Put the modules where an import looks first, for as long; a real torchvision stays.

    Left there, they would make transformers ask them for what they have not.
    """
    if find_spec("torchvision") is not None:
        yield
        return
    for name in MODULES:
        made = sys.modules[name] = Stub(name)
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, made)
    try:
        yield
    finally:
        for name in MODULES:
            del sys.modules[name]
