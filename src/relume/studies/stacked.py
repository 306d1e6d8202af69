"""Trains many MLPs of one shape together; `stack` has the mathematics, this file the run."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from relume.catalogue import activations
from relume.catalogue.flatness import NO_FLAT_ENDS, flat_bounds
from relume.studies.data import Dataset
from relume.studies.initialisation import initialise
from relume.studies.mlp import MLP
from relume.studies.optimizers import STACKED_OPTIMIZERS
from relume.studies.protocol import Advance, Job, Training, orders, probe, weight_generator
from relume.studies.readings import pooled_readings, pooled_sums
from relume.studies.stack import Stack, StackTraining, cross_entropy
from relume.types import Outcome, Readings, Sums

# A step of a stack touches its activations and errors once forward and once backward. They should still
# be in a last-level cache (32 MB where this was measured) the second time: at width 256, stacks of 64
# are slower than of 6.
STACK_BYTES = 16 * 2**20
TEST_BATCH = 1000


def train_stacked(
    network: MLP,
    jobs: Sequence[Job],
    data: Dataset,
    training: Training,
    advance: Advance = lambda networks: None,
) -> list[Outcome]:
    """Train MLPs of one shape that differ in activation, initialisation, learning rate or seed.

    They are cut into stacks that fit the cache; every stack takes its step on a batch before the next
    batch is read.

    Returns
    -------
    list[Outcome]
        In the order of `jobs`.
    """
    order = sorted(range(len(jobs)), key=lambda i: (jobs[i].seed, jobs[i].setting.activation))
    parts = cut(order, network, training.batch_size)
    streams = orders(len(data.train_y), training, jobs)
    members = [Members(network, [jobs[i] for i in part], data, training, list(streams)) for part in parts]
    for step in range(training.steps):
        batch = torch.stack([stream[step] for stream in streams.values()])
        x, y = data.train_x[batch].flatten(2), data.train_y[batch]
        for member in members:
            member.step(x, y)
            advance(len(member.jobs))
    outcomes = {
        i: o
        for part, member in zip(parts, members, strict=True)
        for i, o in zip(part, member.finish(), strict=True)
    }
    return [outcomes[i] for i in range(len(jobs))]


def cut(order: Sequence[int], network: MLP, batch_size: int) -> list[Sequence[int]]:
    """Cut networks into stacks of nearly equal size that fit the cache."""
    bytes_each = 4 * batch_size * network.width * (network.depth + 2)  # outputs, and two errors
    stacks = math.ceil(len(order) * bytes_each / max(bytes_each, STACK_BYTES))
    return [order[len(order) * i // stacks : len(order) * (i + 1) // stacks] for i in range(stacks)]


class Members:
    """The networks of one stack: trained in lockstep, measured before and after."""

    def __init__(
        self, network: MLP, jobs: Sequence[Job], data: Dataset, training: Training, streams: Sequence[int]
    ) -> None:
        self.jobs, self.data = jobs, data
        models = []
        for job in jobs:
            activation = activations[job.setting.activation]
            model = network.build(activation, inputs=data.train_x[0].numel(), classes=data.classes)
            initialise(model, job.setting.initialisation, activation, generator=weight_generator(job.seed))
            models.append(model)
        self.paths = [name for name, _ in models[0].named_children()][2:-1:2]
        stack = Stack(
            models,
            [activations[job.setting.activation] for job in jobs],
            [streams.index(job.seed) for job in jobs],
        )
        rates = [job.setting.learning_rate for job in jobs]
        self.training = StackTraining(stack, rates, STACKED_OPTIMIZERS[training.optimizer])
        self.losses: list[Tensor] = []
        self.diverged: dict[int, int] = {}
        self.at_start = self.measure(step=0)

    def step(self, x: Tensor, y: Tensor) -> None:
        """Take one step, record the losses, freeze what diverged."""
        loss = self.training.step(x, y)
        if not torch.isfinite(loss).all():
            for network in torch.isfinite(loss).logical_not().nonzero().flatten().tolist():
                self.diverged.setdefault(network, len(self.losses))
                self.training.freeze(network)
        self.losses.append(loss)

    def logits(self, x: Tensor) -> Tensor:
        """Every network's answer to the same examples, [networks, examples, classes]."""
        streams = int(self.training.stack.streams.max()) + 1
        return self.training.stack.forward(x.flatten(1)[None].expand(streams, -1, -1))

    def measure(self, *, step: int) -> list[Readings]:
        """Each network's readings over the probe examples, after this number of steps."""
        x, y = probe(self.data)
        stack = self.training.stack
        _, error = cross_entropy(self.logits(x), y.expand(stack.size, -1))
        outputs = stack.buffers(len(y)).outputs
        by_site: list[list[tuple[Sums, Sums]]] = []
        flat = [flat_bounds(activations[job.setting.activation]) for job in self.jobs]
        no_flat_ends = [NO_FLAT_ENDS] * len(self.jobs)

        def observe(layer: int, arriving: Tensor) -> None:
            values, gradients = pooled_sums(outputs[layer], flat), pooled_sums(arriving, no_flat_ends)
            by_site.append(list(zip(values, gradients, strict=True)))

        stack.backward(error, lambda layer, stack, error: None, observe)
        return [
            pooled_readings(
                self.paths,
                job.setting.activation,
                examples=len(y),
                step=step,
                sums=[site[i] for site in reversed(by_site)],
            )
            for i, job in enumerate(self.jobs)
        ]

    def accuracy(self) -> Tensor:
        """Share of the test examples each network gets right, [networks]."""
        right = torch.zeros(self.training.stack.size)
        for x, y in zip(
            torch.split(self.data.test_x, TEST_BATCH), torch.split(self.data.test_y, TEST_BATCH), strict=True
        ):
            right += (self.logits(x).argmax(-1) == y).sum(1)
        return right / len(self.data.test_y)

    def finish(self) -> list[Outcome]:
        """What became of each network."""
        accuracy, at_end = self.accuracy().tolist(), self.measure(step=len(self.losses))
        losses = torch.stack(self.losses, 1).double().numpy()
        return [
            Outcome(
                setting=job.setting,
                seed=job.seed,
                losses=losses[i, : self.diverged.get(i)],
                diverged_at=self.diverged.get(i),
                accuracy=math.nan if i in self.diverged else accuracy[i],
                at_start=self.at_start[i],
                at_end=Readings(readings={}) if i in self.diverged else at_end[i],
            )
            for i, job in enumerate(self.jobs)
        ]
