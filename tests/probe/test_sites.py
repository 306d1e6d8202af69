"""Every activation of a network is found, and named as its author would name it."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import relume
from relume import activations
from relume.catalogue.activation import Activation, Alias
from relume.probe.calls import ARITHMETIC
from relume.probe.slots import MAXIMUM_CALLS
from relume.types import Readings

FUNCTIONS = [
    (entry, alias) for entry in activations.values() for alias in entry.aliases if not alias.is_module
]
MODULES = [(entry, alias) for entry in activations.values() for alias in entry.aliases if alias.is_module]
here = Path(__file__).relative_to(Path.cwd()) if Path(__file__).is_relative_to(Path.cwd()) else Path(__file__)


def name_of(entry: Activation, alias: Alias) -> str:
    arguments = ",".join(f"{key}={value}" for key, value in alias.arguments.items())
    return f"{entry.name}-{getattr(alias.call, '__qualname__', alias.call)}({arguments})"


class Apply(nn.Module):
    """A linear layer, then a function."""

    def __init__(self, function: Callable[..., Tensor], layer: nn.Module | None = None) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 6) if layer is None else layer
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.layer(x))


def seen(model: nn.Module, x: Tensor, **options: object) -> Readings:
    """What is seen of one forward and backward pass."""
    with relume.watch(model, **options) as watch:  # type: ignore[arg-type]
        y = model(x)
        if y.requires_grad:
            y.sum().backward()
    return watch.readings()


def line_of(owner: type, text: str) -> int:
    lines, first = inspect.getsourcelines(owner)
    return first + next(place for place, line in enumerate(lines) if text in line)


@pytest.mark.parametrize(("entry", "alias"), [pytest.param(*each, id=name_of(*each)) for each in FUNCTIONS])
def test_every_function_of_torch_that_is_an_activation_is_found(entry: Activation, alias: Alias) -> None:
    model = Apply(lambda x: alias.call(x, **alias.arguments))
    readings = seen(model, torch.randn(3, 4))
    assert [site.activation for site in readings.sites] == [entry.name]
    assert readings["(model)"].site.fed_by == "layer"
    assert readings["(model)"].value.count[0] == readings["(model)"].gradient.count[0] == 3


@pytest.mark.parametrize(("entry", "alias"), [pytest.param(*each, id=name_of(*each)) for each in MODULES])
def test_every_module_of_torch_that_is_an_activation_is_one_site(entry: Activation, alias: Alias) -> None:
    model = nn.Sequential(nn.Linear(4, 6), alias.call(**alias.arguments))
    readings = seen(model, torch.randn(3, 4))
    assert [(site.path, site.activation, site.fed_by) for site in readings.sites] == [("1", entry.name, "0")]


@pytest.mark.parametrize("name", activations)
def test_every_module_of_relume_is_one_site_whatever_it_calls_itself(name: str) -> None:
    model = nn.Sequential(nn.Linear(4, 6), activations[name].module())
    assert [(site.path, site.activation) for site in seen(model, torch.randn(3, 4)).sites] == [("1", name)]


@pytest.mark.parametrize("part", range(2))
def test_compiled_code_shows_the_same_functions(part: int) -> None:
    found = [each for each in FUNCTIONS if each[0].name != "glu"][part::2]
    calls = [(alias.call, dict(alias.arguments)) for _, alias in found]
    assert len(calls) <= MAXIMUM_CALLS

    def chain(x: Tensor) -> Tensor:
        for call, arguments in calls:
            x = call(x + 0.1, **arguments) * 0.9
        return x

    model = Apply(chain)
    torch._dynamo.reset()
    with relume.watch(model) as watch:
        y = torch.compile(model, backend="eager", fullgraph=True)(torch.randn(3, 4))
        y.sum().backward()
    assert [site.activation for site in watch.readings().sites] == [entry.name for entry, _ in found]


class Named(nn.Module):
    """Three layers, one activation used twice, one function."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = nn.Linear(4, 6), nn.Linear(6, 5), nn.Linear(5, 3)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.first(x))
        x = self.act(self.second(x))  # again
        return torch.tanh(self.third(x))  # at the root


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Named()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x).sigmoid()  # of the inner one


EXPECTED = {
    "inner.act": ("relu", "inner.first", "self.act(self.first(x))"),
    "inner.act#2": ("relu", "inner.second", "# again"),
    "inner": ("tanh", "inner.third", "# at the root"),
}


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_sites_have_the_names_and_lines_of_the_source(compiled: bool) -> None:
    torch._dynamo.reset()
    model = Outer()
    call = torch.compile(model, backend="aot_eager", fullgraph=True) if compiled else model
    with relume.watch(model) as watch:
        call(torch.randn(3, 4)).sum().backward()
    found = {str(site): (site.activation, site.fed_by, site.source) for site in watch.readings().sites}
    expected = {
        site: (activation, fed_by, f"{here}:{line_of(Named, text)}")
        for site, (activation, fed_by, text) in EXPECTED.items()
    }
    line = line_of(Outer, "# of the inner one")
    assert found == {**expected, "(model)": ("sigmoid", "inner.third", f"{here}:{line}")}
    assert list(found) == [*EXPECTED, "(model)"], "in the order of execution"


SHAPES = [
    # layer before, its input, function behind it, units
    ("linear", nn.Linear(4, 6), (3, 4), F.relu, 6),
    ("a sequence", nn.Linear(4, 6), (3, 5, 4), F.relu, 6),
    ("linear over channels that lie last", nn.Linear(4, 6), (3, 5, 5, 4), F.relu, 6),
    ("convolution", nn.Conv2d(2, 6, 3), (3, 2, 7, 7), F.relu, 6),
    ("convolution without a batch", nn.Conv2d(2, 6, 3), (2, 7, 7), F.relu, 6),
    ("convolution over a line", nn.Conv1d(2, 6, 3), (3, 2, 7), F.relu, 6),
    ("convolution in space", nn.Conv3d(1, 6, 2), (2, 1, 3, 3, 3), F.relu, 6),
    ("transposed convolution", nn.ConvTranspose2d(2, 6, 3), (3, 2, 5, 5), F.relu, 6),
    ("channels moved last", nn.Conv2d(2, 6, 3), (3, 2, 7, 7), lambda x: F.relu(x.movedim(1, -1)), 6),
    ("channels moved first", nn.Linear(4, 6), (3, 5, 4), lambda x: F.relu(x.movedim(-1, 1)), 6),
    ("flattened", nn.Conv2d(2, 6, 3), (3, 2, 4, 4), lambda x: F.relu(x.flatten(1)), 24),
    ("nothing before", nn.Identity(), (3, 2, 4, 4), F.relu, 2),
]


@pytest.mark.parametrize(
    ("layer", "shape", "function", "units"), [each[1:] for each in SHAPES], ids=[each[0] for each in SHAPES]
)
def test_units_lie_along_the_axis_of_the_layer_before(
    layer: nn.Module, shape: tuple[int, ...], function: Callable[..., Tensor], units: int
) -> None:
    x = torch.randn(shape, requires_grad=True)
    model = Apply(function, layer)
    reading = seen(model, x)["(model)"]
    assert reading.value.units == reading.gradient.units == units
    values = model(x).detach().double()
    axis = [place for place, size in enumerate(values.shape) if size == units][-1]
    per_unit = values.movedim(axis, -1).reshape(-1, units)
    torch.testing.assert_close(torch.from_numpy(reading.value.sum), per_unit.sum(0))


def test_the_axis_the_user_gives_by_a_pattern_goes_before_the_others() -> None:
    model = nn.ModuleDict({"tower": nn.Sequential(nn.Linear(4, 6), nn.ReLU())})["tower"]
    outer = nn.Sequential(model, nn.Tanh())
    readings = seen(outer, torch.randn(3, 5, 4), unit_axis={"0.*": 1, "9": 0})
    assert (readings["0.1"].value.units, readings["1"].value.units) == (5, 6)


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_is_an_activation_only_where_a_gradient_will_come(name: str) -> None:
    alias = next(alias for alias in activations[name].aliases)

    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = self.layer(x + alias.call(torch.arange(4.0)))
            return alias.call(x)

    readings = seen(Positions(), torch.randn(3, 4))
    assert [str(site) for site in readings.sites] == ["(model)"]
    assert readings["(model)"].site.fed_by == "layer"


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * torch.clamp(torch.arange(6), min=0),  # integers
        lambda x: torch.clamp(x, -3, 3),
        lambda x: x.clamp(min=1e-6),
        lambda x: x.clamp(max=0),
        lambda x: torch.maximum(x, x),
        lambda x: x.softmax(-1),
        lambda x: x * (x > 0),
    ],
)
def test_what_is_no_activation_is_no_site(function: Callable[..., Tensor]) -> None:
    assert not seen(Apply(function), torch.randn(3, 4)).readings


def test_a_cell_that_is_unrolled_has_a_limited_number_of_sites() -> None:
    class Unrolled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.act = nn.Linear(4, 4), nn.Tanh()

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(MAXIMUM_CALLS + 5):
                x = self.act(self.cell(x))
            return x

    readings = seen(Unrolled(), torch.randn(2, 4))
    assert len(readings) == MAXIMUM_CALLS
    assert list(readings)[-1] == f"act#{MAXIMUM_CALLS}"
    assert f"more than {MAXIMUM_CALLS} times" in readings.not_seen["act"]


def test_a_call_outside_the_watched_model_is_no_site() -> None:
    model = Named()
    with relume.watch(model) as watch:
        F.relu(model(torch.randn(3, 4))).sum().backward()
        F.relu(torch.randn(3, requires_grad=True))
    assert list(watch.readings()) == ["act", "act#2", "(model)"]
