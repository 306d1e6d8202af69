"""A verdict before training: a copy of the model trains a few steps under watch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.optim import Optimizer

from relume.diagnosis.diagnose import diagnose
from relume.trial import Batch, Loss, admit, random_state_restored, run_trial
from relume.types import Diagnosis

STEPS = 20  # a window in which a loss that can fall does, and batches of 64 make 1,280 examples


def check(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    optimizer: Optimizer | None = None,
    steps: int = STEPS,
) -> Diagnosis:
    """Say what is wrong with a network before it is trained; it is left as it was, to the bit.

    A copy is trained for a few steps, in training mode, with the random numbers of a fixed seed. Weights,
    buffers, gradients, optimiser, training or evaluation mode and all random generators stay what they are,
    also the generator of a DataLoader.

    Parameters
    ----------
    model
        The network; of it a copy is trained.
    batches
        A DataLoader or a list of batches; the first `steps` are taken, and again if there are fewer.
    loss
        A criterion of torch (`nn.CrossEntropyLoss()`, `F.mse_loss`), for batches of inputs and targets; or a
        function of the model and a batch. It returns a scalar.
    optimizer
        The one that will train `model`; Adam with a learning rate of 0.001, if none is given.
    steps
        How many are trained.

    Returns
    -------
    Diagnosis
        What is wrong; `print` tells it in words.

    Raises
    ------
    TrialError
        If there is no batch, the loss is not a scalar, or the model cannot be copied or trained.

    Examples
    --------
    >>> import relume, torch
    >>> from torch import nn
    >>> _ = torch.manual_seed(0)
    >>> layers = [layer for _ in range(20) for layer in (nn.Linear(32, 32), nn.Sigmoid())]
    >>> model = nn.Sequential(*layers, nn.Linear(32, 2))
    >>> batch = torch.randn(64, 32), torch.randint(2, (64,))
    >>> diagnosis = relume.check(model, [batch], nn.CrossEntropyLoss())
    >>> diagnosis.findings[0].problem
    'vanishing-gradient'
    """
    with random_state_restored(), generators_restored(batches):
        patient = admit(model, batches, loss, optimizer=optimizer, steps=steps)
        if not patient.model.training:
            patient.model.train()
        trial = run_trial(patient, steps=steps)
    return diagnose(trial.readings)


@contextmanager
def generators_restored(batches: object) -> Iterator[None]:
    """Leave the generators that a DataLoader shuffles by as they were found."""
    generators = {id(found): found for found in _generators_of(batches)}.values()
    states = [(generator, generator.get_state()) for generator in generators]
    try:
        yield
    finally:
        for generator, state in states:
            generator.set_state(state)


def _generators_of(batches: object) -> Iterator[torch.Generator]:
    sampler = getattr(batches, "sampler", None)
    holders = (batches, sampler, getattr(batches, "batch_sampler", None))
    for holder in (*holders, getattr(holders[-1], "sampler", None)):
        generator = getattr(holder, "generator", None)
        if isinstance(generator, torch.Generator):
            yield generator
