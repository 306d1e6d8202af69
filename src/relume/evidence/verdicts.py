"""From intervals to a verdict: on which side of a threshold they lie, and what many cases add up to."""

from collections.abc import Mapping

from relume.types import Holding, Interval, Verdict


def above(interval: Interval, threshold: float) -> Holding:
    """Whether it lies above the threshold: decided only where the whole interval is on one side.

    >>> above(Interval(4.1, 3.2, 5.0, 8), 1.0), above(Interval(1.1, 0.7, 1.6, 8), 1.0)
    ('holds', 'not decided')
    """
    if interval.low > threshold:
        return "holds"
    return "does not hold" if interval.high <= threshold else "not decided"  # nan bounds decide nothing


def below(interval: Interval, threshold: float) -> Holding:
    """Whether it lies below the threshold.

    >>> below(Interval(0.2, 0.1, 0.3, 8), 0.5), below(Interval(0.9, 0.8, 1.0, 8), 0.5)
    ('holds', 'does not hold')
    """
    if interval.high < threshold:
        return "holds"
    return "does not hold" if interval.low >= threshold else "not decided"


def within(interval: Interval, low: float, high: float) -> Holding:
    """Whether it lies between two bounds, as 'equal for all practical purposes' has to be shown.

    >>> within(Interval(0.501, 0.499, 0.503, 8), 0.49, 0.51), within(Interval(0.5, 0.3, 0.7, 8), 0.49, 0.51)
    ('holds', 'not decided')
    """
    if low <= interval.low and interval.high <= high:
        return "holds"
    return "does not hold" if interval.high < low or interval.low > high else "not decided"


def both(*parts: Holding) -> Holding:
    """What a case comes to that needs several things: all of them, and one that fails is enough to refute it.

    >>> both("holds", "not decided"), both("holds", "does not hold", "not decided")
    ('not decided', 'does not hold')
    """
    if "does not hold" in parts:
        return "does not hold"
    return "holds" if all(part == "holds" for part in parts) and parts else "not decided"


def over_cases(cases: Mapping[str, Holding]) -> tuple[Holding, str]:
    """What many cases come to, and the limits in words: within limits, if it holds in some of them only.

    >>> over_cases({"depth 5": "holds", "depth 10": "holds", "depth 20": "does not hold"})
    ('holds within limits', 'holds at depth 5, depth 10; not at depth 20')
    >>> over_cases({"depth 5": "does not hold", "depth 20": "does not hold"})
    ('does not hold', '')
    """
    if cases and len(set(cases.values())) == 1:
        return next(iter(cases.values())), ""
    if "holds" in cases.values():
        return "holds within limits", limits(cases)
    return "not decided", ""  # refuted in some cases, open in the others


def limits(cases: Mapping[str, Holding]) -> str:
    """Where it holds, where not, and where that is open."""
    said = {"holds": "holds at", "holds within limits": "within limits at", "does not hold": "not at"}
    said["not decided"] = "not decided at"
    named = {answer: [case for case, found in cases.items() if found == answer] for answer in said}
    comma = " / " if any("," in case for case in cases) else ", "
    return "; ".join(f"{said[answer]} {comma.join(names)}" for answer, names in named.items() if names)


def verdict(claim: str, effect: str, interval: Interval, cases: Mapping[str, Holding]) -> Verdict:
    """The verdict of a claim whose cases have been decided one by one.

    Parameters
    ----------
    claim
        Its name.
    effect
        What the interval is of, as a reader would quote it: "steps to loss 0.5, sigmoid over ReLU, depth 10".
    cases
        By name of the case ("depth 10", "float16"), whether the claim holds there.
    """
    holds, where = over_cases(cases)
    return Verdict(claim=claim, holds=holds, effect=effect, interval=interval, limits=where)
