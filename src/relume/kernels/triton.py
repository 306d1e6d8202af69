"""The sums of a tensor on a CUDA device, by one read of it in one Triton kernel.

x is seen as [outer, units, inner] with a stride each, as contiguous and channels-last images, [..., features]
and most slices are without a copy; what needs more strides than three is copied once. A program reads tiles
of a block of units, fastest axis first, keeps sums in registers, and adds them to the accumulators by atomic
operations. Nothing is allocated a step, nothing waits for the host.

Atomic additions of floats come in any order: two equal runs may differ in the last digits of `sums`. Counts,
`largest` and the alarm are the same bit for bit, and nothing here reaches the training.

How fast it is has not been measured: block sizes and the number of programs follow from what the hardware
offers, not from timings.
"""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from math import inf, nan

import torch
import triton
from torch import Tensor, nn

from relume.kernels import reference
from relume.kernels._triton_add import add
from relume.kernels.contract import Accumulators, Alarm, Observe, new_accumulators, new_alarm

ITEM_SIZES = {torch.float32: 4, torch.float64: 8, torch.bfloat16: 2, torch.float16: 2}
PLAIN = frozenset({Tensor, nn.Parameter})  # other subclasses may have no memory, or another meaning of it

WARPS = 4
BYTES_A_THREAD = 16  # the widest load; the sums of one value take 8 registers, so wider tiles would spill
UNITS_A_TILE = 128  # more would add more atomic operations a program than the wider rows save
TILES_AT_ONCE = 4  # loads in flight a thread
VALUES_A_PROGRAM = 32  # of a unit, at least: each program adds 6 numbers a unit to the accumulators
PROGRAMS_A_PROCESSOR = 8
PLANS = 64  # layouts remembered a site: sequences come in many lengths


def observer(
    into: Accumulators,
    alarm: Alarm,
    *,
    unit_axis: int | None,
    flat: tuple[float, float],
    position: int,
) -> Observe:
    """See `relume.kernels.contract.Observer`. Tensors without plain memory go to the reference kernel.

    Raises
    ------
    ValueError
        When called: x has no unit axis, or not as many units as the accumulators.
    """
    plainly = reference.observer(into, alarm, unit_axis=unit_axis, flat=flat, position=position)
    device = into.sums.device
    if not _is_plain(into, alarm, device) or not _runs_on(device):
        return plainly
    targets, programs = _targets(into, alarm, flat), _programs(device)

    @lru_cache(maxsize=PLANS)
    def plan(shape: torch.Size, strides: tuple[int, ...], dtype: torch.dtype) -> Observe:
        axis = _checked_axis(shape, unit_axis, into.units)
        examples = shape[0] if len(shape) > 1 else 1
        if not shape.numel():
            return lambda _: _count_examples(into, examples)
        view = _as_three_axes(shape, strides, axis)
        if view is None:
            return lambda x: observe(x.detach().contiguous())
        return _launcher(targets, view, position, examples, ITEM_SIZES[dtype], programs=programs)

    def observe(x: Tensor) -> None:
        if x.device == device and _has_memory(x):
            with _current(device):
                plan(x.shape, x.stride(), x.dtype)(x)
        else:
            plainly(x)

    return observe


def _is_plain(into: Accumulators, alarm: Alarm, device: torch.device) -> bool:
    owned = (into.sums, into.largest, into.counts, into.seen, alarm.clock, alarm.first)
    return all(type(one) is Tensor and one.device == device and one.is_contiguous() for one in owned)


def _has_memory(x: Tensor) -> bool:
    """Whether the values of x are what lies at its address."""
    if type(x) not in PLAIN or x.dtype not in ITEM_SIZES or x.layout != torch.strided or x.is_neg():
        return False
    try:
        x.data_ptr()
    except RuntimeError:  # within a transformation of torch.func
        return False
    return True


@lru_cache
def _runs_on(device: torch.device) -> bool:
    """Whether Triton runs here, and rightly: it compiles at run time, by whatever version is installed."""
    try:
        failure = "" if _agrees(device) else "its sums are not those of plain torch operations"
    except Exception as error:  # of whatever kind: training goes on without this kernel
        failure = f"{type(error).__name__}: {error}"
    if failure:
        warnings.warn(
            f"Triton {triton.__version__} does not run on {device}: {failure}. Plain torch operations watch "
            "instead, which takes longer.",
            RuntimeWarning,
            stacklevel=3,
        )
    return not failure


def _agrees(device: torch.device) -> bool:
    """Try the kernel by two programs on a few values, one of them infinite."""
    x = torch.linspace(-1, 1, 3000, device=device).reshape(1000, 3)
    x[500, 1] = inf
    flat = (-0.5, nan)
    into, alarm = new_accumulators(3, device), new_alarm(device)
    with _current(device):
        _launcher(_targets(into, alarm, flat), ((1000, 3, 1), (3, 1, 0)), 1, 1000, 4, programs=2)(x)
    right, first = new_accumulators(3, device), new_alarm(device)
    reference.observer(right, first, unit_axis=1, flat=flat, position=1)(x)
    return torch.allclose(into.sums, right.sums, rtol=1e-9) and all(
        torch.equal(one, other)
        for one, other in [
            (into.largest, right.largest),
            (into.counts, right.counts),
            (into.seen, right.seen),
            (alarm.first, first.first),
        ]
    )


def _current(device: torch.device) -> AbstractContextManager[object]:
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _targets(into: Accumulators, alarm: Alarm, flat: tuple[float, float]) -> tuple[Tensor, ...]:
    """All that a launch writes to, and the flat ends; `largest` as the bits that order as its values do."""
    largest, bounds = into.largest.view(torch.int64), _bounds(flat).to(into.largest.device)
    return into.sums, largest, into.counts, into.seen, alarm.clock, alarm.first, bounds


View = tuple[tuple[int, int, int], tuple[int, int, int]]  # sizes and strides of [outer, units, inner]


def _checked_axis(shape: torch.Size, unit_axis: int | None, units: int) -> int | None:
    if unit_axis is None or not shape:
        return None
    if not -len(shape) <= unit_axis < len(shape):
        raise ValueError(f"a tensor of shape {shape} has no axis {unit_axis} of units")
    if shape[unit_axis] != units:
        raise ValueError(f"a tensor of shape {shape} has {shape[unit_axis]} units, not {units}")
    return unit_axis % len(shape)


def _as_three_axes(shape: torch.Size, strides: tuple[int, ...], unit_axis: int | None) -> View | None:
    """Merge all axes but the units' into at most two; None where that takes more."""
    units, unit_stride = (1, 0) if unit_axis is None else (shape[unit_axis], strides[unit_axis])
    others = [(strides[axis], size) for axis, size in enumerate(shape) if axis != unit_axis and size > 1]
    merged: list[tuple[int, int]] = []
    for stride, size in sorted(others, reverse=True):
        if merged and merged[-1][0] == stride * size:
            merged[-1] = (stride, merged[-1][1] * size)
        else:
            merged.append((stride, size))
    if len(merged) > 2:
        return None
    (outer_stride, outer), (inner_stride, inner) = (*merged, (0, 1), (0, 1))[:2]
    return (outer, units, inner), (outer_stride, unit_stride, inner_stride)


def _blocks(view: View, item_size: int) -> tuple[int, int, int]:
    """Sizes of a tile: as much of the fastest axis as fits, then of the next, so that reads are adjacent."""
    sizes, strides = view
    room = 32 * WARPS * BYTES_A_THREAD // item_size
    blocks = [1, 1, 1]
    for axis in sorted(range(3), key=lambda axis: strides[axis]):
        most = min(room, UNITS_A_TILE) if axis == 1 else room
        blocks[axis] = min(most, triton.next_power_of_2(sizes[axis]))
        room //= blocks[axis]
    return blocks[0], blocks[1], blocks[2]


def _launcher(
    targets: tuple[Tensor, ...], view: View, position: int, examples: int, item_size: int, *, programs: int
) -> Observe:
    """Close over all that a launch needs but x."""
    (outer, units, inner), strides = view
    blocks = _blocks(view, item_size)
    outer_tiles, unit_blocks, inner_tiles = (
        triton.cdiv(size, block) for size, block in zip(view[0], blocks, strict=True)
    )
    useful = min(
        triton.cdiv(outer_tiles * inner_tiles, TILES_AT_ONCE), triton.cdiv(outer * inner, VALUES_A_PROGRAM)
    )
    splits = min(useful, triton.cdiv(programs, unit_blocks))
    run: Callable[..., object] = add[(unit_blocks, splits)]
    counted = (position, outer * inner, examples)
    numbers = (*counted, outer, units, inner, *strides, outer_tiles, inner_tiles)
    constants = (*blocks, item_size == 8, TILES_AT_ONCE)

    def launch(x: Tensor) -> None:
        # Fusion changes no digit that counts; Triton 3.9 warns where it is left to the default.
        run(x, *targets, *numbers, *constants, num_warps=WARPS, enable_fp_fusion=True)

    return launch


def _count_examples(into: Accumulators, examples: int) -> None:
    into.seen[1].add_(examples)


def _bounds(flat: tuple[float, float]) -> Tensor:
    """The flat ends in float64, then as float32 numbers that part the same float32 values."""
    exact = torch.tensor(flat, dtype=torch.float64)
    rounded = exact.float()
    inwards = torch.stack([rounded[0] > exact[0], rounded[1] < exact[1]])
    narrow = torch.where(inwards, torch.nextafter(rounded, torch.tensor([-inf, inf])), rounded)
    return torch.cat([exact, narrow.double()])


@lru_cache
def _programs(device: torch.device) -> int:
    """As many programs as keep the device busy; few where Triton's interpreter runs them one by one."""
    if device.type != "cuda":
        return 6
    return PROGRAMS_A_PROCESSOR * torch.cuda.get_device_properties(device).multi_processor_count
