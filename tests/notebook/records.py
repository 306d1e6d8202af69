"""One record of each kind that a notebook shows, and the same with names that nobody may take for HTML."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch
from tests.diagnosis.checks import FAULTY
from tests.evidence.planted import TRUE
from tests.evidence.test_results import by_hand
from tests.studies.tiny import tiny_data

import relume
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.studies.study import Study
from relume.types import Diagnosis, Finding, Readings, Repair, Trial

HOSTILE = "<script>alert('&')</script>"
KINDS = ("Activation", "Claim", "Diagnosis", "Judged", "Readings", "Repair", "Results", "Study")


@cache
def study() -> Study:
    short = Training(steps=20, batch_size=32)
    return relume.study(
        MLP(2, 16), tiny_data(), activations=["relu", "tanh"], initialisations=["he"], learning_rates=[0.1],
        seeds=2, training=short,
    )  # fmt: skip


@cache
def repair() -> Repair:
    before = Trial(losses=np.array([2.0, 1.99]), readings=FAULTY["sigmoid"])
    setting = {"replace-activation": "sigmoid -> relu"}
    after = Trial(losses=np.array([2.0, 0.5]), readings=FAULTY["sigmoid"], setting=setting)
    return Repair(model=torch.nn.Linear(2, 2), remedies=("replace-activation",), before=before, after=after)


@cache
def records() -> dict[str, object]:
    """By kind, as a user has them."""
    readings = FAULTY["sigmoid"]
    return {
        "Activation": relume.activations["relu"],
        "Claim": relume.claims["dying-relu"],
        "Diagnosis": relume.diagnose(readings),
        "Judged": by_hand().judged[TRUE.name],
        "Readings": readings,
        "Repair": repair(),
        "Results": by_hand(),
        "Study": study(),
    }


@cache
def hostile() -> dict[str, object]:
    """By kind, every text that is a user's or a script's own replaced."""
    diagnosis = relume.diagnose(_hostile_readings())
    judged = replace(by_hand().judged[TRUE.name], notes=(HOSTILE,))
    judged = replace(judged, verdict=replace(judged.verdict, claim=HOSTILE, effect=HOSTILE, limits=HOSTILE))
    outcomes = tuple(replace(o, setting=replace(o.setting, network=HOSTILE)) for o in study().outcomes)
    setting = {"replace-activation": HOSTILE}
    return {
        "Activation": replace(relume.activations["relu"], name=HOSTILE, formula=HOSTILE),
        "Claim": replace(TRUE, name=HOSTILE, statement=HOSTILE, method=HOSTILE, source=HOSTILE),
        "Diagnosis": replace(diagnosis, findings=tuple(map(_hostile_finding, diagnosis.findings))),
        "Judged": judged,
        "Readings": _hostile_readings(),
        "Repair": replace(repair(), after=replace(repair().after, setting=setting)),
        "Results": replace(by_hand(), judged={HOSTILE: judged}, data=HOSTILE),
        "Study": replace(study(), outcomes=outcomes),
    }


def _hostile_readings() -> Readings:
    made = FAULTY["sigmoid"]
    sites = {
        f"{HOSTILE}{name}": replace(r, site=replace(r.site, path=f"{HOSTILE}{name}", source=HOSTILE))
        for name, r in made.items()
    }
    return replace(made, readings=sites, not_seen={HOSTILE: HOSTILE})


def _hostile_finding(finding: Finding) -> Finding:
    evidence = tuple(replace(each, quantity=HOSTILE, source=HOSTILE) for each in finding.evidence)
    return replace(finding, cause=HOSTILE, evidence=evidence, remedies=(HOSTILE,))


def healthy(readings: Readings) -> Diagnosis:
    """What is told of readings in which there is nothing to find."""
    return relume.diagnose(readings, rules=())
