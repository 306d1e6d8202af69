"""Calls back when a package has been imported, so that a script imports torch when and how it likes to."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


@contextmanager
def when_imported(package: str, then: Callable[[], None]) -> Iterator[None]:
    """Call `then` once: when `package` has been imported in the block, or now if it has been already.

    torch reads the environment (OMP_NUM_THREADS, ...) while it is imported. A script may set it before.
    """
    if package in sys.modules:
        then()
        yield
        return
    finder = _Finder(package, then)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.leave()


class _Finder(MetaPathFinder):
    """Finds one package where everybody finds it, and adds a call to its loading."""

    def __init__(self, package: str, then: Callable[[], None]) -> None:
        self.package, self.then = package, then

    def leave(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.package:
            return None
        self.leave()
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            loader, load = spec.loader, spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                del loader.exec_module  # the instance's, which is this function
                load(module)
                self.then()

            loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
