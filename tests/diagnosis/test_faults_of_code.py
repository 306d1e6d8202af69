"""Faults as people make them that other networks had not taught: named, and their twins are not."""

import re

import pytest
import torch
from tests.faults import programs
from tests.faults.program import Program

from relume.diagnosis.diagnose import diagnose
from relume.trial import admit, run_trial
from relume.types import Finding

STEPS = 50
FAULTS = (
    "autoencoder-softmax-between",  # an activation that the catalogue does not know
    "recurrent-stretched",  # a recurrence without any
    "residual-products-without-norm",
    "recurrent-forget-gates-shut",
    "siamese-within-a-twentieth",  # heals before it is over
    "transformer-rate-of-descent",  # a step replaces the weights, and the loss comes down again
    "recurrent-adam-rate",  # the gradient explodes since the steps are too large
    "residual-gain-of-a-hundred",
    "residual-factors-unknown-to-optimiser",
    "mlp-activation-before-negative-input",
    "mlp-columns-of-length-one",
)
HEALTHY = ("mlp-gates-open-and-shut", "gan-fine-curves")


def found(program: Program) -> list[Finding]:
    job = program.make()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        patient = admit(job.model, job.batches, job.loss, optimizer=job.optimizer, steps=STEPS)
        diagnosis = diagnose(run_trial(patient, steps=STEPS).readings)
    finally:
        torch.set_num_threads(threads)
    return [finding for finding in diagnosis.findings if finding.severity != "info"]


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_named_with_its_cause(name: str) -> None:
    program = programs[name]
    named = [each for each in found(program) if each.problem in (program.fault, *program.also)]
    assert any(re.search(program.cause, each.cause, re.IGNORECASE) for each in named), named


@pytest.mark.parametrize("name", [*(programs[fault].twin for fault in FAULTS), *HEALTHY])
def test_nothing_is_said_of_what_works(name: str) -> None:
    assert found(programs[name]) == []
