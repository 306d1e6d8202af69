"""Records for machines: JSON with numbers as numbers, and null where there is none that is finite."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from relume.catalogue.activation import Activation
from relume.report.compare import common_parts, mean_loss
from relume.report.run_view import RunView, verdict
from relume.types import Diagnosis, Evidence, Finding, Reading, Readings


def print_json(record: Mapping[str, Any], *, indent: int | None = 2) -> None:
    """Write a record to stdout."""
    print(json.dumps(_finite(record), indent=indent, allow_nan=False, ensure_ascii=False), flush=True)


def diagnosis_record(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis: the verdict, every finding, on how much it rests."""
    return {
        "verdict": verdict(diagnosis),
        "healthy": diagnosis.is_healthy,
        "steps": diagnosis.steps,
        "examples": diagnosis.examples,
        "findings": [finding_record(finding) for finding in diagnosis.findings],
        "undecided": list(diagnosis.undecided),
    }


def finding_record(finding: Finding) -> dict[str, Any]:
    """A finding, and what follows from it."""
    return {
        "problem": finding.problem,
        "severity": finding.severity,
        "sites": [{"name": str(site), **asdict(site)} for site in finding.sites],
        "parameters": list(finding.parameters),
        "evidence": [_evidence_record(evidence) for evidence in finding.evidence],
        "cause": finding.cause,
        "remedies": list(finding.remedies),
        "consequences": [finding_record(each) for each in finding.consequences],
    }


def comparison_record(one: Readings, two: Readings, *, names: tuple[str, str]) -> dict[str, Any]:
    """Two runs: their mean losses over the same steps, and every site of both."""
    return {
        "runs": list(names),
        "losses": [
            {
                "first_step": int(part[0]),
                "last_step": int(part[-1]),
                "mean_loss": [mean_loss(each.steps, part) for each in (one, two)],
            }
            for part in common_parts(one.steps, two.steps)
        ],
        "sites": [
            {"name": name, "runs": [_site_record(each.get(name)) for each in (one, two)]}
            for name in dict.fromkeys([*one, *two])
        ],
    }


def window_record(view: RunView) -> dict[str, Any]:
    """What `relume watch` tells when a window was closed: the last window, and the verdict so far."""
    history = view.history
    return {
        "windows": view.windows,
        "steps": len(view.steps),
        "loss": last_loss(view),
        "state": view.state,
        "diagnosis": diagnosis_record(view.diagnosis),
        "sites": {
            str(site): {name: float(values[row, -1]) for name, values in history.quantities.items()}
            for row, site in enumerate(history.sites)
            if history.windows
        },
    }


def activation_record(activation: Activation) -> dict[str, Any]:
    """What is known of an activation, without its functions."""
    return {
        "name": activation.name,
        "formula": activation.formula,
        "range": list(activation.range),
        "limits": list(activation.limits),
        "flat_ends": activation.flat_ends,
        "symmetry": activation.symmetry,
        "monotonicity": activation.monotonicity,
        "zero_region": activation.zero_region,
        "kinks": [asdict(kink) for kink in activation.kinks],
        "parameters": dict(activation.parameters),
        "form": activation.form,
        "citation": str(activation.citation),
    }


def last_loss(view: RunView) -> float:
    """The loss of the last step that had one; nan if there is none."""
    given = view.steps.losses[~np.isnan(view.steps.losses)]
    return float(given[-1]) if len(given) else math.nan


def _evidence_record(evidence: Evidence) -> dict[str, Any]:
    return {
        "quantity": evidence.quantity,
        "measured": evidence.measured,
        "threshold": evidence.threshold,
        "unit": evidence.unit,
        "source": evidence.source,
    }


def _site_record(reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "activation": reading.site.activation,
        "source": reading.site.source,
        "units": reading.value.units,
        "never_fired": int((reading.value.fired == 0).sum()),
        "root_mean_square": reading.value.root_mean_square,
        "zero_fraction": reading.value.zero_fraction,
        "gradient_root_mean_square": reading.gradient.root_mean_square,
    }


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
