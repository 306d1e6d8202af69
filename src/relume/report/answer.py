"""The answer in a sentence or two, computed from the comparisons."""

from collections import Counter
from collections.abc import Sequence

from relume.studies.summary import Basis, Comparison, Summary

SUBJECT = "relu"  # the question is 'why ReLU?'; a study without it is told about its first activation
MEANING = "Faster means fewer steps to the lowest training loss that either of the two reached."
OPENINGS: dict[Basis, str] = {
    "each at its best": "Each at its best setting",
    "same setting": "With one setting for all",
}


def answer(summary: Summary) -> list[str]:
    """Say for each basis of comparison against whom it was faster, by how much, in how many networks."""
    subjects = [c.activation for c in summary.comparisons]
    if not subjects:
        return ["The study compared no two activations."]
    subject = SUBJECT if SUBJECT in subjects else subjects[0]
    own = [c for c in summary.comparisons if c.activation == subject]
    sentences = [_sentence(basis, [c for c in own if c.basis == basis]) for basis in OPENINGS]
    return [*filter(None, sentences), MEANING]


def _sentence(basis: Basis, comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return ""
    baselines = list(dict.fromkeys(c.baseline for c in comparisons))
    parts = [
        _against(baseline, _hardest([c for c in comparisons if c.baseline == baseline]))
        for baseline in baselines
    ]
    return f"{OPENINGS[basis]}, {comparisons[0].activation} {'; it '.join(parts)}."


def _hardest(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Of each network, the lowest training loss that either of the two reached."""
    chosen: dict[str, Comparison] = {}
    for comparison in sorted(comparisons, key=lambda c: c.target, reverse=True):
        if comparison.network not in chosen or comparison.pace != "neither got there":
            chosen[comparison.network] = comparison
    return list(chosen.values())


def _against(baseline: str, comparisons: Sequence[Comparison]) -> str:
    count = Counter(c.pace for c in comparisons)
    faster = [c.ratio.estimate for c in comparisons if c.pace == "faster" and c.ratio]
    slower = [1 / c.ratio.estimate for c in comparisons if c.pace == "slower" and c.ratio]
    phrases = {
        f"was {_times(faster)} faster than {baseline}": len(faster),
        f"was {_times(slower)} slower than {baseline}": len(slower),
        f"reached a training loss that {baseline} never did": count["baseline never got there"],
        f"never reached a training loss that {baseline} did": count["never got there"],
        f"was neither clearly faster nor slower than {baseline}": count["not decided"],
        f"learned no more than {baseline}, next to nothing,": count["neither got there"],
    }
    whole = len(comparisons)
    said = [f"{phrase} in {times} of {whole}" for phrase, times in phrases.items() if times]
    said[0] += " networks" if whole > 1 else " network"
    return ", ".join(said)


def _times(ratios: Sequence[float]) -> str:
    low, high = f"{min(ratios, default=1):.2f}", f"{max(ratios, default=1):.2f}"
    return f"{low} times" if low == high else f"{low} to {high} times"
