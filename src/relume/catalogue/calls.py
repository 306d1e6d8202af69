"""Finds where the code of a model calls an activation as a function, in its source or in a run."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.catalogue.activation import Activation, ClosedForm
from relume.catalogue.recognition import recognise_call

TORCH = str(Path(torch.__file__).parent)
# Calls from here are an activation module's own.
MODULES_OF_ACTIVATIONS = (str(Path(TORCH, "nn", "modules", "activation.py")), str(Path(__file__).parent))


class Call(NamedTuple):
    """A line of the user's code that calls an activation."""

    activation: Activation
    file: str
    line: int


class CallRecorder(TorchFunctionMode):
    """Notes while it is entered which activations are called, and from which lines outside torch."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[Call, None] = {}  # in the order of the run, each once

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Note the call and let it run."""
        entry = recognise_call(func, args[1:], kwargs)
        if entry is not None and (caller := _caller(sys._getframe(1))):
            self.calls[Call(entry, *caller)] = None
        return func(*args, **(kwargs or {}))


def _caller(frame: FrameType | None) -> tuple[str, int] | None:
    """Find the line outside torch that a call came from; None if a module of an activation made it."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(MODULES_OF_ACTIVATIONS):
            return None
        if not file.startswith(TORCH):
            return file, frame.f_lineno
        frame = frame.f_back
    return None


def classes_of(model: nn.Module) -> list[type]:
    """List the classes of a model's modules, and of what they are derived from, that are not torch's."""
    written = {part: None for module in model.modules() for part in type(module).__mro__}
    return [part for part in written if _is_users(part)]


def _is_users(written: type) -> bool:
    own = written.__module__.partition(".")[0]
    return issubclass(written, nn.Module) and own != "torch" and written is not ClosedForm


def calls_in_source(written: type) -> list[Call] | None:
    """Find the calls in the source of a class; None if it cannot be read.

    Seen are F.relu(x), relu(x) and x.relu() by what the names stand for at the top of the file, so not what a
    function outside the class calls.
    """
    try:
        file = inspect.getfile(written)
        lines, first = inspect.getsourcelines(written)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    namespace = vars(sys.modules[written.__module__])
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sorted(_recognised(nodes, namespace, file, first), key=lambda call: call.line)


def _recognised(
    nodes: Iterator[ast.Call], namespace: Mapping[str, Any], file: str, first: int
) -> Iterator[Call]:
    for node in nodes:
        if entry := _entry_of(node, namespace):
            yield Call(entry, file, first + node.lineno - 1)


def _entry_of(call: ast.Call, namespace: Mapping[str, Any]) -> Activation | None:
    function, values = _resolve(call.func, namespace), call.args[1:]
    if function is None and isinstance(call.func, ast.Attribute) and not _is_self(call.func.value):
        function, values = getattr(Tensor, call.func.attr, None), call.args
    if not inspect.isroutine(function):
        return None
    keywords = {keyword.arg: _literal(keyword.value) for keyword in call.keywords if keyword.arg}
    return recognise_call(function, [_literal(value) for value in values], keywords)


def _resolve(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    """Find the object that a dotted name stands for at the top of its file; None for anything else."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = _resolve(node.value, namespace)
    return getattr(owner, node.attr, None) if isinstance(owner, ModuleType | type) else None


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return node  # equal to no argument of an alias
