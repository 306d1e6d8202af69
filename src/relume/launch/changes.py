"""What `--with` asks for: changes of a run that the script knows nothing of."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from relume.errors import LaunchError, unknown_name

Start = Literal["variance-preserving", "lsuv"]

KEYS = ("activation.OLD", "init", "clip", "lr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes to make of every model and optimiser that is met."""

    swaps: dict[str, str] = field(default_factory=dict)  # activations, old name -> new name
    start: Start | None = None  # how to draw the weights anew
    clip: float | Literal["auto"] | None = None  # the greatest norm of all gradients together
    rate_factor: float = 1.0
    rate: float | None = None  # learning rate in place of the script's

    @property
    def names(self) -> tuple[str, ...]:
        """As they were asked for."""
        rate = f"lr={self.rate:g}" if self.rate is not None else f"lr=x{self.rate_factor:g}"
        named = {
            **{f"activation.{old}={new}": True for old, new in self.swaps.items()},
            f"init={self.start}": self.start is not None,
            f"clip={self.clip}": self.clip is not None,
            rate: self.rate is not None or self.rate_factor != 1,
        }
        return tuple(name for name, is_asked in named.items() if is_asked)


def parse_changes(words: Iterable[str]) -> Changes:
    """Read what was given by `--with`, once or several times.

    Raises
    ------
    LaunchError, UnknownNameError
        If one is not understood.

    Examples
    --------
    >>> parse_changes(["activation.sigmoid=relu", "lr=x0.1"]).names
    ('activation.sigmoid=relu', 'lr=x0.1')
    """
    found: dict[str, object] = {}
    swaps: dict[str, str] = {}
    for word in words:
        key, _, value = word.partition("=")
        if not value:
            raise LaunchError(f"a change is written NAME=VALUE: --with {word}. For instance --with lr=x0.1.")
        if key.startswith("activation."):
            swaps[key.removeprefix("activation.")] = value
        else:
            found |= _read(key, value)
    return Changes(swaps=_known(swaps), **found)  # type: ignore[arg-type]


def _read(key: str, value: str) -> dict[str, object]:
    if key == "init":
        if value not in get_args(Start):
            raise unknown_name("initialisation", value, get_args(Start), listing="relume run --help")
        return {"start": cast(Start, value)}
    if key == "clip":
        return {"clip": "auto" if value == "auto" else _positive(key, value)}
    if key == "lr":
        if value.startswith("x"):
            return {"rate_factor": _positive(key, value.removeprefix("x"))}
        return {"rate": _positive(key, value)}
    raise unknown_name("change", key, KEYS, listing="relume run --help")


def _positive(key: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise LaunchError(f"{key} takes a number above 0: {text!r}. For instance --with {key}=0.5.")
    return number


def _known(swaps: dict[str, str]) -> dict[str, str]:
    """Check the names. The catalogue imports torch, so it is asked only where there is one to check."""
    if swaps:
        from relume.catalogue import activations

        for old, new in swaps.items():
            for name in (old, new):
                _ = activations[name]
            if activations[new].form != "elementwise" or activations[old].form != "elementwise":
                raise LaunchError(
                    f"{old} to {new} changes the number of units. Choose two elementwise activations."
                )
    return swaps
