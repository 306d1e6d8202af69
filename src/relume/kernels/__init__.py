"""One pass over a tensor: everything per unit from one read of it."""

from importlib.util import find_spec

import torch

from relume.kernels import cpu, reference
from relume.kernels.contract import Observer


def observer_for(device: torch.device) -> Observer:
    """The fastest kernel for tensors of a device; plain torch operations where there is none of its own."""
    if device.type == "cpu" and cpu.is_available():
        return cpu.observer
    if device.type == "cuda" and find_spec("triton") and find_spec("relume.kernels.triton"):
        from relume.kernels import triton  # it imports Triton's compiler, which takes a second

        return triton.observer
    return reference.observer
