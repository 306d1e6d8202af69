"""Checks of one rule's findings, and faults made by changing one site or parameter of a network."""

import math
from dataclasses import replace
from typing import Any

from tests.diagnosis.made import LEVEL, STEPS, UNITS, chain, sums

from relume.diagnosis.rules import rules
from relume.types import Finding, ParameterReading, Readings, Sums

OWN = (
    "dead-units",
    "non-finite",
    "unscaled-input",
    "symmetric-units",
    "unstable-updates",
    "stalled-layer",
)
LEAPING = (2.3, 9000.0, 40.0, *[2.3] * (STEPS - 3))
DIVERGING = tuple(0.5 * 1.5**step for step in range(STEPS))


def found(problem: str, readings: Readings) -> list[Finding]:
    return list(rules[problem].find(readings))


def the(problem: str, readings: Readings) -> Finding:
    """The one finding that is more than worth knowing, complete as every finding has to be."""
    findings = [each for each in found(problem, readings) if each.severity != "info"]
    assert len(findings) == 1, findings
    complete(findings[0])
    return findings[0]


def info(problem: str, readings: Readings) -> Finding:
    """The one finding, which is only worth knowing."""
    findings = found(problem, readings)
    assert [each.severity for each in findings] == ["info"]
    complete(findings[0])
    return findings[0]


def quiet(problem: str, readings: Readings) -> bool:
    return all(each.severity == "info" for each in found(problem, readings))


def complete(finding: Finding) -> None:
    assert finding.evidence
    assert all(each.source and each.quantity and not math.isnan(each.measured) for each in finding.evidence)
    assert finding.cause[0].isupper()
    assert finding.cause.endswith((".", "?"))


def names(finding: Finding) -> list[str]:
    return [str(site) for site in finding.sites]


def with_site(readings: Readings, name: str, **changes: Any) -> Readings:
    return replace(readings, readings={**readings.readings, name: replace(readings[name], **changes)})


def with_parameter(readings: Readings, changed: ParameterReading) -> Readings:
    return replace(readings, parameters={**readings.parameters, changed.name: changed})


def no_gradient(units: int = UNITS) -> Sums:
    return sums(rms=0.0, units=units, zeros=1.0, fired=0.0)


def silent(units: int = UNITS) -> Sums:
    return sums(rms=0.0, units=units, zeros=1.0, fired=0.0, flat=1.0)


def killed(depth: int = 4, *, at: int = 2, losses: tuple[float, ...] = LEVEL) -> Readings:
    """A chain of which one site is silent, so that none of the gradient gets past it."""
    readings = chain(gradients=[1e-3] * depth, losses=losses)
    for place in range(at):
        readings = with_site(readings, str(2 * place + 1), gradient=no_gradient())
    return with_site(readings, str(2 * at + 1), value=silent())
