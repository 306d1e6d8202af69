"""What a model computes on a batch: its products with weights, in order, and the activations between them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from relume.catalogue.recognition import recognise_module
from relume.probe.calls import Kind, kind_of, name_of, plain
from relume.probe.modules import is_scripted
from relume.remedies.lines import calling_line
from relume.remedies.parts import Mark, Product, Use
from relume.trial import SEED, Patient, random_state_restored

Function = Callable[..., Any]

# What keeps every unit in its place, so that the units of a product are still told apart behind it. A part of
# the function's name decides: max_pool2d, adaptive_avg_pool2d, dropout2d.
KEEPS_UNITS = ("dropout", "pool", "norm", "flatten", "view", "reshape", "contiguous", "clone")
# Products that are no layer of their own: with these too, what was before them is within the network.
MIXES = ("matmul", "bmm", "mm", "einsum", "lstm", "gru", "rnn", "attention")
ADDS, MULTIPLIES = ("add", "iadd", "radd"), ("mul", "imul", "rmul", "multiply")
# What only moves numbers about: what is kept beside them is moved alike.
MOVES = (
    *("gather", "getitem", "select", "index_select", "take_along_dim", "diagonal", "diag", "masked_select"),
    *("squeeze", "unsqueeze", "view", "reshape", "flatten", "unflatten", "transpose", "t", "permute"),
    *("expand", "contiguous", "clone", "flip", "roll", "movedim", "narrow", "float", "double"),
)
DIVIDES = ("div", "truediv", "divide", "true_divide")


def anatomy_of(patient: Patient, *, batches: int = 1) -> "Anatomy":
    """Run a copy of the patient's model on its first batches, and note what it computes.

    What torch.nn.functional.multi_head_attention_forward and recurrent kernels compute within is not seen.
    """
    copied = patient.copied()
    anatomy = Anatomy(copied.model)
    # Some calls are activations only on what has a gradient: a sine of the data's is none.
    with random_state_restored(), torch.enable_grad(), anatomy.attached(), anatomy:
        torch.manual_seed(SEED)
        for batch in copied.batches[:batches]:
            copied.loss(copied.model, batch)
            anatomy.forget_tensors()
    return anatomy


class Anatomy(TorchFunctionMode):
    """Products and uses of activations in the order of execution; made by `anatomy_of`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.products: list[Product] = []
        self.uses: list[Use] = []
        self._model = model
        self._names = {id(parameter): name for name, parameter in model.named_parameters()}
        self._by_weight: dict[str, Product] = {}
        self._at_work: list[tuple[str, bool]] = []  # modules, outermost first, and whether an activation
        self.forget_tensors()

    def forget_tensors(self) -> None:
        """Let go of a batch's tensors."""
        self._marks: dict[int, Mark] = {}
        self._parents: dict[int, list[int]] = {}
        self._results: dict[int, Use] = {}  # by tensor: the activation that returned it
        self._alive: list[object] = []  # while they live, no other tensor has their id

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Follow which module is at work."""
        handles = []
        for path, module in self._model.named_modules():
            if not is_scripted(module):
                entry = recognise_module(module)
                handles.append(module.register_forward_pre_hook(self._entering(path, entry is not None)))
                leaving = self._leaving(path, entry.name if entry else "")
                handles.append(module.register_forward_hook(leaving, with_kwargs=True, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def __torch_function__(self, func: Function, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the call, then note what it was."""
        keywords = kwargs or {}
        result = func(*args, **keywords)
        # Outside any module the loss is computed; within an activation only its result counts.
        if self._at_work and not self._at_work[-1][1]:
            for tensor in _tensors((result,)):
                self._note(func, args, keywords, tensor)
        return result

    def _entering(self, path: str, is_activation: bool) -> Function:
        def enter(module: nn.Module, args: Any) -> None:
            self._at_work.append((path, is_activation))

        return enter

    def _leaving(self, path: str, activation: str) -> Function:
        def leave(module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
            self._at_work.pop()
            is_within_another = bool(self._at_work) and self._at_work[-1][1]
            if activation and isinstance(result, Tensor) and not is_within_another:
                with torch._C.DisableTorchFunction():
                    self._use(activation, path, _tensors((args, kwargs)), result)

        return leave

    def _note(self, func: Function, args: Any, keywords: dict[str, Any], result: Tensor) -> None:
        kind = kind_of(func)
        given = list(_tensors((args, keywords)))
        if kind in ("linear", "convolution"):
            self._product(kind, args, keywords, result)
            return
        if kind is not None and (kind == "activation" or result.requires_grad):
            arguments = tuple(plain(value) for value in args[1:])
            named = tuple((key, plain(value)) for key, value in keywords.items() if key != "input")
            if name := name_of(func, arguments, named):
                self._use(name, None, given, result)
                return
        function = getattr(func, "__name__", "").strip("_")
        self._pass(function, given, result, _factor(function, args))

    def _product(self, kind: Kind, args: Any, keywords: dict[str, Any], result: Tensor) -> None:
        x, weight, bias = _operands(args, keywords)
        mark = self._marks.get(id(x))
        for use in mark.passed if mark else ():
            use.is_hidden = True
        name = self._names.get(id(weight))
        if name is None:  # computed from parameters: weight normalisation, a hypernetwork
            self._keep(result, (x,), Mark(None, None, (), False))
            return
        product = self._by_weight.get(name)
        if product is None:
            product = self._by_weight[name] = self._new_product(name, kind, weight, bias, result)
            if mark and mark.passed and not mark.is_normalised:
                product.fed_by = mark.passed[-1].name
        if mark and mark.units and product not in mark.units.consumers:
            mark.units.consumers.append(product)
        self._keep(result, (x,), Mark(product, product, (), False))

    def _new_product(
        self, name: str, kind: Kind, weight: Tensor, bias: Tensor | None, result: Tensor
    ) -> Product:
        units = result.shape[-1] if kind == "linear" else result.shape[-weight.dim() + 1]
        # A transposed convolution keeps its inputs first; each output meets about as many as they are.
        fan_in = weight[0].numel() if weight.shape[0] == units else weight[:, 0].numel()
        product = Product(
            weight=name,
            bias=self._names.get(id(bias)),
            owner=self._at_work[-1][0],
            kind=kind,
            units=units,
            fan_in=fan_in,
            order=len(self.products),
        )
        self.products.append(product)
        return product

    def _use(self, name: str, module: str | None, given: Iterable[Tensor], result: Tensor) -> None:
        given = list(given)
        use = Use(name, self._at_work[-1][0] if self._at_work else "", module, calling_line())
        self.uses.append(use)
        mark = self._latest(given) or Mark(None, None, (), False)
        if mark.product and not mark.passed:
            if mark.product.activation is None:
                mark.product.activation, mark.product.is_normalised = use, mark.is_normalised
                mark.product.factor = mark.factor
            if mark.units is mark.product:
                _add_magnitude(mark.product, result.detach())
        self._results[id(result)] = use
        self._keep(result, given, Mark(mark.product, mark.units, (use,), False))

    def _pass(self, function: str, given: list[Tensor], result: Tensor, factor: float) -> None:
        known = [tensor for tensor in given if id(tensor) in self._marks]
        if function in MULTIPLIES:
            self._note_gates(given)
        # What is gated stays what it is: y in y * sigmoid(gate).
        ungated = [tensor for tensor in known if id(tensor) not in self._results]
        mark = self._latest(ungated if function in MULTIPLIES and ungated else known)
        if mark is None:
            self._keep(result, given, None)
            return
        if function in ADDS:
            self._note_branch(given, mark)
        if len(given) == 1 and (use := self._results.get(id(given[0]))):
            self._results[id(result)] = use  # x * (1 + tanh(y)): still a gate
        marks = [self._marks[id(tensor)] for tensor in known]
        passed = tuple(dict.fromkeys(use for each in marks for use in each.passed))
        if any(part in function for part in MIXES):
            for use in passed:
                use.is_hidden = True
        keeps_units = len(marks) == 1 and any(part in function for part in KEEPS_UNITS)
        for units in () if keeps_units else filter(None, (each.units for each in marks)):
            units.has_other_consumers = True
        is_normalised = "norm" in function or mark.is_normalised
        units_kept = mark.units if keeps_units else None
        self._keep(result, given, Mark(mark.product, units_kept, passed, is_normalised, mark.factor * factor))

    def _latest(self, given: Iterable[Tensor]) -> Mark | None:
        marks = [self._marks[id(tensor)] for tensor in given if id(tensor) in self._marks]
        return max(marks, key=lambda mark: mark.product.order if mark.product else -1, default=None)

    def _note_gates(self, given: list[Tensor]) -> None:
        factors = [t for t in given if id(t) in self._marks or (t.requires_grad and id(t) not in self._names)]
        for tensor in factors if len({id(factor) for factor in factors}) > 1 else ():
            if use := self._results.get(id(tensor)):
                use.is_gate = True

    def _note_branch(self, given: list[Tensor], latest: Mark) -> None:
        """Whether one summand was computed from the other, as in x + branch(x)."""
        product = latest.product
        if product is None or len(given) != 2:
            return
        one, two = given
        branch, skip = (one, two) if self._marks.get(id(one)) is latest else (two, one)
        if id(skip) not in self._names and self._comes_from(id(branch), id(skip)):
            product.closes_branch = True

    def _comes_from(self, tensor: int, origin: int) -> bool:
        seen, ahead = {tensor}, list(self._parents.get(tensor, ()))
        while ahead:
            parent = ahead.pop()
            if parent == origin:
                return True
            if parent not in seen:
                seen.add(parent)
                ahead += self._parents.get(parent, ())
        return False

    def _keep(self, result: Tensor, given: Iterable[Tensor], mark: Mark | None) -> None:
        given = list(given)
        self._alive += [result, *given]
        self._parents[id(result)] = [*self._parents.get(id(result), ()), *map(id, given)]
        if mark is not None:
            self._marks[id(result)] = mark


def _operands(args: Any, keywords: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Input, weight and bias of a product, however they were given."""
    given = {**dict(zip(("input", "weight", "bias"), args, strict=False)), **keywords}
    return given["input"], given["weight"], given.get("bias")


def _factor(function: str, args: Any) -> float:
    """The number that a tensor is multiplied by, in x * 30 or x / 8; 1 where it is not."""
    number = next((float(each) for each in args if isinstance(each, int | float)), 1.0)
    if function in MULTIPLIES:
        return number
    return 1 / number if function in DIVIDES and isinstance(args[0], Tensor) and number else 1.0


def _add_magnitude(product: Product, values: Tensor) -> None:
    axis = -1 if product.kind == "linear" else 1
    if values.dim() < 2 or values.shape[axis] != product.units:
        return
    mean = values.double().abs().movedim(axis, -1).flatten(0, -2).mean(0)
    product.magnitude = mean if product.magnitude is None else product.magnitude + mean


def _tensors(values: object) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from _tensors(tuple(values.values()))
    elif isinstance(values, tuple | list):
        for value in values:
            yield from _tensors(value)
