"""The sites found so far, each with what measures it; and the operator that compiled code calls."""

import itertools
from collections import OrderedDict
from collections.abc import Mapping
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from relume.catalogue import activations
from relume.catalogue.flatness import NO_FLAT_ENDS, flat_bounds
from relume.probe.alarms import Alarms, position_of
from relume.probe.meters import Meter
from relume.probe.source import calling_line
from relume.probe.units import chosen_axis
from relume.types import Phase, Site

INPUT = "(input)"  # stands for a path and an activation where what a model is given is measured
MAXIMUM_CALLS = 64  # sites a reused module has: a cell unrolled over a thousand steps is not a thousand sites


class Slot:
    """A site and what measures it."""

    __slots__ = ("__weakref__", "gradient", "is_first", "number", "owner", "passed", "phase", "site", "value")

    def __init__(self, owner: "Slots", site: Site, phase: Phase, unit_axis: int | None) -> None:
        self.owner, self.site, self.phase = owner, site, phase
        self.number = next(_numbers)
        index = owner.index_of(str(site))
        self.is_first = (
            index == 0 and phase == "training"
        )  # a step's examples are counted where it comes first
        flat = NO_FLAT_ENDS if site.activation == INPUT else flat_bounds(activations[site.activation])
        self.value = Meter(
            owner.value_alarms, position=position_of(index, "forward"), unit_axis=unit_axis, flat=flat
        )
        backward = position_of(index, "backward")
        self.gradient = Meter(owner.gradient_alarms, position=backward, unit_axis=unit_axis)
        self.passed = Meter(owner.gradient_alarms, position=backward, unit_axis=unit_axis)
        _slots[self.number] = self

    def watch_gradient(self, y: Tensor) -> None:
        """Measure the gradient that will arrive at y and, on demand, the one that goes on from there."""
        if y._backward_hooks is None and y.grad_fn is not None:
            # What y.register_hook does, but for a handle to take the hook away with: most of its time.
            y._backward_hooks = OrderedDict({_OUR_HOOK: self.gradient})
            y.grad_fn._register_hook_dict(y)
        else:
            y.register_hook(self.gradient)  # type: ignore[no-untyped-call]
        if self.owner.passes_derivatives and y.grad_fn is not None:
            y.grad_fn.register_hook(self._see_passed)

    def _see_passed(self, inputs: tuple[Tensor | None, ...], outputs: tuple[Tensor | None, ...]) -> None:
        # Of a function's gradients the first is that of its input: weights of prelu come after.
        if inputs[0] is not None:
            self.passed(inputs[0])


class Slots:
    """The sites of one watched model."""

    def __init__(self, unit_axis: Mapping[str, int], *, every: int, passes_derivatives: bool) -> None:
        self.unit_axis, self.every, self.passes_derivatives = unit_axis, every, passes_derivatives
        self.is_on = True  # whether this step is watched
        self.examples = 0  # of this step, in training
        self.value_alarms, self.gradient_alarms = Alarms(), Alarms()
        self.names: dict[int, str] = {}  # of sites, by index
        self.by_call: dict[tuple[Phase, str, int, str], Slot] = {}
        self.not_seen: dict[str, str] = {}
        self._indices: dict[str, int] = {}
        self._evaluations = 0

    def is_due(self, phase: Phase) -> bool:
        """Whether to watch a forward pass that begins: in training by step, in evaluation one of `every`."""
        if phase == "training":
            return self.is_on
        self._evaluations += 1
        return self._evaluations % self.every == 1 or self.every == 1

    def of_phase(self, phase: Phase) -> list[Slot]:
        """The slots of one phase, in the order of discovery."""
        return [slot for slot in self.by_call.values() if slot.phase == phase]

    def index_of(self, name: str) -> int:
        """The number of a site in the order of discovery; the same in both phases."""
        index = self._indices.setdefault(name, len(self._indices))
        self.names[index] = name
        return index

    def at(
        self,
        phase: Phase,
        path: str,
        call_index: int,
        activation: str,
        unit_axis: int | None,
        dims: int,
        fed_by: str,
    ) -> Slot | None:
        """The slot of a call, a new one at the first; None if the module is called too often."""
        key = (phase, path, call_index, activation)
        if key in self.by_call:
            return self.by_call[key]
        if call_index >= MAXIMUM_CALLS:
            self.not_seen[path] = f"called more than {MAXIMUM_CALLS} times in one forward pass"
            return None
        chosen = chosen_axis(path, dims, self.unit_axis)
        taken = {slot.site.call_index for slot in self.of_phase(phase) if slot.site.path == path}
        if call_index in taken:  # by another activation: the network chooses between them
            call_index = max(taken) + 1
        site = Site(
            path=path, call_index=call_index, activation=activation, source=calling_line(), fed_by=fed_by
        )
        slot = self.by_call[key] = Slot(self, site, phase, unit_axis if chosen is None else chosen)
        return slot


_OUR_HOOK = -1  # handles count from 0
_numbers = itertools.count()
_slots: WeakValueDictionary[int, Slot] = WeakValueDictionary()

# An operator without a result would be removed from a graph: it says that it changes this.
TICKET = torch.zeros(1)


def _observe(y: Tensor, ticket: Tensor, number: int, is_gradient: bool) -> None:
    """Measure y, or a gradient, in the slot of a number."""
    slot = _slots.get(number)
    if slot is None or not (slot.owner.is_on or slot.phase == "evaluation"):
        return
    if is_gradient:
        slot.gradient(y)
    elif torch._C._current_graph_task_id() == -1:  # a forward within a backward pass is a recomputation
        slot.value(y)
        if slot.is_first:
            slot.owner.examples += len(y) if y.dim() > 1 else 1


# Strides may be any: without the tag a graph in channels-last copies each tensor, and then rounds otherwise.
# torch.library.custom_op would do the same at seven times the cost of a call.
_library = torch.library.Library("relume", "DEF")  # type: ignore[no-untyped-call]
_library.define(  # type: ignore[no-untyped-call]
    "observe(Tensor y, Tensor(a!) ticket, int number, bool is_gradient) -> ()",
    tags=(torch.Tag.flexible_layout, torch.Tag.pt2_compliant_tag),
)
_library.impl("observe", _observe, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]
torch.library.register_fake("relume::observe", lambda y, ticket, number, is_gradient: None, lib=_library)
observe = torch.ops.relume.observe.default  # what compiled code calls
