"""The first steps are small: the learning rate rises to what it is over a few of them."""

from typing import Any
from weakref import WeakKeyDictionary

from torch.optim import Optimizer

from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding

STEPS = 20  # a third of a trial; in one's own training, as many as Adam's second moment needs


class WarmUp:
    """Scales the rates of an optimiser, before its first steps, from a small share up to what they were."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        # One hook may hang on several copies, each with a course of its own.
        self.begun: WeakKeyDictionary[Optimizer, tuple[int, list[float]]] = WeakKeyDictionary()

    def __call__(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """As a hook that runs before the optimiser's step."""
        rates = [float(group["lr"]) for group in optimizer.param_groups]
        step, full = self.begun.get(optimizer, (0, rates))
        if step < self.steps:
            for group, rate in zip(optimizer.param_groups, full, strict=True):
                group["lr"] = rate * (step + 1) / self.steps
            self.begun[optimizer] = (step + 1, full)

    def __deepcopy__(self, memo: Any) -> "WarmUp":
        """A copied optimiser begins anew."""
        return WarmUp(self.steps)


def apply(patient: Patient, finding: Finding) -> str:
    """Have the learning rate rise in a line over the first steps."""
    patient.optimizer.register_step_pre_hook(WarmUp(STEPS))
    return f"learning rate raised in a line over the first {STEPS} steps"


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        "Warm up: after each optimizer.step(), step a scheduler "
        f"torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1 / {STEPS}, total_iters={STEPS}); in a "
        "long training with Adam over as many steps as 2 / (1 - beta2)."
    )


warm_up = Remedy(
    name="warm-up",
    apply=apply,
    changes=frozenset({"optimizer"}),
    stage="updates",
    meaning=f"raises the learning rate in a line from a {STEPS}th over the first {STEPS} steps",
    advice=advice,
    citation="Goyal et al. (2017), Accurate, large minibatch SGD, section 2.2; Ma & Yarats (2021), On the "
    "adequacy of untuned warmup for adaptive optimization",
)
