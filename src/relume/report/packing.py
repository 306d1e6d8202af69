"""A history as text for a page: 16 bits a number, deflated, and not more of it than there is room for."""

import base64
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from relume.report.history import QUANTITIES, History, Scale, halved
from relume.types import PerUnit

# Codes of a 16-bit number that stand for no size; all others are sizes.
NOT_SEEN, ZERO, NOT_FINITE = 0, 1, 65535
PER_DOUBLING = 64  # codes: sizes are kept within 0.6 %, where windows scatter by 5 to 20 %
SMALLEST = -160.0  # as a power of 2; float32 ends at -149
LEVEL = 6  # of zlib; 9 takes twenty times as long for 1 % less
PER_ONE = 1000  # codes: shares are kept within 0.05 %, and are 0 or 1 only if they were


def fitted(histories: Sequence[History], room: int) -> list[tuple[History, Mapping[str, str]]]:
    """Each history with its packed quantities, in at most `room` characters together.

    Where they take more, every two windows become one, in all histories alike, as often as it takes.
    """
    while True:
        packed: list[tuple[History, Mapping[str, str]]] = [
            (history, packed_quantities(history)) for history in histories
        ]
        taken = sum(len(text) for _, texts in packed for text in texts.values())
        if taken <= room or all(history.windows <= 1 for history in histories):
            return packed
        histories = [halved(history) for history in histories]


def packed_quantities(history: History) -> dict[str, str]:
    """Each quantity as base64 of zlib of its codes, row by row, all low bytes before all high ones."""
    scales: dict[str, Scale] = {quantity.name: quantity.scale for quantity in QUANTITIES}
    return {name: _packed(codes(values, scales[name])) for name, values in history.quantities.items()}


def codes(values: PerUnit, scale: Scale) -> np.ndarray:
    """Numbers as 16-bit codes.

    >>> codes(np.array([np.nan, 0.0, 1.0, 2.0, np.inf]), "log").tolist()
    [0, 1, 10242, 10306, 65535]
    >>> codes(np.array([np.nan, 0.0, 0.00001, 0.5, 1.0]), "share").tolist()
    [0, 1, 2, 501, 1001]
    """
    with np.errstate(all="ignore"):
        sizes = _log_codes(values) if scale == "log" else _share_codes(values)
    found = np.where(np.isnan(values), NOT_SEEN, np.where(values == 0, ZERO, sizes))
    return np.where(np.isinf(values), NOT_FINITE, found).astype(np.uint16)


def _log_codes(values: PerUnit) -> PerUnit:
    steps = np.rint((np.log2(values) - SMALLEST) * PER_DOUBLING)
    found: PerUnit = np.clip(np.nan_to_num(steps) + ZERO + 1, ZERO + 1, NOT_FINITE - 1)
    return found


def _share_codes(values: PerUnit) -> PerUnit:
    steps = np.rint(np.nan_to_num(values) * PER_ONE)
    return ZERO + np.where(values >= 1, PER_ONE, np.clip(steps, 1, PER_ONE - 1))


def _packed(numbers: np.ndarray) -> str:
    planes = np.ascontiguousarray(numbers, dtype="<u2").reshape(-1, 1).view(np.uint8).T
    return base64.b64encode(zlib.compress(planes.tobytes(), LEVEL)).decode("ascii")
