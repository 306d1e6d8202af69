"""Many networks of one hidden layer and different widths, trained as one."""

import math
from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.studies.optimizers import STACKED_OPTIMIZERS
from relume.studies.vmapped import adder

FINAL_SHARE = 0.1  # of the steps: the error at the end is the mean over these


def trained_errors(
    activation: str,
    widths: Sequence[int],
    rates: Sequence[float],
    batches: Sequence[tuple[Tensor, Tensor]],
    *,
    outputs: int,
    restarts: int,
    seed: int,
) -> Tensor:
    """The error of every width, rate and restart after a step of Adam on each batch.

    All networks have the units of the widest; those that the others have not are switched off. The rates
    fall to 0 by a cosine.

    Parameters
    ----------
    batches
        x [examples, features] and the targets: [examples] int64 for the cross-entropy of classes, or
        [examples, outputs] for the mean square error.
    outputs
        How many numbers a network answers with.

    Returns
    -------
    Tensor
        [widths, rates, restarts] The mean over the last tenth of the steps; infinite where it diverged.
    """
    own, grid = activations[activation], list(product(widths, rates, range(restarts)))
    parameters = _drawn(own, grid, len(batches[0][0][0]), outputs, max(widths), seed)
    mask = _mask(own, [width for width, _, _ in grid], max(widths))
    rate = torch.tensor([each for _, each, _ in grid]).view(-1, 1, 1)
    states = [tuple(torch.zeros_like(p) for _ in range(3)) for p in parameters]
    errors: list[Tensor] = []
    for step, (x, y) in enumerate(batches):
        error = _errors(own, parameters, mask, x, y)
        errors.append(error.detach())
        gradients = torch.autograd.grad(error.sum(), parameters)
        now = rate * (1 + math.cos(math.pi * step / len(batches))) / 2
        with torch.no_grad():
            for parameter, gradient, state in zip(parameters, gradients, states, strict=True):
                STACKED_OPTIMIZERS["adam"].update(parameter, adder(gradient), state, now, step + 1)
    last = torch.stack(errors[-max(1, round(FINAL_SHARE * len(errors))) :]).mean(0)
    return last.nan_to_num(nan=math.inf).view(len(widths), len(rates), restarts)


def width_for(errors: Sequence[float], widths: Sequence[int], error: float) -> float:
    """The least width at which the error is reached, between two widths by the logarithms of both.

    Returns
    -------
    float
        Infinite where no width reaches it; the smallest width where that does already.

    >>> width_for([0.4, 0.1, 0.05], [1, 4, 16], 0.2)
    2.0
    """
    lowest = math.inf  # a wider network that trained worse does not need its width
    for i, width in enumerate(widths):
        if errors[i] <= error:
            if i == 0 or math.isinf(lowest):
                return float(width)
            share = math.log(lowest / error) / math.log(lowest / max(errors[i], 1e-30))
            return math.exp(math.log(widths[i - 1]) + share * math.log(width / widths[i - 1]))
        lowest = min(lowest, errors[i])
    return math.inf


def _drawn(
    activation: Activation,
    grid: Sequence[tuple[int, float, int]],
    features: int,
    outputs: int,
    widest: int,
    seed: int,
) -> list[Tensor]:
    """W [networks, features, width], b, V [networks, width, outputs], c: of one restart all start alike."""
    generator = torch.Generator().manual_seed(seed)
    restarts = max(restart for _, _, restart in grid) + 1
    made = 2 if activation.form == "concatenated" else 1
    inner = torch.randn(restarts, features, widest, generator=generator) / math.sqrt(features)
    offsets = torch.randn(restarts, 1, widest, generator=generator)
    outer = torch.randn(restarts, 2 * widest, outputs, generator=generator)[:, : made * widest]
    which = torch.tensor([restart for _, _, restart in grid])
    sizes = torch.tensor([math.sqrt(made * width) for width, _, _ in grid]).view(-1, 1, 1)
    drawn = [inner[which], offsets[which], outer[which] / sizes, torch.zeros(len(grid), 1, outputs)]
    return [tensor.requires_grad_() for tensor in drawn]


def _mask(activation: Activation, widths: Sequence[int], widest: int) -> Tensor:
    """[networks, 1, units] 1 for each unit that a network has; a concatenated one makes two of each."""
    mask = (torch.arange(widest) < torch.tensor(widths)[:, None]).float()[:, None]
    return torch.cat([mask, mask], -1) if activation.form == "concatenated" else mask


def _errors(
    activation: Activation, parameters: Sequence[Tensor], mask: Tensor, x: Tensor, y: Tensor
) -> Tensor:
    """The error of each network on the same examples, [networks]."""
    inner, offsets, outer, constant = parameters
    hidden = activation.value(torch.matmul(x, inner) + offsets) * mask
    answer = torch.baddbmm(constant, hidden, outer)
    if y.is_floating_point():
        return (answer - y).square().mean((1, 2))
    loss = F.cross_entropy(answer.transpose(1, 2), y.expand(len(answer), -1), reduction="none")
    return loss.mean(1)
