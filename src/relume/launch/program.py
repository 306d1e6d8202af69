"""Runs a script or a module the way `python` does: as `__main__`, with arguments and path of its own."""

import builtins
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal

from relume.errors import LaunchError
from relume.launch.tracebacks import strip_own_frames

FAILED, INTERRUPTED = 1, 130  # what a shell sees of a program that ends by an exception, or by Ctrl-C


class EnoughSteps(BaseException):
    """Raised in the script where it is to end; derived as KeyboardInterrupt is, so that few catch it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run."""

    target: str  # the path of a script, or the name of a module
    arguments: tuple[str, ...]
    kind: Literal["script", "module"]

    @property
    def name(self) -> str:
        """A short name for people and for files."""
        return Path(self.target).stem if self.kind == "script" else self.target.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a program ended."""

    status: int
    error: BaseException | None = None  # what nobody caught
    was_stopped: bool = False  # by EnoughSteps


def execute(program: Program) -> Ending:
    """Run a program to its end, whichever it is; what it raises is printed as Python would.

    Raises
    ------
    LaunchError
        If there is no such script or module.
    """
    # Typer puts a hook of its own there; the script's tracebacks are to look as ever.
    sys.excepthook = sys.__excepthook__
    try:
        code = _module(program) if program.kind == "module" else _script(program)
        exec(code, vars(sys.modules["__main__"]))
    except EnoughSteps:
        return Ending(status=0, was_stopped=True)
    except SystemExit as end:
        status = _status(end)
        return Ending(status=status, error=end if status else None)
    except LaunchError:
        raise
    except BaseException as error:
        strip_own_frames(error)
        sys.excepthook(type(error), error, error.__traceback__)
        return Ending(status=INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED, error=error)
    return Ending(status=0)


def _script(program: Program) -> CodeType:
    # As Python does: the current folder before it, no more; `./` and `..` stay.
    path = program.target if os.path.isabs(program.target) else f"{Path.cwd()}{os.sep}{program.target}"  # noqa: PTH117
    if not Path(path).is_file():
        what = "is a folder" if Path(path).is_dir() else "does not exist"
        raise LaunchError(f"{program.target} {what}. Give the path of a Python script, or -m and a module.")
    loader = SourceFileLoader("__main__", path)
    _become_main(program.target, program, folder=str(Path(path).resolve().parent))
    _fill_main(__file__=path, __cached__=None, __loader__=loader, __spec__=None, __package__=None)
    with io.open_code(path) as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


def _module(program: Program) -> CodeType:
    _become_main("-m", program, folder=str(Path.cwd()))
    spec = _spec_of(program.target)
    loader: Any = spec.loader
    code = loader.get_code(spec.name) if hasattr(loader, "get_code") else None
    if code is None or spec.origin is None:
        raise LaunchError(f"module {program.target!r} has no Python code to run. Give another one.")
    sys.argv[0] = spec.origin
    _fill_main(
        __file__=spec.origin,
        __cached__=spec.cached,
        __loader__=loader,
        __spec__=spec,
        __package__=spec.parent,
    )
    return code  # type: ignore[no-any-return]


def _spec_of(name: str) -> ModuleSpec:
    """Find a module, and of a package its `__main__`; imports the packages around it, as `python -m`."""
    try:
        spec = find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # from inside a package that is there
        spec = None
    if spec is None:
        raise LaunchError(f"there is no module {name!r} in {Path.cwd()}, nor installed. Give its full name.")
    if spec.submodule_search_locations is not None and not name.endswith(".__main__"):
        return _spec_of(f"{name}.__main__")
    return spec


def _become_main(argument: str, program: Program, *, folder: str) -> None:
    sys.argv = [argument, *program.arguments]
    if not sys.flags.safe_path:
        sys.path[0:1] = [folder]  # the place of the folder that the `relume` command lies in
    # A new one, and it stays: pickling, atexit and the children of multiprocessing look for it there.
    _kept.append(sys.modules["__main__"])
    sys.modules["__main__"] = ModuleType("__main__")


def _fill_main(**names: object) -> None:
    main: Mapping[str, Any] = {"__builtins__": builtins, "__annotations__": {}, **names}
    vars(sys.modules["__main__"]).update(main)


_kept: list[ModuleType] = []


def _status(end: SystemExit) -> int:
    """The exit status that Python makes of `sys.exit(code)`; prints a message that stands for one."""
    if end.code is None or isinstance(end.code, int):
        return int(end.code or 0)
    print(end.code, file=sys.stderr)
    return FAILED
