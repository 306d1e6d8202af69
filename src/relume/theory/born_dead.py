"""The probability that a ReLU network is born dead: constant before it is ever trained.

N is the width and L the number of weight layers, L - 1 of them hidden. Biases are zero and weights symmetric
about zero.

References
----------
Lu, Shin, Su, Karniadakis (2020), Dying ReLU and initialization: theory and numerical examples.
"""

import math

import torch

from relume.types import Interval

TWO_SIDED_95 = 1.959963984540054  # the normal distribution's 97.5 % point


def upper_bound(width: int, depth: int) -> float:
    """Bound it from above: 1 - (1 - 2^-N)^(L - 1), the probability of being dead for one given input.

    >>> round(upper_bound(3, 10), 3)
    0.699
    """
    return -math.expm1((depth - 1) * math.log1p(-(2.0**-width)))


def lower_bound(width: int, depth: int) -> float:
    r"""Bound it from below, for one input dimension.

    1 - a_1^(L-2) + (1 - 2^(1-N)) (1 - 2^-N) / (1 + (N - 1) 2^-N) (a_2^(L-2) - a_1^(L-2)) with a_1 = 1 - 2^-N
    and a_2 = 1 - 2^(1-N) - (N - 1) 4^-N.

    >>> round(lower_bound(3, 10), 3)
    0.513
    """
    a_1 = 1 - 2.0**-width
    a_2 = 1 - 2.0 ** (1 - width) - (width - 1) * 4.0**-width
    factor = (1 - 2.0 ** (1 - width)) * (1 - 2.0**-width) / (1 + (width - 1) * 2.0**-width)
    return 1 - a_1 ** (depth - 2) + factor * (a_2 ** (depth - 2) - a_1 ** (depth - 2))


def simulate(width: int, depth: int, *, networks: int, generator: torch.Generator) -> Interval:
    """Count the networks of one input and He's Gaussian weights that are born dead.

    Without biases f(x) is |x| f(1) or |x| f(-1), so the two inputs 1 and -1 decide for all.

    >>> simulate(2, 5, networks=1000, generator=torch.Generator().manual_seed(0)).seeds
    1000
    """
    x = torch.tensor([1.0, -1.0]).expand(networks, 1, 2)
    for _ in range(depth - 1):
        fan_in = x.shape[1]
        weights = torch.randn(networks, width, fan_in, generator=generator) * math.sqrt(2 / fan_in)
        x = (weights @ x).relu()
    return wilson_interval(int((x == 0).all(dim=(1, 2)).sum()), networks)


def wilson_interval(successes: int, trials: int) -> Interval:
    r"""Give a proportion its 95 % interval, one that holds near 0 and 1 too.

    (p + k / 2 +- sqrt(k p (1 - p) + k^2 / 4)) / (1 + k) with k = 1.96^2 / n.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Examples
    --------
    >>> interval = wilson_interval(0, 100)
    >>> interval.low, round(interval.high, 3)
    (0.0, 0.037)
    """
    p, k = successes / trials, TWO_SIDED_95**2 / trials
    middle, half = (p + k / 2) / (1 + k), math.sqrt(k * p * (1 - p) + k**2 / 4) / (1 + k)
    # The estimate lies inside but for rounding: at p = 1 the upper end is 1.
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(estimate=p, low=min(p, low), high=max(p, high), seeds=trials)
