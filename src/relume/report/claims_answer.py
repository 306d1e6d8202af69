"""The answer in a few sentences, and where it differs from the literature: both made from the verdicts."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from relume.evidence.claim import Claim
from relume.evidence.results import Judged, Results
from relume.report.claims import agrees, effect_text, interval_text, title
from relume.types import Holding

# A sentence each; the claim that says most about the matter comes first and is told with its numbers.
THEMES = {
    "The error signal": (
        "vanishing-error-signal",
        "flat-derivatives",
        "he-initialisation",
        "gradient-direction",
    ),
    "Speed": ("faster-convergence", "cost"),
    "Sparse codes": (
        "sparse-after-training",
        "sparse-at-initialisation",
        "variable-size",
        "linear-separability",
        "disentanglement",
        "sparse-data",
    ),
    "The shape of the function": ("one-sidedness", "twice-the-units", "softplus-and-tanh"),
    "What can go wrong": ("dying-relu", "unbounded-outputs", "derivative-at-zero"),
}
OTHERS = "Also"
HOLDINGS: Mapping[Holding, tuple[str, str]] = {  # of one claim, of several
    "holds": ("holds", "hold"),
    "holds within limits": ("holds within limits", "hold within limits"),
    "does not hold": ("does not hold", "do not hold"),
    "not decided": ("is not decided", "are not decided"),
}


def claims_answer(results: Results) -> list[str]:
    """A sentence for each theme: its first claim with the numbers, then how the others came out."""
    themes = {lead: [name for name in names if name in results.judged] for lead, names in THEMES.items()}
    known = {name for names in THEMES.values() for name in names}
    themes[OTHERS] = [name for name in results.judged if name not in known]
    return [_sentence(lead, names, results.judged) for lead, names in themes.items() if names]


def tally(results: Results) -> str:
    """How many claims hold, and how many do not.

    Returns
    -------
    str
        "18 claims: 6 hold, 9 hold within limits, 2 do not hold, 1 is not decided."
    """
    count = Counter(each.verdict.holds for each in results.judged.values())
    parts = [
        f"{count[h]} {one if count[h] == 1 else many}" for h, (one, many) in HOLDINGS.items() if count[h]
    ]
    whole = len(results.judged)
    return f"{whole} claim{'s' * (whole != 1)}: {', '.join(parts)}."


def in_order(names: Mapping[str, object]) -> list[str]:
    """The names in the order of the answer: theme by theme, what belongs to none at the end."""
    themed = [name for theme in THEMES.values() for name in theme]
    return sorted(names, key=lambda name: themed.index(name) if name in themed else len(themed))


def disagreements(results: Results, claims: Mapping[str, Claim]) -> list[str]:
    """Where the measurements are not what the literature says, a sentence each."""
    return [
        sentence for name, each in results.judged.items() for sentence in _disagreements(claims[name], each)
    ]


def _disagreements(claim: Claim, judged: Judged) -> Iterator[str]:
    verdict, name = judged.verdict, title(claim.name)
    found = effect_text(verdict)
    if verdict.holds == "does not hold":
        yield f"{name}: it does not hold here. {claim.source}: “{claim.statement}” Measured: {found}."
    elif verdict.holds == "holds within limits":
        yield f"{name}: it holds within limits only, {verdict.limits}. {claim.source}: “{claim.statement}”"
    for published in claim.published:
        if agrees(published, judged.samples) is False and published.ours is not None:
            ours = interval_text(published.ours(judged.samples))
            yield f"{name}: {published.quantity} is {published.value} in {published.source}, {ours} here."


def _sentence(lead: str, names: list[str], judged: Mapping[str, Judged]) -> str:
    first, *others = names
    verdict = judged[first].verdict
    parts = [f"{title(first)} {HOLDINGS[verdict.holds][0]}{_numbers(judged[first])}"]
    for holding, (one, many) in HOLDINGS.items():
        alike = [title(name) for name in others if judged[name].verdict.holds == holding]
        if alike:
            parts.append(f"{_listed(alike)} {one if len(alike) == 1 else many}")
    return f"{lead}: {'; '.join(parts)}."


def _numbers(judged: Judged) -> str:
    verdict = judged.verdict
    if not verdict.effect or math.isnan(verdict.interval.estimate):
        return ""
    return f" ({effect_text(verdict)})"


def _listed(names: list[str]) -> str:
    quiet = [name if name.startswith(("ReLU", "He ", "L1")) else name[0].lower() + name[1:] for name in names]
    return quiet[0] if len(quiet) == 1 else f"{', '.join(quiet[:-1])} and {quiet[-1]}"
