"""Large activations cost something, so that they do not grow."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.probe.calls import kind_of, name_of, plain
from relume.remedies.remedy import Remedy, lines_of
from relume.trial import SEED, Batch, Loss, Patient, random_state_restored
from relume.types import Finding

SHARE = 0.1  # of the loss at the start that the penalty makes up: felt, but not what is learned
USUAL_STRENGTH = 1e-3  # Glorot, Bordes & Bengio (2011), section 4.1; where the loss is not finite


class Penalised:
    """A loss plus `strength` times the mean absolute value of each activation, summed over them."""

    def __init__(self, loss: Loss, strength: float) -> None:
        self.loss, self.strength = loss, strength

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        """The loss of a model on a batch, with the penalty."""
        loss, penalty = _with_penalty(self.loss, model, batch)
        return loss if penalty is None else loss + self.strength * penalty


def apply(patient: Patient, finding: Finding) -> str:
    """Add a penalty that makes up a tenth of the loss on the first batch."""
    copied = patient.copied()
    with random_state_restored():
        torch.manual_seed(SEED)
        loss, penalty = _with_penalty(copied.loss, copied.model, copied.batches[0])
    if penalty is None:
        return ""
    size, cost = abs(float(loss.detach())), float(penalty.detach())
    ratio = size / cost if cost > 0 else float("inf")
    strength = SHARE * ratio if 0 < ratio < float("inf") else USUAL_STRENGTH
    patient.loss = Penalised(patient.loss, strength)
    return f"loss + {strength:.3g} * sum over activations of mean |h|"


def _with_penalty(loss: Loss, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor | None]:
    collecting = _Collecting()
    handles = [
        model.register_forward_pre_hook(collecting.begin),
        model.register_forward_hook(collecting.end, always_call=True),
    ]
    try:
        with collecting:
            value = loss(model, batch)
    finally:
        for handle in handles:
            handle.remove()
    return value, torch.stack(collecting.means).sum() if collecting.means else None


class _Collecting(TorchFunctionMode):
    """Keeps the mean absolute value of what activations return within a model, but not within its loss."""

    def __init__(self) -> None:
        super().__init__()
        self.means: list[Tensor] = []
        self.is_within = False

    def begin(self, *_: Any) -> None:
        self.is_within = True

    def end(self, *_: Any) -> None:
        self.is_within = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call; keep its mean, if it is an activation's."""
        keywords = kwargs or {}
        result = func(*args, **keywords)
        if self.is_within and kind_of(func) == "activation" and result.requires_grad:
            named = tuple((key, plain(value)) for key, value in keywords.items() if key != "input")
            if name_of(func, tuple(plain(value) for value in args[1:]), named):
                self.means.append(result.float().abs().mean())
        return result


def advice(finding: Finding) -> str:
    """What to change in one's own code."""
    return (
        f"Add an L1 penalty on the activations at {lines_of(finding)} to the loss: loss + strength * "
        "h.abs().mean() for "
        "each, with a strength that makes it a tenth of the loss at the start."
    )


regularise_activations = Remedy(
    name="regularise-activations",
    apply=apply,
    changes=frozenset({"loss"}),
    stage="loss",
    meaning="adds an L1 penalty on activations to the loss, a tenth of it at the start",
    advice=advice,
    citation="Glorot, Bordes & Bengio (2011), Deep sparse rectifier neural networks, section 3.2",
)
