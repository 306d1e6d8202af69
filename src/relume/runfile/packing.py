"""Few bytes for many numbers: floats rounded to what they say, and arrays packed without loss."""

import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.types import Counts, PerUnit

MANTISSA = 52  # explicit bits of a float64's mantissa
SIGN = np.uint64(1 << 63)
INFINITE = np.uint64(0x7FF << MANTISSA)


def rounded(values: PerUnit, bits: int) -> PerUnit:
    """The values with `bits` explicit bits of their mantissas kept, rounded to the nearest.

    The relative error is at most ``2 ** -(bits + 1)``, down to 2.2e-308. Zeros, infinities, NaN and signs
    stay what they are, and so do integers up to ``2 ** (bits + 1)``; rounding again changes nothing.

    References
    ----------
    Kloewer, Razinger, Dominguez, Dueben & Palmer (2021), "Compressing atmospheric data into its real
    information content", Nature Computational Science 1, 713-724.

    >>> rounded(np.array([1.0, 1000.5, -3.14159, np.inf, np.nan]), 9).tolist()
    [1.0, 1000.0, -3.140625, inf, nan]
    """
    dropped = MANTISSA - bits
    codes = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    # A tie goes to the even neighbour, so that sums of many rounded values do not drift.
    half = np.uint64((1 << (dropped - 1)) - 1) + ((codes >> np.uint64(dropped)) & np.uint64(1))
    near = (codes + half) >> np.uint64(dropped) << np.uint64(dropped)
    stays_finite = (near & INFINITE) != INFINITE  # the carry of the very largest floats would end at infinity
    down = codes >> np.uint64(dropped) << np.uint64(dropped)
    finite = np.where(stays_finite, near, down).view(np.float64)
    return np.where(np.isfinite(values), finite, values)


def pack(arrays: Sequence[NDArray[Any]]) -> bytes:
    """Arrays of int64 or float64 as bytes, without loss; small where neighbours on the last axis are alike.

    Each array becomes integers (of a float exponent and mantissa, without the low bits that are 0 in all),
    these become differences, and those their signs and then their bytes, the least significant of all first:
    what is alike comes to lie together, and zlib finds it. Equal magnitudes of opposite signs are found, too:
    the zeros of a ReLU are what did not fire.
    """
    head, body = [], []
    for array in arrays:
        if array.dtype == np.int64:
            codes, shift = array.ravel(), -1
        else:
            raw = np.ascontiguousarray(array, dtype=np.float64).ravel().view(np.uint64)
            shift = _trailing_zeros(raw)
            body.append(np.packbits((raw & SIGN) != 0).tobytes())
            codes = ((raw & ~SIGN) >> np.uint64(shift)).view(np.int64)
        planes, content = _difference_planes(codes)
        head.append([list(array.shape), shift, planes])
        body.append(content)
    header = json.dumps(head, separators=(",", ":")).encode()
    return zlib.compress(len(header).to_bytes(4, "little") + header + b"".join(body), 6)


def unpack(data: bytes) -> list[NDArray[Any]]:
    """The arrays that `pack` was given.

    Raises
    ------
    ValueError
        These are not bytes that `pack` made, or not all of them.
    """
    try:
        content = zlib.decompress(data)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    start = 4 + int.from_bytes(content[:4], "little")
    arrays: list[NDArray[Any]] = []
    for shape, shift, planes in json.loads(content[4:start]):
        size = int(np.prod(shape, dtype=np.int64))
        if shift < 0:
            codes, start = _undo_differences(content, start, size, planes)
            arrays.append(codes.reshape(shape))
            continue
        signs, start = _bits(content, start, size)
        codes, start = _undo_differences(content, start, size, planes)
        raw = (codes.view(np.uint64) << np.uint64(shift)) | np.where(signs, SIGN, np.uint64(0))
        arrays.append(raw.view(np.float64).reshape(shape))
    return arrays


def _trailing_zeros(raw: NDArray[np.uint64]) -> int:
    """How many low bits are 0 in all."""
    used = int(np.bitwise_or.reduce(raw & ~SIGN, initial=np.uint64(0)))
    return (used & -used).bit_length() - 1 if used else 0


def _difference_planes(codes: Counts) -> tuple[int, bytes]:
    """The number of bytes an absolute difference needs, and the signs and bytes of all."""
    differences = np.diff(codes, prepend=np.int64(0))  # wraps around, and back when undone
    sizes = np.abs(differences).view(np.uint64)
    planes = (int(sizes.max(initial=0)).bit_length() + 7) // 8
    table = sizes.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :planes]
    return planes, np.packbits(differences < 0).tobytes() + table.T.tobytes()


def _undo_differences(content: bytes, start: int, size: int, planes: int) -> tuple[Counts, int]:
    negative, start = _bits(content, start, size)
    table = np.zeros((size, 8), dtype=np.uint8)
    table[:, :planes] = np.frombuffer(content, np.uint8, size * planes, start).reshape(planes, size).T
    differences = table.view("<u8").ravel().astype(np.uint64).view(np.int64)
    return np.cumsum(np.where(negative, -differences, differences), dtype=np.int64), start + size * planes


def _bits(content: bytes, start: int, size: int) -> tuple[NDArray[np.bool_], int]:
    length = (size + 7) // 8
    return np.unpackbits(np.frombuffer(content, np.uint8, length, start), count=size).astype(
        bool
    ), start + length
