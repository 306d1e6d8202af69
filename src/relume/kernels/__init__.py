"""One pass over a tensor: everything per unit from one read of it."""

from importlib import import_module
from importlib.util import find_spec
from typing import cast

import torch

from relume.kernels import cpu, reference
from relume.kernels.contract import Observer


def observer_for(device: torch.device) -> Observer:
    """The fastest kernel for tensors of a device; plain torch operations where there is none of its own."""
    if device.type == "cpu" and cpu.is_available():
        return cpu.observer
    own_triton = "relume.kernels.triton"  # imported only here: Triton's compiler takes a second to import
    if device.type == "cuda" and find_spec("triton") and find_spec(own_triton):
        return cast(Observer, import_module(own_triton).observer)
    return reference.observer
