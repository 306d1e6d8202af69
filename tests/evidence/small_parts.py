"""A part of each claim that is measured in about a second; without one, the first of its quick plan."""

from collections.abc import Mapping

from relume.evidence.claim import Part

SMALL: Mapping[str, Part] = {
    "faster-convergence": {"activation": "relu", "depth": 1, "steps": 3, "width": 4, "seeds": 2},
    "sparse-at-initialisation": {"draw": "zero mean", "width": 16, "seeds": 2},
}
