"""Many MLPs as one: the forward pass, the backward pass and the update of a stack, by hand.

N networks of one shape are stored layer by layer as weights W [N, fan_in, fan_out] and biases b [N, 1,
fan_out], so that with inputs a [N, batch, fan_in] a layer of all of them is one batched matrix product:

    forward     z_l = a_{l-1} W_l + b_l             a_l = f(z_l)
    backward    e_l = (e_{l+1} W_{l+1}^T) * f'(z_l)
    gradient    dC/dW_l = a_{l-1}^T e_l             dC/db_l = 1^T e_l

Everything is written into buffers that stay: nothing is allocated in a step but what an activation's
formula needs.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn

from relume.catalogue.activation import Activation
from relume.studies.optimizers import StackedOptimizer

Update = Callable[[int, "Stack", Tensor], None]
Observe = Callable[[int, Tensor], object]


def runs(keys: Sequence[Hashable]) -> Iterator[tuple[int, slice]]:
    """Every run of equal keys, as its first index and its slice."""
    start = 0
    for _, group in groupby(keys):
        stop = start + len(list(group))
        yield start, slice(start, stop)
        start = stop


@dataclass(frozen=True, slots=True)
class Buffers:
    """What a step writes, [networks, batch, width] each."""

    outputs: list[Tensor]  # of every layer
    pre_activations: list[
        Tensor
    ]  # of every hidden layer, if an activation's derivative needs them; else none
    errors: list[Tensor]  # of the layer at hand and of the one below: two that take turns stay in the cache

    def kept(self, layer: int) -> Tensor | None:
        """The pre-activations of a layer, where they are kept."""
        return self.pre_activations[layer] if self.pre_activations else None


class Stack:
    """The parameters and buffers of N networks of one shape.

    Parameters
    ----------
    networks
        As `MLP.build` makes them.
    activations
        One a network; equal ones should be neighbours, as each run of them is one call.
    streams
        Which of the input batches a network sees, one a network.
    """

    def __init__(
        self, networks: Sequence[nn.Module], activations: Sequence[Activation], streams: Sequence[int]
    ) -> None:
        layers = [[m for m in network.modules() if isinstance(m, nn.Linear)] for network in networks]
        self.weights = [
            torch.stack([layer.weight.detach().T for layer in same]) for same in zip(*layers, strict=True)
        ]
        self.biases = [
            torch.stack([layer.bias.detach()[None] for layer in same]) for same in zip(*layers, strict=True)
        ]
        self.activation_runs = [
            (activations[first], part) for first, part in runs([a.name for a in activations])
        ]
        self.stream_runs = [(streams[first], part) for first, part in runs(streams)]
        self.streams = torch.tensor(streams)
        self._buffers: dict[int, Buffers] = {}

    @property
    def size(self) -> int:
        """How many networks."""
        return len(self.streams)

    def buffers(self, batch: int) -> Buffers:
        """The buffers of the last batch size; made anew when it changes."""
        if batch not in self._buffers:
            widths = [weight.shape[2] for weight in self.weights]
            keep = any(activation.overwrite is None for activation, _ in self.activation_runs)
            self._buffers = {
                batch: Buffers(
                    outputs=[torch.empty(self.size, batch, width) for width in widths],
                    pre_activations=[torch.empty(self.size, batch, width) for width in widths[:-1] if keep],
                    errors=[torch.empty(self.size, batch, widths[0]) for _ in range(2)],
                )
            }
        return self._buffers[batch]

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every network: inputs [streams, batch, features] -> [networks, batch, classes]."""
        buffers = self.buffers(x.shape[1])
        outputs = buffers.outputs
        for stream, part in self.stream_runs:
            inputs = x[stream].expand(part.stop - part.start, -1, -1)
            torch.baddbmm(self.biases[0][part], inputs, self.weights[0][part], out=outputs[0][part])
        for layer in range(1, len(self.weights)):
            self._activate(outputs[layer - 1], buffers.kept(layer - 1))
            torch.baddbmm(self.biases[layer], outputs[layer - 1], self.weights[layer], out=outputs[layer])
        return outputs[-1]

    def _activate(self, z: Tensor, kept: Tensor | None) -> None:
        for activation, part in self.activation_runs:
            if activation.overwrite is not None:
                activation.overwrite(z[part])
            else:
                assert kept is not None
                kept[part] = z[part]
                z[part] = activation.value(kept[part])

    def backward(
        self, error: Tensor, update: Update, observe: Observe = lambda layer, arriving: None
    ) -> None:
        """Carry the logits' error [networks, batch, classes] down to the first layer.

        `update(layer, stack, error)` is called for each layer once the error has passed its weights,
        from the last to the first; `observe(layer, arriving)` with the gradient arriving at the output
        of each hidden layer.
        """
        buffers = self.buffers(error.shape[1])
        for layer in range(len(self.weights) - 1, 0, -1):
            below = torch.bmm(error, self.weights[layer].transpose(1, 2), out=buffers.errors[layer % 2])
            update(layer, self, error)
            observe(layer - 1, below)
            self._chain(below, buffers.kept(layer - 1), buffers.outputs[layer - 1])
            error = below
        update(0, self, error)

    def _chain(self, error: Tensor, kept: Tensor | None, output: Tensor) -> None:
        for activation, part in self.activation_runs:
            e, y = error[part], output[part]
            z = y if activation.overwrite is not None or kept is None else kept[part]
            if activation.chain is not None:
                activation.chain(e, z, y, e)
            else:
                e.mul_(activation.derivative(z))

    def add_weight_gradient(self, layer: int, x: Tensor, error: Tensor, into: Tensor, beta: float) -> None:
        """Add a_{l-1}^T e_l to beta `into`, in place; the input batches `x` are a_{-1}."""
        if layer:
            inputs = self.buffers(error.shape[1]).outputs[layer - 1]
            into.baddbmm_(inputs.transpose(1, 2), error, beta=beta)
            return
        for stream, part in self.stream_runs:
            inputs = x[stream].T.expand(part.stop - part.start, -1, -1)
            into[part].baddbmm_(inputs, error[part], beta=beta)

    def add_bias_gradient(self, error: Tensor, into: Tensor, beta: float) -> None:
        """Add 1^T e_l to beta `into`, in place; a product with ones would go matrix by matrix, slowly."""
        into.mul_(beta).add_(error.sum(1, keepdim=True))

    def freeze(self, network: int) -> None:
        """Zero a network that diverged, so that no NaN is carried on; its neighbours are not touched."""
        for tensor in (*self.weights, *self.biases):
            tensor[network] = 0.0


class StackTraining:
    """A stack with its optimiser's state: one step at a time."""

    def __init__(self, stack: Stack, learning_rates: Sequence[float], optimizer: StackedOptimizer) -> None:
        self.stack, self.optimizer, self.steps_taken = stack, optimizer, 0
        self.rate = torch.tensor(learning_rates).view(-1, 1, 1)
        self.states = [
            [tuple(torch.zeros_like(p) for _ in range(optimizer.buffers)) for p in group]
            for group in (stack.weights, stack.biases)
        ]

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        """Take one step on inputs [streams, batch, features] and labels [streams, batch].

        Returns the losses before it, [networks].
        """
        self.steps_taken += 1
        loss, error = cross_entropy(self.stack.forward(x), y[self.stack.streams])
        error.mul_(self.optimizer.error_scale(self.rate))
        self.stack.backward(error, lambda layer, stack, e: self._update(layer, x, e))
        return loss

    def _update(self, layer: int, x: Tensor, error: Tensor) -> None:
        stack, (weight_states, bias_states) = self.stack, self.states
        update, step = self.optimizer.update, self.steps_taken

        def add_weight_gradient(into: Tensor, beta: float) -> None:
            stack.add_weight_gradient(layer, x, error, into, beta)

        def add_bias_gradient(into: Tensor, beta: float) -> None:
            stack.add_bias_gradient(error, into, beta)

        update(stack.weights[layer], add_weight_gradient, weight_states[layer], self.rate, step)
        update(stack.biases[layer], add_bias_gradient, bias_states[layer], self.rate, step)

    def freeze(self, network: int) -> None:
        """Take a diverged network out of the training."""
        self.stack.freeze(network)
        self.rate[network] = 0.0
        for state in (s for group in self.states for s in group):
            for buffer in state:
                buffer[network] = 0.0


def cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean loss of each network [networks] and its gradient by the logits [networks, batch, classes]."""
    # Along the middle axis softmax is vectorised over the batch: 7 times faster than along 10 classes.
    log_probability = logits.transpose(1, 2).log_softmax(1)
    picked = labels[:, None]
    loss = -log_probability.gather(1, picked).mean((1, 2))
    error = log_probability.exp_()
    error.scatter_add_(1, picked, error.new_full((1, 1, 1), -1.0).expand_as(picked))
    return loss, error.div_(labels.shape[1]).transpose(1, 2)
