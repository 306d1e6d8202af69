"""The series that a window of a run is told as: stable names, finite numbers."""

import math
import re
from collections.abc import Mapping

import numpy as np

from relume.diagnosis.diagnose import ORDER
from relume.types import Diagnosis, Readings

PREFIX = "relume"
SEVERITY = {"info": 1.0, "warning": 2.0, "error": 3.0}  # 0: not found


def series_of(window: Readings, dead: Mapping[str, float]) -> dict[str, float]:
    """What one window says of its steps, sites and parameters.

    Parameters
    ----------
    dead
        By site, the share of its units that were above 0 on no example of the window.

    Returns
    -------
    dict
        By name, as docs/integrations.md lists them. What is nan or infinite is left out: trackers differ in
        what they make of it, and `relume/findings/non-finite` tells it.
    """
    told = {**_of_steps(window), **_of_sites(window, dead), **_of_parameters(window)}
    return {name: value for name, value in told.items() if math.isfinite(value)}


def dead_fractions(window: Readings) -> dict[str, float]:
    """By site, the share of units that never fired in a window that has its units apart."""
    return {name: float(np.mean(reading.value.fired == 0)) for name, reading in window.items()}


def series_of_findings(diagnosis: Diagnosis) -> dict[str, float]:
    """The gravest severity of each problem: 0 not found, 1 info, 2 warning, 3 error."""
    told = {f"{PREFIX}/findings/{problem}": 0.0 for problem in ORDER}
    for finding in diagnosis.findings:
        name = f"{PREFIX}/findings/{finding.problem}"
        told[name] = max(told[name], SEVERITY[finding.severity])
    return told


def _of_steps(window: Readings) -> dict[str, float]:
    steps = window.steps
    losses = steps.losses[~np.isnan(steps.losses)]
    rates = steps.learning_rates[~np.isnan(steps.learning_rates)]
    return {
        f"{PREFIX}/loss": float(losses.mean()) if len(losses) else math.nan,
        f"{PREFIX}/learning_rate": float(rates[-1]) if len(rates) else math.nan,
    }


def _of_sites(window: Readings, dead: Mapping[str, float]) -> dict[str, float]:
    told: dict[str, float] = {}
    for site, reading in window.items():
        values, gradients = reading.value, reading.gradient
        count = int(values.count.sum())
        found = {
            "root_mean_square": values.root_mean_square,
            "zero_fraction": values.zero_fraction,
            "flat_fraction": float(values.flat.sum()) / count if count else math.nan,
            "dead_fraction": dead.get(site, math.nan),
            "gradient_root_mean_square": gradients.root_mean_square,
        }
        told |= {f"{PREFIX}/{_quoted(site)}/{name}": value for name, value in found.items()}
    return told


def _of_parameters(window: Readings) -> dict[str, float]:
    told: dict[str, float] = {}
    for name, parameter in window.parameters.items():
        found = {
            "update_ratio": parameter.update_ratio,
            "gradient_norm": parameter.gradient_norm,
            "weight_norm": parameter.weight_norm,
        }
        told |= {f"{PREFIX}/{_quoted(name)}/{kind}": value for kind, value in found.items()}
    return told


def _quoted(name: str) -> str:
    """A site's name in letters that every tracker takes.

    >>> _quoted("layer1.0.act1#2"), _quoted("(model)")
    ('layer1.0.act1:2', '_model_')
    """
    return re.sub(r"[^\w.:\- ]", "_", name.replace("#", ":"), flags=re.ASCII)
