"""Trains many copies of a user's network together by torch.func.vmap, one activation at a time."""

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap
from torch.nn import functional as F

from relume.errors import said
from relume.studies.data import Dataset
from relume.studies.optimizers import STACKED_OPTIMIZERS
from relume.studies.plain import measure, outcome
from relume.studies.protocol import Advance, Job, Training, orders
from relume.types import Outcome

State = dict[str, Tensor]
# Loss of one step under vmap against the same network alone: float32 rounding in another order of summation.
TOLERANCE = 1e-4


def why_not_vmapped(models: Sequence[nn.Module], data: Dataset, training: Training) -> str | None:
    """The reason why these networks cannot be trained together, or None if they can.

    Networks that keep state in buffers (batch norm's running mean) or draw random numbers while training
    (dropout) would train differently; for the rest one batch's loss is compared with that of the first
    network alone.
    """
    if next(models[0].buffers(), None) is not None:
        return "it keeps state in buffers, as batch norm does"
    if any(isinstance(module, nn.modules.dropout._DropoutNd) for module in models[0].modules()):
        return "it draws random numbers while it trains, as dropout does"
    x, y = data.train_x[: training.batch_size], data.train_y[: training.batch_size]
    try:
        parameters, template = stacked(models[:2])
        losses = gradients_and_losses(template)(
            parameters, x.expand(len(models[:2]), *x.shape), y.expand(len(models[:2]), -1)
        )[1]
        alone = F.cross_entropy(models[0].train()(x), y)
    except Exception as error:  # the network is the user's: whatever it raises under vmap is the reason told
        return f"torch.func cannot trace it ({said(error)})"
    if not torch.allclose(losses[0], alone, rtol=TOLERANCE, equal_nan=True):
        return f"its loss under vmap is {losses[0]:.6g} and {alone:.6g} alone"
    return None


def stacked(models: Sequence[nn.Module]) -> tuple[State, nn.Module]:
    """Parameters stacked to [networks, ...], and a network without storage to call with them."""
    parameters, _ = stack_module_state(list(models))
    return {name: p.detach() for name, p in parameters.items()}, copy.deepcopy(models[0]).to("meta").train()


def gradients_and_losses(template: nn.Module) -> Callable[[State, Tensor, Tensor], tuple[State, Tensor]]:
    """(parameters, [networks, batch, ...], [networks, batch]) -> gradients and losses of every network."""

    def loss(parameters: Mapping[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(template, dict(parameters), (x,)), y)

    return vmap(grad_and_value(loss))


def train_vmapped(
    models: Sequence[nn.Module],
    jobs: Sequence[Job],
    data: Dataset,
    training: Training,
    advance: Advance = lambda networks: None,
) -> list[Outcome]:
    """Train models equal in all but their parameters, in place, once `why_not_vmapped` has returned None."""
    at_start = [measure(model, job, data, step=0) for model, job in zip(models, jobs, strict=True)]
    parameters, template = stacked(models)
    step_of = gradients_and_losses(template)
    optimizer = STACKED_OPTIMIZERS[training.optimizer]
    rates = torch.tensor([job.setting.learning_rate for job in jobs])
    states = {k: tuple(torch.zeros_like(p) for _ in range(optimizer.buffers)) for k, p in parameters.items()}
    streams = orders(len(data.train_y), training, jobs)
    losses: list[Tensor] = []
    diverged: dict[int, int] = {}
    for step in range(training.steps):
        batch = torch.stack([streams[job.seed][step] for job in jobs])
        gradients, loss = step_of(parameters, data.train_x[batch], data.train_y[batch])
        for network in torch.isfinite(loss).logical_not().nonzero().flatten().tolist():
            diverged.setdefault(network, step)
            rates[network] = 0.0
        for name, parameter in parameters.items():
            rate = rates.view(-1, *[1] * (parameter.dim() - 1))
            scaled = (gradients[name] * optimizer.error_scale(rate)).masked_fill_(rate == 0, 0.0)
            optimizer.update(parameter, adder(scaled), states[name], rate, step + 1)
        losses.append(loss)
        advance(len(jobs))
    history = list(torch.stack(losses, 1).double().numpy())
    outcomes = []
    for i, (model, job) in enumerate(zip(models, jobs, strict=True)):
        model.load_state_dict({name: p[i] for name, p in parameters.items()})
        end = diverged.get(i)
        outcomes.append(
            outcome(model, job, data, losses=history[i][:end], diverged_at=end, at_start=at_start[i])
        )
    return outcomes


def adder(gradient: Tensor) -> Callable[[Tensor, float], object]:
    """The gradient as the optimisers take it: added to a buffer."""
    return lambda buffer, beta: buffer.mul_(beta).add_(gradient)
