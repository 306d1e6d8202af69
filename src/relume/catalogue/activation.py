"""What an activation is: three closed forms, what is true of them, and where they come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Symmetry = Literal["odd", "even", "none"]
Monotonicity = Literal["increasing", "non-decreasing", "non-monotone"]
FlatEnds = Literal["none", "left", "right", "both"]
Form = Literal["elementwise", "concatenated", "gated"]
KinkKind = Literal["jump", "vertical", "corner", "curvature"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an activation was introduced, or where its usual form is given."""

    author: str
    year: int
    title: str

    def __str__(self) -> str:
        """Name the author, the year and the title."""
        return f"{self.author} ({self.year}), {self.title}"


@dataclass(frozen=True, slots=True)
class Kink:
    """A point where the function is not smooth, and the derivative chosen there.

    `kind` names the lowest order that breaks: the value jumps (`jump`), the slope is infinite on one side
    (`vertical`), the slope jumps (`corner`), or only the second derivative jumps (`curvature`).
    """

    at: float
    derivative: float
    kind: KinkKind = "corner"


@dataclass(frozen=True, slots=True)
class Alias:
    """A callable of torch that computes the activation when called with these arguments after the input.

    `call` is a function, an unbound tensor method, or a module class. A module is matched by its attributes
    of the arguments' names, so `Alias(nn.GELU, {"approximate": "tanh"})` tells the two forms of GELU apart.
    """

    call: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_module(self) -> bool:
        """Whether `call` is a module class."""
        return isinstance(self.call, type) and issubclass(self.call, nn.Module)

    def matches(self, module: nn.Module) -> bool:
        """Whether `module` is of exactly this class and was built with these arguments."""
        return type(module) is self.call and all(getattr(module, k) == v for k, v in self.arguments.items())

    def __call__(self, x: Tensor) -> Tensor:
        """Apply torch's own function to a copy of `x`, so that in-place aliases leave it alone."""
        if self.is_module:
            module: nn.Module = self.call(**self.arguments)
            return module.to(x.dtype).eval()(x.clone())  # type: ignore[no-any-return]
        return self.call(x.clone(), **self.arguments)  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Activation:
    r"""An activation function in closed form.

    `value`, `derivative` and `second_derivative` take a tensor of any shape and return one of the same shape
    and dtype, by the form:

    - `elementwise`: f(x), f'(x), f''(x). Learnable `parameters` are keywords with their initial values as
      defaults.
    - `concatenated`: [..., units] -> [..., 2 units]; each output belongs to the input it was made from.
    - `gated`: functions of two tensors, the gate's pre-activation u and the linear factor v: g(u) v, and its
      first and second derivative with respect to u. As it is linear in v, the derivative with respect to v is
      value(u, 1). As a module it takes v from the first half of the units and u from the second, as `nn.GLU`.
    """

    name: str
    formula: str  # for people, in plain characters: "max(0, x)"
    value: Callable[..., Tensor]
    derivative: Callable[..., Tensor]
    second_derivative: Callable[..., Tensor]
    range: tuple[float, float]  # infimum and supremum; of gated pairs over all u, v
    limits: tuple[float, float]  # at -inf and +inf; nan where there is none; of gated pairs at v = 1
    flat_ends: FlatEnds  # where the derivative tends to 0
    symmetry: Symmetry
    monotonicity: Monotonicity
    citation: Citation
    zero_region: tuple[float, float] | None = None  # the inputs, more than a point, whose value is exactly 0
    kinks: tuple[Kink, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)  # the learnable ones, by initial value
    aliases: tuple[Alias, ...] = ()
    elsewhere: tuple[str, ...] = ()  # module classes of other libraries that compute it, by full name
    form: Form = "elementwise"
    # grad * f'(x) written into `out` in one pass, given x, y = f(x): only where torch has such a kernel
    chain: Callable[[Tensor, Tensor, Tensor, Tensor], object] | None = None
    # f(x) written over x in one pass: only where torch has such a kernel and `chain` does not need x
    overwrite: Callable[[Tensor], object] | None = None

    def __repr__(self) -> str:
        """Show the name and the formula."""
        return f"<Activation {self.name}: {self.formula}>"

    def __reduce__(self) -> tuple[Callable[[str], "Activation"], tuple[str]]:
        """Pickle by name: the closed forms are lambdas, and the name brings back the same object."""
        return _by_name, (self.name,)

    def _repr_html_(self) -> str:
        import relume  # by its public name, when it is asked for: pictures stand above what they show

        return relume.notebook.activation.html(self)

    def plot(self) -> "Figure":
        """Draw the value, the first and the second derivative, with the kinks marked."""
        import relume  # as above

        return relume.notebook.activation.figure(self)

    def module(self, *, unit_axis: int = -1) -> nn.Module:
        """Build a module that computes this activation: torch's own where there is one.

        Parameters
        ----------
        unit_axis
            The axis that a concatenated or gated form doubles or halves: 1 for [batch, channels, height,
            width].

        Examples
        --------
        >>> from relume import activations
        >>> activations["relu"].module()
        ReLU()
        """
        for alias in self.aliases:
            # torch's own knows nothing of `unit_axis`
            if alias.is_module and (self.form == "elementwise" or unit_axis == -1):
                module: nn.Module = alias.call(**alias.arguments)
                return module
        return ClosedForm(self, unit_axis=unit_axis)


class ClosedForm(nn.Module):
    """An activation's closed form as a module, for entries that torch has no module of."""

    def __init__(self, activation: Activation, *, unit_axis: int = -1) -> None:
        super().__init__()
        self.activation, self.unit_axis = activation, unit_axis
        for name, initial in activation.parameters.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(initial)))

    def extra_repr(self) -> str:
        """Show the name and the formula."""
        return f"{self.activation.name}: {self.activation.formula}"

    def forward(self, x: Tensor) -> Tensor:
        """[..., units, ...] -> [..., units, ...]; twice the units if concatenated, half of them if gated."""
        if self.activation.form == "gated":
            v, u = x.chunk(2, self.unit_axis)
            return self.activation.value(u, v)
        if self.activation.form == "concatenated":
            moved = x.movedim(self.unit_axis, -1)
            return self.activation.value(moved).movedim(-1, self.unit_axis)
        if self.activation.parameters:  # autograd also differentiates by the learnable ones
            return self.activation.value(x, **dict(self.named_parameters()))
        return _Elementwise.apply(x, self.activation)  # type: ignore[no-any-return,no-untyped-call]


class _Elementwise(torch.autograd.Function):
    """f(x) with the closed derivative as its backward pass, so that the one chosen at a kink is used."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, activation: Activation) -> Tensor:
        return activation.value(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Activation], output: Tensor) -> None:
        x, ctx.activation = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return grads[0] * ctx.activation.derivative(x), None


def _by_name(name: str) -> Activation:
    from relume.catalogue import activations

    return activations[name]
