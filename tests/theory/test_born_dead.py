"""Born-dead probabilities: both bounds to the digits published, and simulated networks between them."""

import math

import pytest
import torch
from scipy import stats

from relume.theory.born_dead import lower_bound, simulate, upper_bound, wilson_interval

# lower / simulated with 10,000 networks / upper, by width and for these depths. An earlier version of this
# table had .998 for the lower bound of width 3 and depth 50, which is wrong: the formula gives 0.99749.
DEPTHS = (5, 10, 20, 50)
TABLE = {
    2: ".477/.499/.684 .870/.881/.925 .993/.993/.996 1.000/1.000/1.000",
    3: ".173/.203/.414 .513/.585/.699 .864/.892/.921 .997/.998/.999",
    4: ".051/.075/.228 .204/.302/.441 .520/.627/.707 .924/.946/.958",
    5: ".014/.023/.119 .064/.130/.249 .214/.358/.453 .636/.758/.789",
    8: ".0002/.0008/.016 .001/.008/.035 .005/.033/.072 .031/.140/.175",
    10: ".0000/.0001/.004 .0001/.0008/.009 .0003/.0064/.018 .002/.035/.047",
}
CASES = [
    (width, depth, *cell.split("/"))
    for width, line in TABLE.items()
    for depth, cell in zip(DEPTHS, line.split(), strict=True)
]
NETWORKS = 10_000


@pytest.mark.parametrize(("width", "depth", "lower", "simulated", "upper"), CASES)
def test_table(width: int, depth: int, lower: str, simulated: str, upper: str) -> None:
    assert f"{lower_bound(width, depth):.{len(lower.partition('.')[2])}f}".lstrip("0") == lower.lstrip("0")
    assert f"{upper_bound(width, depth):.{len(upper.partition('.')[2])}f}".lstrip("0") == upper.lstrip("0")
    generator = torch.Generator().manual_seed(1000 * width + depth)
    found = simulate(width, depth, networks=NETWORKS, generator=generator)
    assert found.low <= upper_bound(width, depth)
    assert found.high >= lower_bound(width, depth)
    # Two samples of 10,000: 24 comparisons at a two-sided level of 1 in 10,000 each.
    published = float(simulated)
    pooled = (found.estimate + published) / 2
    tolerance = 3.89 * math.sqrt(2 * pooled * (1 - pooled) / NETWORKS)
    rounding = 0.5 * 10.0 ** -len(simulated.partition(".")[2])
    assert abs(found.estimate - published) <= tolerance + rounding


def test_the_upper_bound_keeps_its_digits_for_wide_networks() -> None:
    assert upper_bound(60, 3) == pytest.approx(2 * 2.0**-60, rel=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (10, 10), (58, 100), (9999, 10_000)])
def test_wilson_against_scipy(successes: int, trials: int) -> None:
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    found = wilson_interval(successes, trials)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.low <= found.estimate <= found.high


def test_the_generator_decides() -> None:
    first, second = (
        simulate(3, 5, networks=500, generator=torch.Generator().manual_seed(7)) for _ in range(2)
    )
    assert first == second
