"""Faults as people make them that other networks had not taught: named, and their twins are not."""

import re

import pytest
import torch
from tests.faults import programs
from tests.faults.program import Job, Program
from torch import nn

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
    "transformer-demand-in-watts",  # normalised within, so that sites show nothing
    "recurrent-index-in-points",
    "transformer-feed-below-0",  # too few examples to call units dead, but for the bias
    "transformer-five-of-a-half",  # the gradient leaves the numbers before the values do
    "transformer-noam-of-twenty",
    "autoencoder-code-of-deviation-three",  # a sigmoid between others, drawn shut
)
# The last one's judge is called before the generator, and after it.
HEALTHY = ("mlp-gates-open-and-shut", "gan-fine-curves", "gan-flat-where-real")


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


@pytest.mark.parametrize(("deviation", "named"), [(1.0, ["saturated-units"]), (None, [])])
def test_a_cell_whose_gates_are_not_seen_is_judged_by_its_weights(
    deviation: float | None, named: list[str]
) -> None:
    torch.manual_seed(0)
    cell, head = nn.LSTM(3, 32, batch_first=True), nn.Linear(32, 1)
    if deviation:
        nn.init.normal_(cell.weight_hh_l0, std=deviation)
    model = nn.ModuleList([cell, head])
    x = torch.randn(64, 8, 3)
    job = Job(
        model,
        torch.optim.Adam(model.parameters(), lr=3e-3),
        [(x, x.sum((1, 2))[:, None] / 5)],
        lambda model, batch: nn.functional.mse_loss(model[1](model[0](batch[0])[0][:, -1]), batch[1]),
    )
    program = Program("recurrent", "recurrent", None, "", "", lambda: job)
    assert [each.problem for each in found(program)] == named
