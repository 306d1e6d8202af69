"""`relume.repair`: what is wrong with a model, removed on a copy, with the proof that it was."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from torch import nn
from torch.optim import Optimizer

from relume.diagnosis.check import generators_restored
from relume.diagnosis.diagnose import diagnose
from relume.probe.modules import inner_of
from relume.remedies.attempts import IN_YOUR_CODE, Search, Tell
from relume.remedies.remedy import Remedy
from relume.remedies.search import search
from relume.trial import Batch, Loss, admit, random_state_restored
from relume.types import Finding, Repair

STEPS = 60
SILENT_SECONDS = 2.0  # a wait that nobody minds


def repair(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    *,
    optimizer: Optimizer | None = None,
    remedies: Sequence[str] | None = None,
    steps: int = STEPS,
) -> Repair:
    """Find what keeps a model from learning, and a model without it.

    Copies of the model are trained for the same few steps on the same batches: as it is, and with the
    remedies of each finding, alone and by twos; with the usual ones, where none of these helps. What else
    lowers the loss by another 2 % is added, and what it can then do without is taken out again: kept is the
    smallest set that removes the finding and lowers the loss. Where nothing is named, what the diagnosis says
    besides, the optimiser's usual settings, torch's own initialisation, a standard input and the usual
    remedies but for rates are tried, and kept only where the loss ends a fifth lower. The caller's model,
    optimiser and random state are left as they are, also if it is interrupted.

    Parameters
    ----------
    model
        Of a compiled model, or one wrapped for distributed training, the module within is treated.
    batches
        A DataLoader, or a list; at most as many as `steps` are taken.
    loss
        A criterion of torch, for batches of inputs and targets; or a function of the model and a batch.
    optimizer
        The one that trains `model`; Adam with a learning rate of 0.001, if none is given.
    remedies
        Names of those that may be tried; all, if none are given.
    steps
        How many each trial takes.

    Returns
    -------
    Repair
        Its `model` has the remedies applied and is *not* trained: a copy to train from its first step, or a
        copy as it was, where nothing helped. What was changed in the optimiser, the batches or the loss is
        for you to change: `print(advice(repair))` says how. `before` and `after` are the two trials.

    Raises
    ------
    UnknownNameError
        If there is no remedy of a given name.
    TrialError
        If the model cannot be copied or trained.

    Examples
    --------
    >>> import relume, torch
    >>> from torch import nn
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    >>> _ = nn.init.constant_(model[0].bias, -10.0)
    >>> inputs = torch.randn(256, 8)
    >>> batches = [(inputs, (inputs.sum(1) > 0).long())]
    >>> allowed = ["revive-dead-units", "leaky-slope"]
    >>> repair = relume.repair(model, batches, nn.CrossEntropyLoss(), remedies=allowed)
    >>> repair.remedies
    ('revive-dead-units',)
    >>> bool(repair.after.losses[-1] < 0.9 * repair.before.losses[-1])
    True
    """
    allowed = _named(remedies)
    with random_state_restored(), generators_restored(batches), _telling() as tell:
        patient = admit(inner_of(model), batches, loss, optimizer=optimizer, steps=steps)
        if not model.training:
            patient.model.train()
        plan = Search(patient=patient, steps=steps, remedies=allowed, diagnose=diagnose, tell=tell)
        before, best = search(plan)
        treated = plan.treated(best.treatment)[0].model
    return Repair(
        model=treated if model.training else treated.eval(),
        remedies=tuple(remedy.name for remedy, _ in best.treatment),
        before=before.trial,
        after=best.trial,
    )


def advice(of: Repair | Finding) -> str:
    """What to change in one's own code: a line for each remedy that helped, or that a finding names.

    Parameters
    ----------
    of
        What `relume.repair` returned, or a finding of a diagnosis.
    """
    if isinstance(of, Finding):
        return "\n".join(f"{remedy.name}: {remedy.advice(of)}" for remedy in _named(of.remedies))
    if not of.remedies:
        return "Nothing to change: no remedy lowered the loss."
    done = of.after.setting
    return "\n".join(f"{name}: {done[name]}. {done[name + IN_YOUR_CODE]}" for name in of.remedies)


def _named(names: Sequence[str] | None) -> list[Remedy]:
    from relume.remedies import remedies  # complete only once every remedy has been imported

    return [remedies[name] for name in (remedies if names is None else names)]


@contextmanager
def _telling() -> Iterator[Tell]:
    """Show on stderr what is being tried: in a terminal, and not before it takes long."""
    console, start = Console(stderr=True), time.monotonic()
    status = Status("", console=console)

    def tell(what: str) -> None:
        status.update(f"trying {what}")
        if console.is_terminal and time.monotonic() - start > SILENT_SECONDS:
            status.start()

    try:
        yield tell
    finally:
        status.stop()
