"""Every kernel that runs here equals float64 sums of the same values by NumPy."""

import math
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from tests.kernels.checks import CPU, assert_adds_up, observed
from tests.kernels.strategies import DTYPES, flat_ends, observations
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from relume.kernels import cpu, observer_for, reference
from relume.kernels.contract import Observer

NO_ENDS = (math.nan, math.nan)
KERNELS = {"cpu": cpu.observer, "reference": reference.observer}
each_kernel = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
needs_extension = pytest.mark.skipif(not cpu.is_available(), reason="installed without a C compiler")

LAYOUTS = {
    "rows": (torch.randn(300, 200), 1),
    "wide rows": (torch.randn(65, 1000), -1),
    "transposed": (torch.randn(200, 300).t(), 1),
    "transposed, long": (torch.randn(30, 3000).t(), 1),
    "images": (torch.randn(9, 20, 30, 31), 1),
    "small images": (torch.randn(70, 33, 7, 7), 1),
    "channels last": (torch.randn(9, 40, 17, 16).contiguous(memory_format=torch.channels_last), 1),
    "pooled": (torch.randn(400, 333), None),
    "every third": (torch.randn(90, 600)[:, ::3], 1),
    "every third row": (torch.randn(2000, 7)[::3], None),
    "expanded rows": (torch.randn(130).expand(1000, 130), 1),
    "expanded units": (torch.randn(1000, 1).expand(1000, 130), 1),
    "attention": (torch.randn(8, 50, 4, 64).transpose(1, 2), 1),
}


@pytest.fixture
def instructions() -> Iterator[None]:
    yield
    cpu._sums.use_instructions(2)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@each_kernel
@settings(max_examples=250, deadline=None)
@given(observations(), flat_ends)
def test_sums_equal_the_oracle(
    kernel: Observer, observation: tuple[Tensor, int | None], flat: tuple[float, float]
) -> None:
    x, unit_axis = observation
    before = x.clone()
    assert_adds_up(kernel, [x, x], unit_axis=unit_axis, flat=flat)
    torch.testing.assert_close(x, before, rtol=0, atol=0, equal_nan=True)


@needs_extension
@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.usefixtures("instructions")
def test_every_layout_by_every_instruction_set(layout: str, dtype: torch.dtype, level: int) -> None:
    cpu._sums.use_instructions(level)
    x, unit_axis = LAYOUTS[layout]
    assert_adds_up(cpu.observer, [x.to(dtype)], unit_axis=unit_axis, flat=(-1.5, 0.7))


@each_kernel
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_every_half_number(kernel: Observer, dtype: torch.dtype) -> None:
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int16)
    x = bits.view(dtype)
    assert_adds_up(kernel, [x[x.isfinite()]], unit_axis=None, flat=(-1.5, 0.7))
    assert_adds_up(kernel, [x[None]], unit_axis=1, flat=(-1.5, 0.7))


@each_kernel
def test_a_bound_that_is_no_float_is_compared_as_it_is(kernel: Observer) -> None:
    x = torch.tensor([0.1, -0.1, 0.1000001]).repeat(20)
    for flat in [(-0.1, 0.1), (0.1, math.nan), (math.nan, -0.1), (1e-50, -1e-50)]:
        assert_adds_up(kernel, [x], unit_axis=None, flat=flat)


@each_kernel
def test_ten_thousand_steps(kernel: Observer) -> None:
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(0)) + 5
    steps = [x.mul(0.9 + 1e-5 * step).relu_() for step in range(10_000)]
    assert_adds_up(kernel, steps, unit_axis=1, flat=(0.0, 6.0))


@each_kernel
def test_the_first_value_that_is_not_finite_is_kept(kernel: Observer) -> None:
    fine = torch.ones(4, 3)
    assert_adds_up(kernel, [fine, fine, fine / 0, fine, fine * math.nan], unit_axis=1, flat=NO_ENDS)
    assert_adds_up(
        kernel, [fine.double() * 1e200], unit_axis=1, flat=NO_ENDS
    )  # squares overflow, values do not


@needs_extension
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.usefixtures("threads")
def test_the_number_of_threads_changes_no_bit(layout: str) -> None:
    x, unit_axis = LAYOUTS[layout]
    sums = []
    for number in (1, 2, 3):
        torch.set_num_threads(number)
        into, _ = observed(cpu.observer, [x], unit_axis=unit_axis, flat=(0.0, 1.0))
        sums.append(into)
    for other in sums[1:]:
        assert torch.equal(other.sums, sums[0].sums)
        assert torch.equal(other.counts, sums[0].counts)
        assert torch.equal(other.largest, sums[0].largest)


@needs_extension
def test_it_runs_on_the_threads_of_torch() -> None:
    if "OpenMP" in torch.__config__.parallel_info().split("ATen parallel backend:")[1]:
        assert cpu._share_threads_of_torch()


def test_parameters_and_what_requires_gradients() -> None:
    weight = nn.Parameter(torch.randn(20, 30))
    assert_adds_up(cpu.observer, [weight, weight * 2], unit_axis=0, flat=NO_ENDS)
    assert weight._version == 0


class Doubled(Tensor):
    """Its memory is not its values."""


def test_what_has_no_plain_memory_goes_to_the_reference() -> None:
    negated = torch.randn(40, 4, dtype=torch.complex64).conj().imag
    assert negated.is_neg()
    assert_adds_up(cpu.observer, [negated.detach()], unit_axis=1, flat=(0.0, math.nan))
    assert_adds_up(cpu.observer, [torch.randn(9, 5).as_subclass(Doubled)], unit_axis=1, flat=NO_ENDS)
    into, _ = observed(cpu.observer, [torch.arange(6).reshape(2, 3)], unit_axis=1, flat=NO_ENDS)
    assert into.sums[0].tolist() == [3, 5, 7]
    with FakeTensorMode():
        into, _ = observed(cpu.observer, [torch.randn(3, 4)], unit_axis=1, flat=NO_ENDS)
    assert isinstance(into.sums, FakeTensor)


@needs_extension
def test_a_tensor_of_other_units_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape torch.Size\(\[2, 4\]\) has 4 units, not 3"):
        observed(cpu.observer, [torch.ones(2, 3), torch.ones(2, 4)], unit_axis=1, flat=NO_ENDS)
    with pytest.raises(ValueError, match="no axis 1 of units"):
        observed(cpu.observer, [torch.ones(2, 3), torch.ones(3)], unit_axis=1, flat=NO_ENDS)


def test_the_reference_is_one_graph() -> None:
    x = torch.randn(6, 5)

    def kernel(into, alarm, **site):  # type: ignore[no-untyped-def]
        return torch.compile(reference.observer(into, alarm, **site), fullgraph=True, backend="eager")

    assert_adds_up(kernel, [x, x.double(), x / 0], unit_axis=1, flat=(0.0, math.nan))


def test_each_device_has_its_kernel() -> None:
    assert observer_for(CPU) is (cpu.observer if cpu.is_available() else reference.observer)
    assert observer_for(torch.device("meta")) is reference.observer
