"""Rounding says what it promises, and packing loses nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relume.runfile.packing import pack, rounded, unpack

SHAPES = st.tuples(st.integers(0, 3), st.integers(0, 9))
FLOATS = arrays(np.float64, SHAPES, elements=st.floats())
INTEGERS = arrays(np.int64, SHAPES, elements=st.integers(-(2**63), 2**63 - 1))


@given(FLOATS, st.integers(1, 51))
def test_rounding_is_within_half_a_step_and_happens_once(values: np.ndarray, bits: int) -> None:
    kept = rounded(values, bits)
    normal = np.isfinite(values) & (np.abs(values) >= np.finfo(float).tiny)
    with np.errstate(all="ignore"):
        error = np.abs(kept / values - 1)[normal]
    largest = np.abs(values)[normal] > np.finfo(float).max * (1 - 2.0 ** -(bits + 1))
    assert (error <= np.where(largest, 2.0**-bits, 2.0 ** -(bits + 1))).all()
    np.testing.assert_array_equal(np.isfinite(kept), np.isfinite(values))
    np.testing.assert_array_equal(np.signbit(kept), np.signbit(values))
    np.testing.assert_array_equal(rounded(kept, bits), kept)


def test_rounding_keeps_small_integers_infinities_and_zeros() -> None:
    integers = np.arange(1025.0)
    np.testing.assert_array_equal(rounded(integers, 9), integers)
    special = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0])
    np.testing.assert_array_equal(rounded(special, 9).view(np.int64), special.view(np.int64))


def test_rounding_up_and_down_is_equally_frequent() -> None:
    values = np.random.default_rng(0).lognormal(0, 2, 100_000)
    assert abs((rounded(values, 9) / values - 1).mean()) < 1e-5


@given(st.lists(st.one_of(FLOATS, INTEGERS), max_size=4))
def test_what_is_packed_is_unpacked_to_the_last_bit(given_arrays: list[np.ndarray]) -> None:
    for found, expected in zip(unpack(pack(given_arrays)), given_arrays, strict=True):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found.view(np.int64), expected.view(np.int64))


def test_a_part_repeated_with_the_other_sign_costs_almost_nothing() -> None:
    noise = np.random.default_rng(0).integers(0, 10**6, 4096)
    alone, twice = len(pack([noise])), len(pack([np.stack([noise, 10**6 - noise])]))
    assert twice < 1.15 * alone


@pytest.mark.parametrize("data", [b"", b"other", pack([np.arange(99)])[:-9]])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"decompress"):
        unpack(data)
