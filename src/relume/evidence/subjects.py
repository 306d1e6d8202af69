"""What a claim is tested on, loaded: the data, and a function that builds the network with an activation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from inspect import getsourcefile
from pathlib import Path

import torch
from torch import nn

from relume.catalogue import activations
from relume.catalogue.activation import Activation
from relume.evidence.claim import Subject
from relume.studies.data import Dataset, load
from relume.studies.engines import build_one, seeded
from relume.studies.initialisation import initialise
from relume.studies.loading import find_function
from relume.studies.mlp import MLP
from relume.studies.protocol import Job, weight_generator
from relume.studies.store import fingerprint
from relume.types import Initialisation, Setting


@lru_cache(maxsize=4)  # many parts of one process are measured on the same data
def dataset(subject: Subject) -> Dataset:
    """The data of a subject, checked and standardised; nobody may write to its tensors.

    Raises
    ------
    DataError, TargetError
        As `relume.studies.data.load`.
    """
    return load(subject.data)


def check(subject: Subject) -> str:
    """Load the data and build the network once: what is wrong with them is told before anything is measured.

    Returns
    -------
    str
        One line on the data and the network.
    """
    if subject.network is not None:
        build(subject, activations["relu"], fallback=MLP(1, 1))
    description = dataset(subject).description
    return description if subject.network is None else f"{description}; network {subject.network}"


def network_name(subject: Subject, fallback: MLP) -> str:
    """What is trained, for a report: the user's network, or else the claim's own."""
    return subject.network or fallback.name


def build(
    subject: Subject,
    activation: Activation,
    *,
    fallback: MLP,
    initialisation: Initialisation = "he",
    seed: int = 0,
) -> nn.Module:
    """The subject's network, or the claim's own MLP, with this activation, freshly drawn from the seed.

    Of one seed all activations start from the same draws, scaled by the initialisation.

    Raises
    ------
    BuildError, PlanError
        One sentence on what is wrong with the build function or its network.
    """
    data = dataset(subject)
    if subject.network is None:
        model = fallback.build(activation, inputs=data.train_x[0].numel(), classes=data.classes)
        initialise(model, initialisation, activation, generator=weight_generator(seed))
        return model
    setting = Setting(
        network=subject.network, activation=activation.name, initialisation=initialisation, learning_rate=0.0
    )
    return build_one(_build_function(subject.network), subject.network, Job(setting, seed), data)


@lru_cache(maxsize=4)
def checksum(subject: Subject) -> str:
    """Of the examples and of the file that the network is defined in: an edit of either is a new subject."""
    digest = sha256(fingerprint(dataset(subject)).encode())
    if subject.network is not None:
        source = getsourcefile(_build_function(subject.network))
        if source and Path(source).is_file():
            digest.update(Path(source).read_bytes())
    return digest.hexdigest()


@contextmanager
def one_thread(seed: int) -> Iterator[None]:
    """One torch thread, and torch's own random numbers drawn from the seed; afterwards both are as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with seeded(seed):
            yield
    finally:
        torch.set_num_threads(threads)


def _build_function(name: str) -> Callable[[Activation], nn.Module]:
    return find_function(name)
