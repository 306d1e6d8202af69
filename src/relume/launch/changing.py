"""Makes the changes that `--with` asked for, of each model and optimiser when it is met."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.optim import Optimizer

from relume.launch.changes import Changes
from relume.launch.clipping import Clipping
from relume.types import Finding

_REMEDIES = {
    "variance-preserving": "variance-preserving-initialisation",
    "lsuv": "layer-sequential-unit-variance",
}
# Remedies are given the finding that they are tried for; here a person has decided.
_ASKED_FOR = Finding(
    problem="vanishing-gradient", severity="info", sites=(), evidence=(), cause="asked for", remedies=()
)


class Changing:
    """The changes at work, and what came of them."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self._done: dict[str, None] = {}  # sentences, in order, each once
        self._clipping = None if changes.clip is None else Clipping(changes.clip)

    @property
    def need_a_batch(self) -> bool:
        """Whether a model has to be seen at work before it can be changed."""
        return bool(self.changes.swaps) or self.changes.start is not None

    def meet(self, optimizer: Optimizer) -> None:
        """Change a new optimiser's learning rate; what schedules it later starts from there."""
        changes = self.changes
        if changes.rate is None and changes.rate_factor == 1:
            return
        before = optimizer.param_groups[0].get("lr")
        for group in [*optimizer.param_groups, optimizer.defaults]:
            if "lr" in group:
                group["lr"] = group["lr"] * changes.rate_factor if changes.rate is None else changes.rate
        if before is not None:
            self._note(f"learning rate {float(before):g} -> {float(optimizer.param_groups[0]['lr']):g}")

    def change(self, model: nn.Module, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Change a model in place, given what its forward is about to be called with.

        Hidden activations are swapped; those that make the output or a gate stay.
        """
        # Here, because most runs are not changed, and every one waits for what is imported at its start.
        from relume.remedies import remedies
        from relume.remedies.swapping import swap_hidden
        from relume.trial import Patient

        patient = Patient(model, optimizer, _run, ((_kept(args), _kept(kwargs)),))
        if swaps := self.changes.swaps:
            self._note(swap_hidden(patient, swaps) or f"no hidden {' or '.join(swaps)} to replace")
        if self.changes.start is not None:
            done = remedies[_REMEDIES[self.changes.start]].apply(patient, _ASKED_FOR)
            self._note(done or "no layer to draw anew")
            if distributed.is_available() and distributed.is_initialized():
                for parameter in model.parameters():  # every rank had another batch
                    distributed.broadcast(parameter.detach(), 0)

    def before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        """Clip the gradients, if that was asked for; returns the arguments of the step, if they change."""
        return self._clipping and self._clipping.before_step(optimizer, args, kwargs)

    def told(self) -> list[str]:
        """What was changed, a sentence each."""
        return [*self._done, *([self._clipping.told()] if self._clipping else [])]

    def _note(self, sentence: str) -> None:
        self._done[sentence] = None


def _run(model: nn.Module, batch: Any) -> Tensor:
    args, kwargs = batch
    result: Tensor = model(*args, **kwargs)
    return result


def _kept(value: Any) -> Any:
    """The same, safe from whatever the script does with it next."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _kept(each) for key, each in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_kept(each) for each in value)
    return value


class FirstCall:
    """A module's forward until it is first called: calls back, then goes on as if it had never been there."""

    def __init__(self, module: nn.Module, then: Any) -> None:
        self.module, self.then = module, then
        self.found = vars(module).get("forward")

    def __reduce__(self) -> tuple[Any, ...]:
        return FirstCall, (self.module, None)  # a copy of the module calls nobody back

    def put(self) -> None:
        """Wait for the first call."""
        vars(self.module)["forward"] = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Leave, call back, and run the forward that is there now."""
        if self.then is None or torch.compiler.is_compiling():
            forward = self.found if self.then else None
            return (forward or partial(type(self.module).forward, self.module))(*args, **kwargs)
        del vars(self.module)["forward"]
        if self.found is not None:
            vars(self.module)["forward"] = self.found
        self.then(args, kwargs)
        return self.module.forward(*args, **kwargs)
