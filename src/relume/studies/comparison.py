"""Who reached a training loss in fewer steps, and whether the seeds are enough to say so."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from relume.studies.intervals import ratio_interval
from relume.studies.summary import Basis, Comparison, Pace
from relume.types import Interval, Outcome, PerUnit

BASELINES = ("sigmoid", "tanh")
SMOOTHING_STEPS = 10  # a single batch's loss crosses a target by luck
# Of two equal activations one wins all of n seeds with probability 2 / 2^n, and the interval then excludes 1:
# with 5 seeds in 6 %, with 2 in half of all cases.
MINIMUM_SEEDS = 5

Group = Sequence[Outcome]  # one setting, a seed each


def running_mean(losses: PerUnit, window: int) -> PerUnit:
    """Means over `window` steps, [steps - window + 1]."""
    return np.convolve(losses, np.full(window, 1 / window), mode="valid")


def steps_to(outcome: Outcome, target: float) -> int | None:
    """The first step after which the mean loss of the last 10 batches was at most `target`; None if never."""
    window = min(SMOOTHING_STEPS, len(outcome.losses))
    if not window:
        return None
    reached = running_mean(outcome.losses, window) <= target
    return int(reached.argmax()) + window if reached.any() else None


def compare(basis: Basis, groups: Sequence[Group], targets: Sequence[float]) -> Iterator[Comparison]:
    """Every activation against each baseline in the same network, to each target."""
    by_network: dict[str, dict[str, Group]] = {}
    for group in groups:
        by_network.setdefault(group[0].setting.network, {})[group[0].setting.activation] = group
    for network, members in by_network.items():
        for baseline in (name for name in BASELINES if name in members):
            yield from _against(basis, network, baseline, members, targets)


def _against(
    basis: Basis, network: str, baseline: str, members: Mapping[str, Group], targets: Sequence[float]
) -> Iterator[Comparison]:
    for activation in (name for name in members if name != baseline):
        for target in targets:
            ratio, pace = judge(
                [steps_to(o, target) for o in members[activation]],
                [steps_to(o, target) for o in members[baseline]],
                most=max(len(o.losses) for o in (*members[activation], *members[baseline])),
            )
            yield Comparison(
                basis=basis,
                network=network,
                activation=activation,
                baseline=baseline,
                target=target,
                ratio=ratio,
                pace=pace,
            )


def judge(
    steps: Sequence[int | None], baseline: Sequence[int | None], *, most: int
) -> tuple[Interval | None, Pace]:
    """The ratio of the baseline's steps to the activation's over paired seeds, and what it allows to say.

    A seed that never got there would have needed more than the `most` steps it had, and counts as
    `most`. That makes the ratio too small where the baseline's is missing, so 'faster' may still be
    said, and too large where the activation's is missing, so 'slower' may. 'Faster' and 'slower' need
    an interval that excludes 1, over five seeds at least.

    Examples
    --------
    >>> judge([10, 11, 12, 11, 10], [30, 36, 33, 30, 32], most=100)[1]
    'faster'
    >>> judge([10, 11], [30, 36], most=100)[1]
    'not decided'
    >>> judge([10, 11, 12], [None, None, None], most=100)[1]
    'baseline never got there'
    """
    missing, baseline_missing = (sum(s is None for s in group) for group in (steps, baseline))
    if missing == len(steps) or baseline_missing == len(baseline):
        return None, _one_sided(missing == len(steps), baseline_missing == len(baseline))
    ratio = ratio_interval([s or most for s in baseline], [s or most for s in steps])
    if ratio.seeds < MINIMUM_SEEDS:
        return ratio, "not decided"
    if ratio.low > 1 and not missing:
        return ratio, "faster"
    if ratio.high < 1 and not baseline_missing:
        return ratio, "slower"
    return ratio, "not decided"


def _one_sided(never: bool, baseline_never: bool) -> Pace:
    if never and baseline_never:
        return "neither got there"
    return "never got there" if never else "baseline never got there"
