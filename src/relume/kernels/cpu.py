"""The sums of a tensor in main memory, by one read of it in C (`_sums.c`).

Why C on raw pointers: several torch reductions read the tensor several times (a step of an MLP took 1.20 of
an unwatched one), numba needs llvmlite and a compilation in every new process (1.06), and one read in C is
as fast as can be (1.02). A torch C++ extension would be the same loop tied to one version of torch's headers;
this one is handed an address, a shape and strides, and is built once for every version of torch.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from relume.kernels import reference
from relume.kernels.contract import Accumulators, Alarm, Observe

try:
    from relume.kernels import _sums
except ImportError:  # installed where there was no C compiler
    _sums = None  # type: ignore[assignment]

KINDS = {torch.float32: 0, torch.float64: 1, torch.bfloat16: 2, torch.float16: 3}  # as `_sums.c` numbers them
PLAIN = frozenset({Tensor, nn.Parameter})  # other subclasses may have no memory, or another meaning of it


def is_available() -> bool:
    """Whether the extension was built when relume was installed."""
    return _sums is not None


def observer(
    into: Accumulators,
    alarm: Alarm,
    *,
    unit_axis: int | None,
    flat: tuple[float, float],
    position: int,
) -> Observe:
    """See `relume.kernels.contract.Observer`. Tensors without plain memory go to the reference kernel."""
    plainly = reference.observer(into, alarm, unit_axis=unit_axis, flat=flat, position=position)
    owned = (into.sums, into.largest, into.counts, into.seen, alarm.clock, alarm.first)
    if not is_available() or not all(
        type(one) is Tensor and one.is_cpu and one.is_contiguous() for one in owned
    ):
        return plainly
    addresses = (one.data_ptr() for one in owned)
    plan = _sums.plan(*addresses, into.units, unit_axis, *flat, position)  # type: ignore[call-arg]
    add, kinds, plain, threads = _sums.add, KINDS, PLAIN, torch.get_num_threads()

    def observe(x: Tensor, owned: tuple[Tensor, ...] = owned) -> None:  # keeps what the plan points to
        kind = kinds.get(x.dtype) if type(x) in plain and x.is_cpu and not x.is_neg() else None
        if kind is None:
            return plainly(x)
        try:
            return add(plan, kind, x.data_ptr(), x.shape, x.stride(), threads)
        except RuntimeError:  # sparse, or transformed by torch.func: no memory of its own; nothing was added
            return plainly(x)

    return observe


def _share_threads_of_torch() -> bool:
    """Let the extension run on the OpenMP library that torch has loaded; one thread if there is none."""
    shipped = sorted(Path(torch.__file__).parent.glob("lib/lib*omp*"))
    return any(_sums.use_threads(name) for name in (*map(str, shipped), "libgomp.so.1"))


if is_available():
    _share_threads_of_torch()
