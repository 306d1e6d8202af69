"""Puts itself around the forward methods of a model's modules, and takes itself away again.

An instance attribute `forward` shadows the class's method. Module hooks would do the same, but they are
copied and pickled with the module, they take nn.TransformerEncoderLayer off its fast path, and code that
torch.compile made before them goes on without them. Such code is guarded by the absence of the attribute, so
it is made anew.
"""

from collections.abc import Callable
from functools import wraps
from threading import Lock
from types import MethodType
from typing import Any, Protocol

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from relume.catalogue.recognition import recognise_module
from relume.errors import WatchError
from relume.probe.calls import ready_to_trace
from relume.probe.forward import SLOTS_OF_WATCH, Forward
from relume.probe.modules import is_scripted, named_modules, never_seen
from relume.probe.slots import Slots
from relume.probe.units import Product
from relume.types import Phase

Method = Callable[..., Any]

# In evaluation these hand all their work to one fused operator, unless a torch-function mode is listening.
_FUSED = (nn.TransformerEncoderLayer, nn.TransformerEncoder, nn.MultiheadAttention)
_FAST_PATH = "the fast path of nn.TransformerEncoderLayer in evaluation is one fused operator"


class Listener(Protocol):
    """Somebody who is told of each pass through the whole model."""

    def before_forward(self) -> None:
        """A pass is about to begin."""

    def after_forward(self, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        """One has ended: what it was given, and what it gave back."""


class Attachment:
    """What was put around the modules of one model."""

    def __init__(self, model: nn.Module, slots: Slots, number: int) -> None:
        self.slots = slots
        self.name = str(number)  # torch.compile makes a variable of a number that has changed once
        self.running: list[Forward] = []  # the forward pass at work; empty between passes
        self.is_closed = False
        self.listener: Listener | None = None
        self.gives_way: Callable[[], None] | None = (
            None  # closes the watch, if it is to make room for another
        )
        self._is_at_work = (
            Lock()
        )  # one forward pass at a time: those of other threads meanwhile are not watched
        self._put: list[tuple[nn.Module, dict[str, Any], dict[str, Any]]] = []  # module, ours, found before
        SLOTS_OF_WATCH[self.name] = slots
        slots.not_seen.update(never_seen(model))
        for path, module in named_modules(model):
            if not is_scripted(module) and (around := _way_around(path, module)):
                self._shadow(path, module, around)

    def close(self) -> None:
        """Leave every module as it was found."""
        self.is_closed = True
        for module, ours, before in self._put:
            for name, method in ours.items():
                # Somebody who came later may hold ours: it then stays, and from now on only passes calls on.
                if module.__dict__.get(name) is method:
                    del module.__dict__[name]
                    module.__dict__.update({name: before[name]} if name in before else {})
        self._put.clear()

    def _shadow(self, path: str, module: nn.Module, around: "Around") -> None:
        self._be_alone(path, module)
        found: Any = module.__dict__.get("forward")

        def call(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            return type(self).forward(self, *args, **kwargs) if found is None else found(*args, **kwargs)

        # inspect.signature follows `wraps`: frameworks choose a batch's columns by it.
        forward = wraps(found or type(module).forward)(around(self, path, module, call))
        forward.__dict__.update(found=found, attachment=self)
        methods: dict[str, Method] = {
            "forward": forward,
            "__getstate__": _state,
            "_replicate_for_data_parallel": _replica,
        }
        ours: dict[str, Any] = {name: MethodType(method, module) for name, method in methods.items()}
        before = {name: module.__dict__[name] for name in ours if name in module.__dict__}
        self._put.append((module, ours, before))
        module.__dict__.update(ours)

    def _be_alone(self, path: str, module: nn.Module) -> None:
        """Have another watch give way, if it was told to."""
        forward: Any = module.__dict__.get("forward")
        other = forward.__func__.__dict__["attachment"] if _is_ours(forward) else None
        if other is None or other.is_closed:
            return
        if other.gives_way is None:
            self.close()
            raise WatchError(f"{path or 'the model'} is being watched already. Close that watch first.")
        other.gives_way()

    def enter(self, module: nn.Module) -> Forward | None:
        """A forward pass that begins with `module`; None if this step is not watched."""
        # What is handed on must not be watched.
        if torch.compiler.is_exporting() or torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call]
            return None
        # Compiled code always watches, and its operator asks whether to: a flag would have it compiled twice.
        is_compiling = torch.compiler.is_compiling() and ready_to_trace()
        is_recomputation = not is_compiling and torch._C._current_graph_task_id() != -1
        is_training = is_recomputation or (module.training and torch.is_grad_enabled())
        phase: Phase = "training" if is_training else "evaluation"
        if not is_compiling and (self.is_closed or not self.slots.is_due(phase)):
            return None
        return Forward(self.name, phase, is_recomputation=is_recomputation)

    def begin(self, entered: Forward) -> bool:
        """Have a forward pass watched; False while that of another thread is."""
        if not torch.compiler.is_compiling() and not self._is_at_work.acquire(blocking=False):
            return False
        self.running.append(entered)
        return True

    def end(self) -> None:
        """The forward pass is over."""
        self.running.pop()
        if not torch.compiler.is_compiling():
            self._is_at_work.release()


Around = Callable[["Attachment", str, nn.Module, Method], Method]


def _way_around(path: str, module: nn.Module) -> Around | None:
    """How to watch a module; None for torch's own layers that call no activation."""
    if recognise_module(module) is not None:
        return _around_activation
    if isinstance(module, _FUSED):
        return _around_fused
    is_torchs = type(module).__module__.startswith("torch.nn.modules.")
    if path == "" or not is_torchs or any(module.children()):
        return _around
    return _around_product if isinstance(module, nn.Linear | _ConvNd) else None


def _around(attachment: Attachment, path: str, module: nn.Module, call: Method) -> Method:
    """Say which module is at work; the outermost begins a forward pass."""
    running = attachment.running

    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if running:
            if running[-1].is_of_another_thread():
                return call(self, *args, **kwargs)
            at_work = running[-1].path
            at_work.append(path)
            try:
                return call(self, *args, **kwargs)
            finally:
                at_work.pop()
        entered = attachment.enter(self)
        if entered is None or not attachment.begin(entered):
            return call(self, *args, **kwargs)
        try:
            if path == "" and not entered.is_recomputation:
                entered.see_input(args, kwargs)
            entered.path.append(path)
            with entered:
                return call(self, *args, **kwargs)
        finally:
            attachment.end()

    return _telling(attachment, forward) if path == "" else forward


def _telling(attachment: Attachment, watched: Method) -> Method:
    """Tell a listener of the pass, before it and once nothing of it is at work any more."""

    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        listener = None if torch.compiler.is_compiling() else attachment.listener
        if listener is None:
            return watched(self, *args, **kwargs)
        listener.before_forward()
        outputs = watched(self, *args, **kwargs)
        listener.after_forward(args, kwargs, outputs)
        return outputs

    return forward


def _around_activation(attachment: Attachment, path: str, module: nn.Module, call: Method) -> Method:
    """Measure what a module that is an activation returns, not what it calls to compute it."""
    running = attachment.running
    activation = recognise_module(module)
    assert activation is not None
    name = activation.name

    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        entered = running[-1] if running else attachment.enter(self)
        if entered is None or entered.is_of_another_thread() or (entered.path and entered.path[-1] is None):
            return call(self, *args, **kwargs)
        if _step_aside(entered):
            try:
                y = call(self, *args, **kwargs)
                entered.see(path, name, y)
            finally:
                torch._C._push_on_torch_function_stack(entered)
            return y
        entered.path.append(None)
        try:
            y = call(self, *args, **kwargs)
            entered.see(path, name, y)  # before the pop: the mode must not see what this computes
        finally:
            entered.path.pop()
        return y

    return forward


def _around_product(attachment: Attachment, path: str, module: nn.Module, call: Method) -> Method:
    """Note which layer computed the last product: it says what the units of the next activation are."""
    running = attachment.running
    axis, features = _features_of(module)
    product = Product(path, axis, features)

    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if not running or running[-1].is_of_another_thread():
            return call(self, *args, **kwargs)
        entered = running[-1]
        if _step_aside(entered):
            try:
                y = call(self, *args, **kwargs)
            finally:
                torch._C._push_on_torch_function_stack(entered)
        else:
            y = call(self, *args, **kwargs)
        entered.product[0] = product
        return y

    return forward


def _features_of(module: nn.Module) -> tuple[int, int]:
    """The axis of a layer's features or channels in its output, from the end, and their number."""
    if isinstance(module, nn.Linear):
        return -1, module.out_features
    assert isinstance(module, _ConvNd)
    return -1 - len(module.kernel_size), module.out_channels


def _step_aside(entered: Forward) -> bool:
    """Take the mode from the top of its stack, where it would see torch calls and learn nothing from them.

    False where it is not on top: outside of the pass, under another mode, or where torch.compile traces.
    """
    if torch.compiler.is_compiling() or torch._C._len_torch_function_stack() == 0:
        return False
    top = torch._C._pop_torch_function_stack()
    if top is entered:
        return True
    torch._C._push_on_torch_function_stack(top)
    return False


def _around_fused(attachment: Attachment, path: str, module: nn.Module, call: Method) -> Method:
    """Stop listening where that would cost a module its fast path."""
    watched = _around(attachment, path, module, call)

    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling() or self.training or _needs_graph(self):
            return watched(self, *args, **kwargs)
        if isinstance(self, nn.TransformerEncoderLayer):
            attachment.slots.not_seen.setdefault(path, _FAST_PATH)
        with torch._C.DisableTorchFunction():
            return call(self, *args, **kwargs)

    return forward


def _needs_graph(module: nn.Module) -> bool:
    return torch.is_grad_enabled() and any(parameter.requires_grad for parameter in module.parameters())


def _state(module: nn.Module) -> object:
    """The state that deepcopy, copy and pickle take: without what watches."""
    state: object = type(module).__getstate__(module)  # type: ignore[no-untyped-call]
    return _unwatched(state) if isinstance(state, dict) else state


def _replica(module: nn.Module) -> nn.Module:
    replica: nn.Module = type(module)._replicate_for_data_parallel(module)  # type: ignore[no-untyped-call]
    replica.__dict__ = _unwatched(replica.__dict__)
    return replica


def _unwatched(state: dict[str, Any]) -> dict[str, Any]:
    found = {
        name: value.__func__.__dict__.get("found") if _is_ours(value) else value
        for name, value in state.items()
    }
    return {name: value for name, value in found.items() if value is not None or state[name] is None}


def _is_ours(value: object) -> bool:
    return isinstance(value, MethodType) and value.__func__.__globals__.get("__name__") == __name__
