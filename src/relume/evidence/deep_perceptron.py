"""Deep perceptrons of plain, normalised or residual layers, and the size of what goes through them."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume.catalogue import activations
from relume.studies.data import Dataset
from relume.studies.initialisation import initialise
from relume.studies.mlp import undrawn
from relume.studies.protocol import weight_generator

PLAIN, BATCH_NORM, LAYER_NORM, RESIDUAL = "plain", "batch norm", "layer norm", "residual"
RESIDUAL_BATCH_NORM = "residual with batch norm"
EXAMPLES = 512


class Layer(nn.Module):
    """A linear layer, its normalisation and the activation; around them a shortcut, if it is residual."""

    def __init__(self, fan_in: int, fan_out: int, *, activation: str, variant: str) -> None:
        super().__init__()
        self.linear = undrawn(fan_in, fan_out)
        self.norm = _norm(variant, fan_out)
        self.activation = activations[activation].module()
        self.has_shortcut = variant.startswith(RESIDUAL) and fan_in == fan_out

    def forward(self, x: Tensor) -> Tensor:
        """[batch, fan_in] -> [batch, fan_out]."""
        value: Tensor = self.activation(self.norm(self.linear(x)))
        return x + value if self.has_shortcut else value


def build_deep(
    data: Dataset, *, activation: str, variant: str, gain: float, depth: int, width: int, seed: int
) -> nn.Sequential:
    """`depth` such layers and a linear read-out, with `gain` times He's weights in the layers."""
    widths = [data.train_x[0].numel(), *[width] * depth]
    layers = [Layer(i, o, activation=activation, variant=variant) for i, o in pairwise(widths)]
    model = nn.Sequential(nn.Flatten(), *layers, undrawn(width, data.classes))
    initialise(model, "he", activations[activation], generator=weight_generator(seed))
    with torch.no_grad():
        for layer in layers:
            layer.linear.weight.mul_(gain)
    return model


def sizes(model: nn.Sequential, data: Dataset) -> tuple[list[float], list[float]]:
    """The rms of every hidden layer's outputs, and the norm of the gradient arriving there, in float64."""
    model.double().train()  # batch norm by the batch, as in training
    value, hidden = data.train_x[:EXAMPLES].double(), []
    for layer in model:
        value = layer(value)
        hidden.append(value)
    outputs = hidden[1:-1]
    loss = F.cross_entropy(value, data.train_y[:EXAMPLES])
    gradients = torch.autograd.grad(loss, outputs)
    return [float(h.detach().square().mean().sqrt()) for h in outputs], [float(g.norm()) for g in gradients]


@torch.no_grad()
def limit_norms(model: nn.Module, *, largest: float) -> None:
    """Scale the incoming weights of every unit down to this norm, where theirs is larger."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            layer.weight.copy_(torch.renorm(layer.weight, 2, 0, largest))


def _norm(variant: str, units: int) -> nn.Module:
    if variant.endswith(BATCH_NORM):
        return nn.BatchNorm1d(units)
    return nn.LayerNorm(units) if variant == LAYER_NORM else nn.Identity()
