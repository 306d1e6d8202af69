"""The Triton kernel equals float64 sums of the same values by NumPy; interpreted if there is no GPU."""

import math
from collections.abc import Callable, Iterator

import pytest
import torch
from hypothesis import given, settings
from tests.kernels.checks import assert_adds_up, observed
from tests.kernels.strategies import DTYPES, flat_ends, observations
from torch import Tensor, nn

from relume.kernels.contract import Accumulators, Alarm, Observe, new_accumulators, new_alarm

pytest.importorskip("triton", reason="the extra relume[triton] is not installed; `make test-triton` has it")

from relume.kernels import triton

# The interpreter computes by NumPy, which warns of infinities.
pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
REFERENCE = triton.reference.observer
NO_ENDS = (math.nan, math.nan)
LAYOUTS = {
    "rows": (torch.randn(70, 200), 1),
    "wide rows": (torch.randn(9, 1000), -1),
    "transposed": (torch.randn(200, 30).t(), 1),
    "images": (torch.randn(5, 6, 30, 31), 1),
    "small images": (torch.randn(20, 33, 7, 7), 1),
    "channels last": (torch.randn(3, 40, 9, 8).contiguous(memory_format=torch.channels_last), 1),
    "a window of images": (torch.randn(4, 5, 12, 12)[:, :, 2:9, 3:11], 1),  # copied: four strides
    "pooled": (torch.randn(40, 333), None),
    "every third": (torch.randn(30, 600)[:, ::3], 1),
    "expanded units": (torch.randn(100, 1).expand(100, 130), 1),
    "attention": (torch.randn(4, 10, 4, 64).transpose(1, 2), 1),
}


def kernel(into: Accumulators, alarm: Alarm, **site) -> Observe:  # type: ignore[no-untyped-def]
    """The kernel, on the GPU if there is one: x goes there, the sums come back."""
    if DEVICE.type == "cpu":
        return triton.observer(into, alarm, **site)
    into_there, alarm_there = new_accumulators(into.units, DEVICE), new_alarm(DEVICE)
    observe = triton.observer(into_there, alarm_there, **site)

    def observe_there(x: Tensor) -> None:
        alarm_there.clock.copy_(alarm.clock)
        observe(x.to(DEVICE))
        alarm.first.copy_(alarm_there.first)
        for name in ("sums", "largest", "counts", "seen"):
            getattr(into, name).copy_(getattr(into_there, name))

    return observe_there


@pytest.fixture(autouse=True, scope="module")
def _no_other_kernel() -> Iterator[None]:
    def refuse(*_: object, **__: object) -> Observe:
        def observe(x: Tensor) -> None:
            raise AssertionError(f"{x.shape} went to the reference kernel")

        return observe

    assert triton._runs_on(DEVICE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(triton.reference, "observer", refuse)
        yield


# The interpreter takes seconds for some larger ones.
@settings(max_examples=80, deadline=None)
@given(observations().filter(lambda observation: observation[0].numel() <= 10_000), flat_ends)
def test_sums_equal_the_oracle(observation: tuple[Tensor, int | None], flat: tuple[float, float]) -> None:
    x, unit_axis = observation
    before = x.clone()
    assert_adds_up(kernel, [x, x], unit_axis=unit_axis, flat=flat)
    torch.testing.assert_close(x, before, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(layout: str, dtype: torch.dtype) -> None:
    x, unit_axis = LAYOUTS[layout]
    changed = x.to(dtype) if dtype != x.dtype else x
    assert_adds_up(kernel, [changed], unit_axis=unit_axis, flat=(-1.5, 0.7))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_half_number(dtype: torch.dtype) -> None:
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype)
    if dtype == torch.bfloat16 and DEVICE.type == "cpu":
        x = x[~((x != 0) & (x.abs() < torch.finfo(dtype).tiny))]  # the interpreter takes some for 0
        x = x[: len(x) // 64 * 64]
    assert_adds_up(kernel, [x[x.isfinite()]], unit_axis=None, flat=(-1.5, 0.7))
    assert_adds_up(kernel, [x.reshape(64, -1)], unit_axis=0, flat=(-1.5, 0.7))


def test_extreme_floats() -> None:
    x = torch.tensor([1e-45, -1e-45, 1e-38, 3.4e38, -0.0, 0.0]).repeat(3)
    assert_adds_up(kernel, [x], unit_axis=None, flat=(-1e-45, 3.4e38))
    assert_adds_up(kernel, [torch.tensor([5e-324, -5e-324, 1e308])], unit_axis=None, flat=(-5e-324, 1e308))


def test_a_bound_that_is_no_float_is_compared_as_it_is() -> None:
    x = torch.tensor([0.1, -0.1, 0.1000001]).repeat(20)
    for flat in [(-0.1, 0.1), (0.1, math.nan), (math.nan, -0.1), (1e-50, -1e-50), (-1e300, 1e300)]:
        assert_adds_up(kernel, [x, x * math.inf], unit_axis=None, flat=flat)


def test_the_first_value_that_is_not_finite_is_kept() -> None:
    fine = torch.ones(4, 3)
    assert_adds_up(kernel, [fine, fine, fine / 0, fine, fine * math.nan], unit_axis=1, flat=NO_ENDS)
    assert_adds_up(kernel, [fine, -fine / 0], unit_axis=1, flat=NO_ENDS)
    assert_adds_up(kernel, [fine.double() * 1e200], unit_axis=1, flat=NO_ENDS)  # only squares overflow


def test_what_has_no_values_counts_its_examples() -> None:
    for shape, unit_axis in [((0, 3), 1), ((5, 0), 1), ((5, 0), None), ((4, 3, 0), 1), ((0,), 0), ((), None)]:
        assert_adds_up(kernel, [torch.ones(shape)] * 2, unit_axis=unit_axis, flat=NO_ENDS)


def test_counts_are_the_same_in_every_run() -> None:
    x = torch.randn(300, 40).relu() / torch.rand(300, 40).round()  # zeros, infinities and NaN
    runs = [observed(kernel, [x], unit_axis=1, flat=(0.0, 1.0)) for _ in range(3)]
    for into, alarm in runs[1:]:
        assert torch.equal(into.counts, runs[0][0].counts)
        assert torch.equal(into.seen, runs[0][0].seen)
        assert torch.equal(into.largest.view(torch.int64), runs[0][0].largest.view(torch.int64))
        assert torch.equal(alarm.first, runs[0][1].first)


def test_training_sees_nothing_of_it() -> None:
    weight = nn.Parameter(torch.randn(20, 30))
    x = weight * 2
    assert_adds_up(
        kernel, [weight, x, x[:, ::2].reshape(20, 15, 1).expand(20, 15, 2)], unit_axis=0, flat=NO_ENDS
    )
    assert weight._version == 0
    assert x._version == 0
    assert x.requires_grad


def test_a_tensor_of_other_units_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape torch.Size\(\[2, 4\]\) has 4 units, not 3"):
        observed(kernel, [torch.ones(2, 3), torch.ones(2, 4)], unit_axis=1, flat=NO_ENDS)
    with pytest.raises(ValueError, match="no axis 1 of units"):
        observed(kernel, [torch.ones(2, 3), torch.ones(3)], unit_axis=1, flat=NO_ENDS)


@pytest.mark.parametrize(
    "x",
    [
        torch.arange(6).reshape(2, 3),
        torch.randn(4, 3, dtype=torch.complex64).conj().imag,
        torch.randn(4, 3).to_sparse(),
        torch.randn(4, 3, device="meta"),
        torch.randn(4, 3).as_subclass(type("Doubled", (Tensor,), {})),
    ],
    ids=["integers", "negated", "sparse", "elsewhere", "subclass"],
)
def test_what_has_no_plain_memory_goes_to_the_reference(x: Tensor) -> None:
    with pytest.raises(AssertionError, match="went to the reference"):
        observed(kernel, [x], unit_axis=1, flat=NO_ENDS)


def no_compiler(*_: object, **__: object) -> Observe:
    raise RuntimeError("no C compiler")


def nothing_launched(*_: object, **__: object) -> Observe:
    return lambda _: None


@pytest.mark.parametrize(
    ("launcher", "failure"),
    [
        (no_compiler, "RuntimeError: no C compiler"),
        (nothing_launched, "its sums are not those of plain torch"),
    ],
)
def test_where_triton_does_not_run_the_reference_does(
    monkeypatch: pytest.MonkeyPatch, launcher: Callable[..., Observe], failure: str
) -> None:
    monkeypatch.setattr(triton, "_launcher", launcher)
    monkeypatch.setattr(triton, "_runs_on", triton._runs_on.__wrapped__)
    monkeypatch.setattr(triton.reference, "observer", REFERENCE)
    with pytest.warns(RuntimeWarning, match=f"Triton .* does not run on .*: {failure}"):
        assert_adds_up(kernel, [torch.randn(4, 3)], unit_axis=1, flat=NO_ENDS)
