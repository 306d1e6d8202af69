"""What is drawn of readings, in numbers: panels of a quantity by site or by weight, and where faults are."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from relume.catalogue import activations
from relume.diagnosis.causes import MOSTLY_FLAT
from relume.diagnosis.learning import LARGE_UPDATE, NO_UPDATE
from relume.diagnosis.rules.dead_units import TOLERATED
from relume.diagnosis.rules.vanishing_gradient import LEAST_RATIO
from relume.probe.slots import INPUT
from relume.types import Diagnosis, Finding, PerUnit, Problem, Reading, Readings, Severity, Sums

VALUES: frozenset[Problem] = frozenset({"exploding-activation", "unscaled-input", "symmetric-units"})
GRADIENT: frozenset[Problem] = frozenset({"vanishing-gradient", "exploding-gradient"})
SHARES: frozenset[Problem] = frozenset({"dead-units", "saturated-units"})
UPDATES: frozenset[Problem] = frozenset({"stalled-layer", "unstable-updates"})
NOT_FINITE: frozenset[Problem] = frozenset({"non-finite"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One quantity, or some of one scale, by row."""

    title: str
    rows: tuple[str, ...]  # sites or weights, from the input to the output
    names: tuple[str, ...]  # of the rows, as they are shown
    series: Mapping[str, PerUnit]  # [rows] nan where there is none, inf where it is not finite
    scale: Literal["log", "share"]
    thresholds: Mapping[str, float]  # by what is said at the line
    problems: frozenset[Problem]  # those that this quantity shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A fault, and the rows at which it is; in a panel that shows it."""

    problem: Problem
    severity: Severity
    follows: bool  # from another fault
    rows: frozenset[str]


def panels_of(readings: Readings, *, least_ratio: float = LEAST_RATIO) -> list[Panel]:
    """Values, gradient and shares by site, updates by weight; without what no site or weight has."""
    rows = {**({INPUT: readings.input} if readings.input else {}), **readings}
    gradient = np.array([_size(reading.gradient) for reading in rows.values()])
    sites = [
        Panel(
            title="values, rms",
            rows=tuple(rows),
            names=_names(rows),
            series={"values": np.array([_size(reading.value) for reading in rows.values()])},
            scale="log",
            thresholds={},
            problems=VALUES | NOT_FINITE,
        ),
        Panel(
            title="gradient that arrives, rms",
            rows=tuple(rows),
            names=_names(rows),
            series={"gradient": gradient},
            scale="log",
            thresholds=_least(gradient, least_ratio),
            problems=GRADIENT | NOT_FINITE,
        ),
        _shares(rows),
    ]
    return [panel for panel in (*sites, *_updates(readings)) if panel.rows and panel.series]


def least_ratio_of(diagnosis: Diagnosis) -> float:
    """The share of the largest gradient that a finding was held to: the rule has more than one."""
    held = (
        evidence.threshold
        for finding, _ in _all_of(diagnosis)
        for evidence in finding.evidence
        if finding.problem == "vanishing-gradient" and evidence.quantity.startswith("gradient at")
    )
    return next((threshold for threshold in held if 0 < threshold < 1), LEAST_RATIO)


def marks_of(diagnosis: Diagnosis, readings: Readings) -> list[Mark]:
    """All findings and what follows from them, the gravest first."""
    return [
        Mark(
            problem=finding.problem,
            severity=finding.severity,
            follows=follows,
            rows=_rows(finding, readings),
        )
        for finding, follows in _all_of(diagnosis)
    ]


def _all_of(diagnosis: Diagnosis) -> list[tuple[Finding, bool]]:
    """Each finding, and whether it follows from another."""
    roots = [(finding, False) for finding in diagnosis.findings]
    return roots + [(each, True) for root, _ in roots for each in root.consequences]


def _rows(finding: Finding, readings: Readings) -> frozenset[str]:
    """Its sites, and its parameters or the weights before its sites; or the input, where that is at fault."""
    if finding.problem == "unscaled-input":
        return frozenset({INPUT})
    fed_by = {site.fed_by for site in finding.sites if site.fed_by}
    weights = finding.parameters or [
        name for name in readings.parameters if name.rpartition(".")[0] in fed_by
    ]
    return frozenset({*map(str, finding.sites), *weights})


def _shares(rows: Mapping[str, Reading]) -> Panel:
    known = {name: activations[r.site.activation] for name, r in rows.items() if name != INPUT}
    rectifiers = {name for name, activation in known.items() if activation.zero_region is not None}
    bounded = {name for name, activation in known.items() if activation.flat_ends == "both"}
    series = {
        "zeros": _share(rows, rectifiers, lambda r: (r.value.zeros.sum(), r.value.count.sum())),
        "silent units": _share(
            rows, rectifiers, lambda r: (((r.value.fired == 0) & (r.value.count > 0)).sum(), r.value.units)
        ),
        "flat values": _share(rows, bounded, lambda r: (r.value.flat.sum(), r.value.count.sum())),
    }
    limits = {"silent": TOLERATED} if rectifiers else {}
    limits |= {"flat": MOSTLY_FLAT} if bounded else {}
    return Panel(
        title="zeros, silent units" if not bounded else "flat values" if not rectifiers else "shares",
        rows=tuple(rows),
        names=_names(rows),
        series={name: values for name, values in series.items() if np.isfinite(values).any()},
        scale="share",
        thresholds=limits,
        problems=SHARES,
    )


def _updates(readings: Readings) -> list[Panel]:
    """Of weights alone: a bias that starts at 0 is changed by more than its size at once."""
    weights = [p for p in readings.parameters.values() if len(p.shape) > 1]
    if not any(p.update for p in weights):
        return []
    return [
        Panel(
            title="update over weights, a step",
            rows=(names := tuple(p.name for p in weights)),
            names=names,
            series={"update": np.array([_finite(p.update_ratio) if p.measured else 0.0 for p in weights])},
            scale="log",
            thresholds={"stands still": NO_UPDATE, "too large": LARGE_UPDATE},
            problems=UPDATES,
        )
    ]


def _names(rows: Mapping[str, Reading]) -> tuple[str, ...]:
    return tuple(name if name == INPUT else f"{name}  {r.site.activation}" for name, r in rows.items())


def _least(gradient: PerUnit, ratio: float) -> dict[str, float]:
    known = gradient[np.isfinite(gradient) & (gradient > 0)]
    return {f"1/{1 / ratio:.0f} of the largest": ratio * float(known.max())} if len(known) else {}


def _share(rows: Mapping[str, Reading], of: set[str], ratio: Callable[[Reading], tuple[int, int]]) -> PerUnit:
    pairs = [ratio(reading) if name in of else (0, 0) for name, reading in rows.items()]
    return np.array([part / whole if whole else math.nan for part, whole in pairs])


def _size(sums: Sums) -> float:
    return _finite(sums.root_mean_square) if sums.count.sum() else math.nan


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def rows_of(panels: Sequence[Panel]) -> int:
    """How many rows the longest has."""
    return max(len(panel.rows) for panel in panels)
