"""A repair in a notebook: what helped, and the losses of the two trials that prove it."""

from typing import TYPE_CHECKING

import numpy as np

from relume.evidence.drawing import canvas
from relume.notebook.markup import HEALTHY, PAINT, badge, card, facts, heading, said
from relume.types import Repair, Trial
from relume.types.told import number

DECADES = 30.0  # what is further apart than this is seen on a logarithmic axis only

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def html(repair: Repair) -> str:
    """The remedies that helped, what each did, and the loss before and after."""
    helped = bool(repair.remedies)
    mark = badge("repaired", HEALTHY) if helped else badge("nothing helped", PAINT["warning"])
    done = [(f"{name}: ", repair.after.setting.get(name, "")) for name in repair.remedies]
    losses = {"loss as it was": _losses(repair.before)} | (
        {"loss repaired": _losses(repair.after)} if helped else {}
    )
    return card(heading(_title(repair), beside=mark), said(done), facts(losses))


def text(repair: Repair) -> str:
    """The same in two lines, for a terminal."""
    return f"{_title(repair)}\nloss {_losses(repair.before)}; repaired {_losses(repair.after)}"


def figure(repair: Repair) -> "Figure":
    """Draw the losses of both trials by step, on the same batches."""
    trials = {"as it was": (repair.before, PAINT["error"])}
    if repair.remedies:
        trials["repaired"] = (repair.after, HEALTHY)
    with canvas(5.6, 3.2) as figure:
        axes = figure.add_subplot()
        for name, (trial, paint) in trials.items():
            axes.plot(np.arange(1, len(trial.losses) + 1), trial.losses, color=paint, label=name)
        axes.set(xlabel="step", ylabel="loss of the step's batch")
        losses = np.concatenate([trial.losses for trial, _ in trials.values()])
        losses = losses[np.isfinite(losses)]  # a trial ends with the one that is not
        if len(losses) and losses.min() > 0 and losses.max() > DECADES * losses.min():
            axes.set_yscale("log")
        axes.grid(visible=True)
        axes.legend(frameon=False)
    return figure


def _title(repair: Repair) -> str:
    return ", ".join(repair.remedies) or "No remedy lowered the loss"


def _losses(trial: Trial) -> str:
    if not len(trial.losses):
        return "none"
    first, last = float(trial.losses[0]), float(trial.losses[-1])
    return f"{number(first)} to {number(last)} in {len(trial.losses)} steps"
