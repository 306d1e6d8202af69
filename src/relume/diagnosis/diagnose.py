"""From readings to a diagnosis: every rule is asked, and what follows from another fault is put under it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from relume.diagnosis.chain import examples_of
from relume.diagnosis.rule import Rule
from relume.diagnosis.rules import rules as all_rules
from relume.types import Diagnosis, Finding, Problem, Readings, Severity

# Of two faults that one cause made, the one that comes first here is told: what is nearer to the data or to
# the weights is nearer to the cause.
ORDER: tuple[Problem, ...] = (
    "non-finite",
    "symmetric-units",
    "unscaled-input",
    "unstable-updates",
    "vanishing-gradient",
    "dead-units",
    "exploding-activation",
    "saturated-units",
    "exploding-gradient",
    "stalled-layer",
)
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

# What a fault brings about wherever it is: units that are all alike, or zero, are dead and pass no gradient.
FOLLOWS: Mapping[Problem, frozenset[Problem]] = {
    "symmetric-units": frozenset({"dead-units", "vanishing-gradient", "stalled-layer"}),
    "unscaled-input": frozenset({"exploding-activation", "unstable-updates", "dead-units"}),
    "vanishing-gradient": frozenset({"stalled-layer"}),
    "dead-units": frozenset({"stalled-layer"}),
    "exploding-activation": frozenset({"unstable-updates", "exploding-gradient"}),
    "exploding-gradient": frozenset({"unstable-updates"}),
}
BACKWARDS: frozenset[Problem] = frozenset({"vanishing-gradient", "stalled-layer"})  # reach all that is before
GROWING: frozenset[Problem] = frozenset(
    {"unscaled-input", "unstable-updates", "exploding-activation", "exploding-gradient"}
)
REVIVE, REDRAW, LOWER = "revive-dead-units", "variance-preserving-initialisation", "lower-learning-rate"


def diagnose(readings: Readings, *, rules: Iterable[Rule] | None = None) -> Diagnosis:
    """Say what is wrong, judged by readings alone.

    Parameters
    ----------
    readings
        Of a watch (`watch.readings()`), or of a run file.
    rules
        Those to ask; all there are, if not given.

    Returns
    -------
    Diagnosis
        Findings, the most severe first; one for each root cause, with what follows from it as consequences.

    Examples
    --------
    >>> import relume, torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    >>> with relume.watch(model) as watch:
    ...     model(torch.randn(16, 4)).square().mean().backward()
    >>> relume.diagnose(watch.readings()).is_healthy
    True
    """
    asked = list(all_rules.values() if rules is None else rules)
    # Sums that went over make NaN of what is derived from them, which is above and below no threshold.
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        findings = [finding for rule in asked for finding in rule.find(readings)]
    return Diagnosis(
        findings=tuple(sorted(_rooted(readings, findings), key=_rank)),
        steps=len(readings.steps),
        examples=examples_of(readings),
        undecided=_undecided(readings, asked),
        readings=readings,
    )


def _undecided(readings: Readings, rules: Iterable[Rule]) -> tuple[str, ...]:
    """What could not be told for want of examples, by the rules that wanted most."""
    seen = examples_of(readings)
    return tuple(
        f"{rule.name}: {seen:,} examples seen, {rule.needs_examples:,} needed"
        for rule in rules
        if seen < rule.needs_examples
    )


def _rooted(readings: Readings, findings: list[Finding]) -> list[Finding]:
    """The findings that follow from no other; the others are their consequences."""
    places = _places(readings)
    root_of: dict[int, int] = {}
    for place, finding in sorted(enumerate(findings), key=lambda each: _rank(each[1]), reverse=True):
        causes = [
            other
            for other, root in enumerate(findings)
            if place not in _chain(other, root_of)  # of two that explain each other the graver one is told
            and _explains(root, finding)
            and _meet(places, root, finding)
        ]
        if causes:
            root_of[place] = min(causes, key=lambda other: ORDER.index(findings[other].problem))
    following: dict[int, list[Finding]] = {}
    for place in root_of:
        following.setdefault(_chain(place, root_of)[-1], []).append(findings[place])
    return [
        _with_consequences(finding, following.get(place, []))
        for place, finding in enumerate(findings)
        if place not in root_of
    ]


def _explains(root: Finding, finding: Finding) -> bool:
    """Whether a finding follows from another, if they meet; never both from each other."""
    if root.severity == "info" or root.problem == finding.problem:
        return False
    if finding.problem == "non-finite":
        return _overflows_from(root, finding)
    if root.problem == "non-finite":  # one NaN makes all that is computed from it NaN; the input is not
        return finding.problem != "unscaled-input" and not _overflows_from(finding, root)
    if {root.problem, finding.problem} == {"dead-units", "vanishing-gradient"}:
        return _explains_silence(root, finding)
    if root.remedies and root.remedies[0] in finding.remedies[:1]:  # what one remedy removes has one cause
        return ORDER.index(root.problem) < ORDER.index(finding.problem)
    return finding.problem in FOLLOWS.get(root.problem, ())


def _overflows_from(root: Finding, overflow: Finding) -> bool:
    """Whether values grew until no number held them, and this is what made them grow.

    A NaN of another origin (the data, a logarithm of 0) says nothing of inputs, weights and steps.
    """
    if overflow.remedies[:1] not in ((LOWER,), (REDRAW,)):
        return False
    return root.problem in GROWING and (root.problem != "unscaled-input" or root.severity == "error")


def _explains_silence(root: Finding, finding: Finding) -> bool:
    """Dead units end a gradient, and a signal that shrinks to a constant leaves units that never fire."""
    gradient = root if root.problem == "vanishing-gradient" else finding
    if gradient.remedies[:1] == (REVIVE,):
        return root.problem == "dead-units"
    return root.problem == "vanishing-gradient" and gradient.remedies[:1] == (REDRAW,)


def _chain(place: int, root_of: Mapping[int, int]) -> list[int]:
    """A finding, what it follows from, and so on to the root."""
    chain = [place]
    while chain[-1] in root_of:
        chain.append(root_of[chain[-1]])
    return chain


def _with_consequences(root: Finding, following: list[Finding]) -> Finding:
    severities = [root.severity, *(finding.severity for finding in following)]
    worst = min(severities, key=SEVERITIES.index)
    return replace(root, severity=worst, consequences=(*root.consequences, *sorted(following, key=_rank)))


def _rank(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), ORDER.index(finding.problem)


def _places(readings: Readings) -> dict[str, int]:
    """By path of a site or of the layer that feeds it: its place in the order of execution."""
    places: dict[str, int] = {}
    for place, site in enumerate(readings.sites):
        places.setdefault(str(site), place)
        if site.fed_by:
            places.setdefault(site.fed_by, place)
    return places


def _meet(places: Mapping[str, int], root: Finding, finding: Finding) -> bool:
    """Whether a fault can reach another: in the same stretch of the network or the one beside it."""
    first, second = _stretch(places, root), _stretch(places, finding)
    if not first or not second or root.problem == "non-finite":
        return True  # one of them concerns the whole
    if finding.problem in BACKWARDS:
        return min(second) - 1 <= max(first)
    if root.problem in BACKWARDS:  # weights that lose the gradient before it lose the signal from there on
        return max(second) + 1 >= min(first)
    return min(first) - 1 <= max(second) and min(second) - 1 <= max(first)


def _stretch(places: Mapping[str, int], finding: Finding) -> list[int]:
    names = [str(site) for site in finding.sites]
    names += [name.rpartition(".")[0] for name in finding.parameters]
    return [places[name] for name in names if name in places]
