"""What runs on the device: `add`, launched by `relume.kernels.triton`.

A program adds up a block of units over some of the tiles of x, in registers, and ends with six atomic
operations a unit. What a mask leaves out is read as 0, which adds nothing to sums; where a 0 counts, it is
masked again.
"""

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["position", "values", "examples"])  # else they would compile it anew
def add(
    x, sums, largest, counts, seen, clock, first, bounds,
    position, values, examples,
    outer, units, inner, outer_stride, unit_stride, inner_stride, outer_tiles, inner_tiles,
    OUTER: tl.constexpr, UNITS: tl.constexpr, INNER: tl.constexpr, WIDE: tl.constexpr, AT_ONCE: tl.constexpr,
):  # fmt: skip
    """Add a block of units over a part of the tiles [OUTER, INNER, UNITS] of x; WIDE if x is float64."""
    real = tl.float64 if WIDE else tl.float32
    bits = tl.int64 if WIDE else tl.int32
    o, i = tl.arange(0, OUTER)[:, None, None], tl.arange(0, INNER)[None, :, None]
    unit = tl.program_id(0) * UNITS + tl.arange(0, UNITS)
    u = unit[None, None, :]
    # In int64: more than 2^31 values.
    corner = x + o.to(tl.int64) * outer_stride + i.to(tl.int64) * inner_stride + u.to(tl.int64) * unit_stride
    bound = bounds if WIDE else bounds + 2
    below, above = tl.load(bound).to(real), tl.load(bound + 1).to(real)
    total = tl.zeros((OUTER, INNER, UNITS), tl.float64)
    squares = tl.zeros((OUTER, INNER, UNITS), tl.float64)
    greatest = tl.zeros((OUTER, INNER, UNITS), bits)
    zeros = tl.zeros((OUTER, INNER, UNITS), tl.int32)
    fired = tl.zeros((OUTER, INNER, UNITS), tl.int32)
    ends = tl.zeros((OUTER, INNER, UNITS), tl.int32)
    every = tl.num_programs(1) * AT_ONCE
    for tile in range(tl.program_id(1) * AT_ONCE, outer_tiles * inner_tiles, every):
        for step in tl.static_range(AT_ONCE):
            o_0, i_0 = (tile + step) // inner_tiles * OUTER, (tile + step) % inner_tiles * INNER
            is_value = (o < outer - o_0) & (i < inner - i_0) & (u < units)
            offset = o_0.to(tl.int64) * outer_stride + i_0.to(tl.int64) * inner_stride
            v = tl.load(corner + offset, mask=is_value, other=0).to(real)
            wide = v.to(tl.float64)
            total += wide
            squares += wide * wide
            # Without its sign a float orders as its bits do, and NaN comes after infinity.
            greatest = tl.maximum(greatest, v.to(bits, bitcast=True) & (2**63 - 1 if WIDE else 2**31 - 1))
            zeros += ((v == 0) & is_value).to(tl.int32)
            fired += (v > 0).to(tl.int32)
            ends += (((v <= below) | (v >= above)) & is_value).to(tl.int32)
    is_unit = unit < units
    _deliver(sums + unit, total, is_unit)
    _deliver(sums + units + unit, squares, is_unit)
    _deliver(counts + unit, zeros, is_unit)
    _deliver(counts + units + unit, fired, is_unit)
    _deliver(counts + 2 * units + unit, ends, is_unit)
    _deliver_largest(largest + unit, greatest, is_unit, real)
    is_wrong = tl.max(tl.max(tl.max(greatest, 0), 0), 0) >= (0x7FF << 52 if WIDE else 0xFF << 23)  # infinity
    tl.atomic_min(first, tl.load(clock) + position, mask=is_wrong, sem="relaxed")
    is_first = (tl.program_id(0) == 0) & (tl.program_id(1) == 0)
    tl.atomic_add(seen, values.to(tl.int64), mask=is_first, sem="relaxed")
    tl.atomic_add(seen + 1, examples.to(tl.int64), mask=is_first, sem="relaxed")


@triton.jit
def _deliver(target, part, is_unit):
    """Add what a program has of each unit."""
    of_units = tl.sum(tl.sum(part, 0), 0).to(target.dtype.element_ty)
    tl.atomic_add(target, of_units, mask=is_unit, sem="relaxed")


@triton.jit
def _deliver_largest(target, greatest, is_unit, real: tl.constexpr):
    """Raise what the accumulators have of each unit: as bits, which order as the values do."""
    of_units = tl.max(tl.max(greatest, 0), 0).to(real, bitcast=True)
    # A conversion may give NaN a sign, by which it would be less than all.
    signless = of_units.to(tl.float64).to(tl.int64, bitcast=True) & (2**63 - 1)
    tl.atomic_max(target, signless, mask=is_unit, sem="relaxed")
