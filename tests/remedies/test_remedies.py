"""What holds of every remedy."""

import copy
from typing import Any

import pytest
import torch
from tests.remedies.ailing import everything, finding
from torch import Tensor

from relume.remedies import remedies
from relume.remedies.remedy import Remedy
from relume.trial import Patient, run_trial

NAMES = {
    "variance-preserving-initialisation",
    "layer-sequential-unit-variance",
    "replace-activation",
    "insert-normalisation",
    "revive-dead-units",
    "leaky-slope",
    "standardise-input",
    "clip-gradients",
    "lower-learning-rate",
    "break-symmetry",
    "regularise-activations",
    "clean-examples",
    "default-initialisation",
    "guard-operations",
    "raise-learning-rate",
    "reattach-graph",
    "train-every-layer",
    "usual-optimiser-settings",
    "adaptive-optimiser",
    "full-precision",
    "orthogonal-recurrence",
    "straight-through",
    "warm-up",
    "clean-state",
    "linear-output",
    "log-space",
    "average-neighbours",
    "choose-activation",
    "insert-shortcuts",
    "rescale-constant",
}
EITHER = {"reattach-graph", "straight-through", "full-precision"}  # the forward, or a loss that has its lines
each_remedy = pytest.mark.parametrize("remedy", remedies.values(), ids=list(remedies))


def parts_of(patient: Patient) -> dict[str, Any]:
    """What a remedy can change, to the bit, by part."""
    model, optimizer = patient.model, patient.optimizer
    return copy.deepcopy(
        {
            "model": [
                repr(model),
                [path for path, module in model.named_modules() if "forward" in module.__dict__],
                model.state_dict(),
                [parameter.requires_grad for parameter in model.parameters()],
                [module.training for module in model.modules()],
            ],
            "optimizer": [optimizer.state_dict(), len(optimizer._optimizer_step_pre_hooks)],
            "batches": list(patient.batches),
            "loss": id(patient.loss),
        }
    )


def equal(one: Any, two: Any) -> bool:
    if isinstance(one, Tensor):
        same_kind = isinstance(two, Tensor) and one.dtype == two.dtype and one.shape == two.shape
        return same_kind and bool(((one == two) | (one.isnan() & two.isnan())).all())
    if isinstance(one, dict):
        return list(one) == list(two) and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(equal, one, two))
    return bool(one == two)


def check_changes(remedy: Remedy) -> None:
    """It changes all that it declares on a patient that has everything, and nothing else."""
    patient = everything(remedy.name)
    before = parts_of(patient)
    done = remedy.apply(patient, finding(remedy.name))
    after = parts_of(patient)
    changed = {part for part in before if not equal(before[part], after[part])}
    assert done
    assert changed == (remedy.changes if remedy.name not in EITHER else {"model"})


@each_remedy
def test_it_changes_what_it_declares_and_nothing_else(remedy: Remedy) -> None:
    check_changes(remedy)


@each_remedy
def test_the_original_never_changes(remedy: Remedy) -> None:
    original = everything(remedy.name)
    before, state = parts_of(original), torch.get_rng_state()
    treated = original.copied()
    remedy.apply(treated, finding(remedy.name))
    run_trial(treated, steps=2)
    assert equal(parts_of(original), before)
    assert torch.equal(torch.get_rng_state(), state)


@each_remedy
def test_twice_gives_the_same(remedy: Remedy) -> None:
    one, two = everything(remedy.name), everything(remedy.name)
    torch.manual_seed(3)
    said_one = remedy.apply(one, finding(remedy.name))
    torch.manual_seed(4)
    said_two = remedy.apply(two, finding(remedy.name))
    assert said_one == said_two
    assert equal(one.model.state_dict(), two.model.state_dict())
    assert equal(run_trial(one, steps=2).losses.tolist(), run_trial(two, steps=2).losses.tolist())


@each_remedy
def test_the_optimizer_holds_every_parameter_afterwards(remedy: Remedy) -> None:
    patient = everything(remedy.name)
    remedy.apply(patient, finding(remedy.name))
    held = {id(p) for group in patient.optimizer.param_groups for p in group["params"]}
    assert held == {id(p) for p in patient.model.parameters()}


@each_remedy
def test_it_says_what_it_is(remedy: Remedy) -> None:
    advice = remedy.advice(finding(remedy.name))
    assert advice.endswith(".")
    assert len(advice.split()) > 5
    assert remedy.meaning
    assert remedy.citation


def test_the_names_are_those_that_rules_use() -> None:
    assert set(remedies) == NAMES
