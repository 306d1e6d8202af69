"""Which engine trains which networks, fastest first, and the networks of users made ready for it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

import torch
from torch import Tensor, nn

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.errors import BuildError, RelumeError, said
from relume.studies.data import Dataset
from relume.studies.initialisation import initialise
from relume.studies.mlp import MLP
from relume.studies.plain import train_plain
from relume.studies.protocol import Advance, Job, Training, weight_generator
from relume.studies.stacked import train_stacked
from relume.studies.vmapped import train_vmapped, why_not_vmapped
from relume.types import Outcome


@dataclass(frozen=True, slots=True)
class Network:
    """An architecture under study by its name: a built-in MLP, or a user's build function."""

    name: str
    build: MLP | Callable[[Activation], nn.Module]

    def check(self, jobs: Sequence[Job], data: Dataset) -> None:
        """Build the network once with each activation: mistakes are told before anything is written."""
        for name, job in {job.setting.activation: job for job in jobs}.items():
            if isinstance(self.build, MLP):
                self.build.build(activations[name], inputs=data.train_x[0].numel(), classes=data.classes)
            else:
                build_one(self.build, self.name, job, data)

    def parts(self, jobs: Sequence[Job], size: int) -> list[list[Job]]:
        """The jobs of this network, in parts that can be trained together, of at most `size` networks."""
        mine = [job for job in jobs if job.setting.network == self.name]
        groups = [mine]
        if not isinstance(self.build, MLP):  # vmap runs one function: one activation at a time
            names = dict.fromkeys(job.setting.activation for job in mine)
            groups = [[job for job in mine if job.setting.activation == name] for name in names]
        return [group[i : i + size] for group in groups for i in range(0, len(group), size)]


def train(
    network: Network, jobs: Sequence[Job], data: Dataset, training: Training, advance: Advance
) -> tuple[str, list[Outcome]]:
    """Train one part; which engine did it, in a few words, and the outcomes in the jobs' order."""
    if isinstance(network.build, MLP):
        return "MLPs stacked: batched matrix products", train_stacked(
            network.build, jobs, data, training, advance
        )
    models = [build_one(network.build, network.name, job, data) for job in jobs]
    with seeded(jobs[0].seed):
        reason = why_not_vmapped(models, data, training)
    if reason is None:
        return f"{network.name} by torch.func.vmap", train_vmapped(models, jobs, data, training, advance)
    outcomes = []
    for model, job in zip(models, jobs, strict=True):
        with seeded(job.seed):
            outcomes.append(train_plain(model, job, data, training, advance))
    return f"{network.name} one by one, as {reason}", outcomes


# torch's own random numbers belong to the process, not to a thread: who draws from them takes turns.
_RANDOM_NUMBERS = RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's own random numbers from this seed; afterwards they go on as if nothing had been drawn."""
    with _RANDOM_NUMBERS, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def build_one(build: Callable[[Activation], nn.Module], name: str, job: Job, data: Dataset) -> nn.Module:
    """A user's network, initialised as its setting says and checked on two examples.

    Raises
    ------
    BuildError
        The function failed, returned something else, or the network's answer has the wrong shape.
    """
    activation = activations[job.setting.activation]
    with seeded(job.seed):
        try:
            model = build(activation)
        except RelumeError:
            raise
        except Exception as error:
            raise BuildError(
                f"the build function failed for {activation.name!r} ({said(error)}): {name}. "
                "It is called with an Activation; activation.module() gives a fresh module of it."
            ) from error
        if not isinstance(model, nn.Module):
            raise BuildError(
                f"the build function returned a {type(model).__name__}: {name}. Return an nn.Module."
            )
        if job.setting.initialisation != "pytorch":  # PyTorch's is what the network was just built with
            initialise(model, job.setting.initialisation, activation, generator=weight_generator(job.seed))
        check_output(model, name, data)
    return model


@torch.no_grad()
def check_output(model: nn.Module, name: str, data: Dataset) -> None:
    """Try the network on two examples: it must answer with a score a class."""
    examples = data.train_x[:2]
    shape = " x ".join(str(size) for size in examples.shape)
    model.eval()
    try:
        answer = model(examples)
    except Exception as error:
        raise BuildError(
            f"the network failed on inputs of {shape} ({said(error)}): {name}. "
            "Build it for the shape of the data."
        ) from error
    if not isinstance(answer, Tensor) or tuple(answer.shape) != (len(examples), data.classes):
        got = " x ".join(map(str, answer.shape)) if isinstance(answer, Tensor) else type(answer).__name__
        raise BuildError(
            f"the network answers {shape} inputs with {got}: {name}. "
            f"It must return {len(examples)} x {data.classes}, a score for each class."
        )
