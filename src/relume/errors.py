"""One exception class per kind of trouble; every message says what was wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec


class RelumeError(Exception):
    """Anything relume says no to. Catch this one to catch them all."""


class UnknownNameError(RelumeError, KeyError):
    """A name that is not in the mapping it was looked up in."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes


class DataError(RelumeError, ValueError):
    """A data set that cannot be trained on."""


class BuildError(RelumeError, ValueError):
    """A user's build function that failed or returned no network."""


class PlanError(RelumeError, ValueError):
    """A study that cannot be run as it was asked for."""


class ReplacementError(RelumeError, ValueError):
    """An activation that cannot stand where another one stood."""


class MissingExtraError(RelumeError, ImportError):
    """A package that belongs to an extra that is not installed."""


class DrawingError(RelumeError, ValueError):
    """A record that holds nothing to draw."""


class TargetError(RelumeError, OSError):
    """A file or folder that cannot be read or written."""


class RunFileError(TargetError):
    """A run file that cannot be written or read, or is something else."""


class WatchError(RelumeError, ValueError):
    """A model that cannot be watched as it was asked for."""


class TrialError(RelumeError, ValueError):
    """A model that cannot be trained for a few steps, as a check or a repair has to."""


class LaunchError(RelumeError, ValueError):
    """A script that cannot be run as it was asked for."""


class ServeError(RelumeError, OSError):
    """An address at which nothing can be served."""


class UnseenWarning(UserWarning):
    """A model that trained under watch, and of which nothing was seen."""


class ExportWarning(UserWarning):
    """A tracker that no longer takes what is written to it."""


class UnreachedCallWarning(UserWarning):
    """A call in the user's own code that computes an activation, which relume cannot change."""


def unknown_name(kind: str, name: str, known: Iterable[str], *, listing: str) -> UnknownNameError:
    """Say that `name` is unknown, suggest the nearest known one, and tell how to list all.

    >>> print(unknown_name("activation", "rleu", ["relu", "tanh"], listing="relume activations"))
    unknown activation 'rleu'. Did you mean 'relu'? 'relume activations' lists all.
    """
    nearest = get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    suggestion = f" Did you mean {nearest[0]!r}?" if nearest else ""
    return UnknownNameError(f"unknown {kind} {name!r}.{suggestion} '{listing}' lists all.")


def require(*packages: str, extra: str, purpose: str) -> None:
    """Say which packages of an extra are missing, before any work is done that needs them.

    >>> require("nothing", extra="why", purpose="it")
    Traceback (most recent call last):
    relume.errors.MissingExtraError: nothing is not installed: needed for it. Run: pip install "relume[why]"
    """
    missing = [package for package in packages if not _is_installed(package)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingExtraError(
            f"{', '.join(missing)} {verb} not installed: needed for {purpose}. "
            f'Run: pip install "relume[{extra}]"'
        )


def _is_installed(package: str) -> bool:
    """Whether a package is there: W&B leaves a folder `wandb`, which Python takes for one without a file."""
    spec = find_spec(package)
    return spec is not None and spec.origin is not None


def said(error: BaseException) -> str:
    r"""An exception's type and the first line of what it says, for a sentence about someone else's code.

    >>> said(ValueError("no such layer\nin any block"))
    'ValueError: no such layer'
    """
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".removesuffix(": ")
