"""One run of a watched forward pass: which module is at work, and which activations it calls."""

from collections.abc import Callable
from threading import get_ident
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.probe.calls import kind_of, name_of, plain
from relume.probe.slots import INPUT, TICKET, Slots, observe
from relume.probe.units import NO_PRODUCT, Product, usual_axis
from relume.types import Phase

# By name, because compiled code can hold a name, and a watch's objects would be guarded there.
SLOTS_OF_WATCH: WeakValueDictionary[str, Slots] = WeakValueDictionary()


class Forward(TorchFunctionMode):
    """Sees every torch call between a model's entry and its exit; torch.compile traces through it.

    A recomputation (torch.utils.checkpoint) runs within the backward pass. Its values were counted the first
    time; its gradients are the only ones there are where the first run kept no graph.
    """

    def __init__(self, watch: str, phase: Phase, *, is_recomputation: bool) -> None:
        super().__init__()
        self.watch, self.phase, self.is_recomputation = watch, phase, is_recomputation
        if not torch.compiler.is_compiling():
            self.slots, self.thread = SLOTS_OF_WATCH[watch], get_ident()
        # Lists, because torch.compile loses sight of an attribute that is set anew while it traces.
        self.path: list[
            str | None
        ] = []  # modules at work, outermost first; None while one is an activation itself
        self.product = [NO_PRODUCT]  # the last one
        self.calls: dict[str, int] = {}  # by path: how many activations it has called

    def is_of_another_thread(self) -> bool:
        """Whether it is not this thread's forward pass; compiled code is asked by its own thread alone."""
        return not torch.compiler.is_compiling() and self.thread != get_ident()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run the call; then look at its result, if it is an activation's."""
        keywords = kwargs or {}
        result = func(*args, **keywords)
        kind = kind_of(func)
        path = self.path[-1]
        if kind is None or path is None or not isinstance(result, Tensor):
            return result
        if kind == "linear":
            self.product[0] = Product(path, -1, result.shape[-1])
        elif kind == "convolution":
            weight = args[1] if len(args) > 1 else keywords["weight"]
            axis = 1 - weight.dim()  # from the end: a batch in front is optional
            self.product[0] = Product(path, axis, result.shape[axis])
        elif kind == "activation" or result.requires_grad:
            arguments = tuple([plain(value) for value in args[1:]])
            named = tuple([(key, plain(value)) for key, value in keywords.items() if key != "input"])
            name = name_of(func, arguments, named)
            if name is not None:
                self.see(path, name, result)
        return result

    def see_input(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Measure the first argument that is a tensor of numbers; whole numbers are names of tokens.

        One number alone is a setting: the Trainer of transformers gives the number of labels in a batch.
        """
        for value in (*arguments, *keywords.values()):
            if isinstance(value, Tensor) and value.is_floating_point() and value.dim() > 0:
                self.see(INPUT, INPUT, value.detach())
                return

    def see(self, path: str, name: str, y: object) -> None:
        """Measure what an activation returned, and the gradient that will arrive there."""
        if not isinstance(y, Tensor) or not y.is_floating_point():
            return
        call_index = self.calls.get(path, 0)
        self.calls[path] = call_index + 1
        if torch.compiler.is_compiling():
            self._see_in_graph(path, call_index, name, y)
            return
        self._see_now(path, call_index, name, y)

    def _see_now(self, path: str, call_index: int, name: str, y: Tensor) -> None:
        slots = self.slots
        if reason := _why_unreadable(y):
            slots.not_seen[path] = reason
            return
        slot = slots.by_call.get((self.phase, path, call_index, name))
        if slot is None:
            slot = slots.at(self.phase, path, call_index, name, *self._layout_of(y))
        if slot is not None:
            if not self.is_recomputation:
                slot.value(y)
                if slot.is_first:
                    slots.examples += len(y) if y.dim() > 1 else 1
            if y.requires_grad:
                slot.watch_gradient(y)

    def _see_in_graph(self, path: str, call_index: int, name: str, y: Tensor) -> None:
        number = _number_of(self.watch, self.phase, path, call_index, name, *self._layout_of(y))
        if number < 0:
            return
        observe(y.detach(), TICKET, number, False)
        if y.requires_grad:
            y.register_hook(  # type: ignore[no-untyped-call]
                lambda gradient: observe(gradient.detach(), TICKET, number, True)
            )

    def _layout_of(self, y: Tensor) -> tuple[int | None, int, str]:
        """The axis of the units, the number of axes, the layer that fed y: none depends on sizes."""
        return usual_axis(y.shape, self.product[0]), y.dim(), self.product[0].path


def _why_unreadable(y: Tensor) -> str | None:
    """Why a kernel cannot read the memory of y; None if it can."""
    if type(y) is not Tensor and type(y) is not nn.Parameter:
        return f"its result is a {type(y).__name__}, not a plain tensor"
    if torch._C._functorch.is_functorch_wrapped_tensor(y):
        return "torch.func transforms it"
    return None


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _number_of(watch: str, *call: Any) -> int:
    """The number of a call's slot; runs once, while torch.compile traces, and stays in the graph as it is."""
    slot = SLOTS_OF_WATCH[watch].at(*call)
    return -1 if slot is None else slot.number
