"""How many bytes autograd keeps for the backward pass of an activation."""

import torch
from torch import Tensor, nn

from relume.catalogue.activation import Activation


def kept_bytes(activation: Activation, dtype: torch.dtype, device: str) -> tuple[float, float]:
    """Bytes an element that are kept for the backward pass: of the activation alone, and between two layers.

    A linear layer keeps its input in any case: an activation that can do with its output keeps nothing more.
    """
    width, batch = 32, 64
    x = torch.ones(batch, width, dtype=dtype, device=device, requires_grad=True)
    layers = [nn.Linear(width, width).to(device, dtype) for _ in range(2)]
    own = activation.module().to(device, dtype)
    alone = _saved(nn.Sequential(own), x)
    between, without = (_saved(nn.Sequential(layers[0], *inner, layers[1]), x) for inner in ([own], []))
    return alone / x.numel(), (between - without) / x.numel()


def _saved(model: nn.Module, x: Tensor) -> int:
    """Bytes of the tensors kept, each storage once; the model's own parameters do not count."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}
    holding = []  # what is kept alive keeps its address to itself

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        holding.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        holding.append(model(x))
    return sum(kept.values())
