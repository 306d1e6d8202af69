"""Finds out why a PyTorch network is not learning, proves it, repairs it and proves the repair."""

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relume import errors, types
    from relume import notebook as notebook  # not for people: records reach it by this name
    from relume.catalogue import activations
    from relume.diagnosis.check import check
    from relume.diagnosis.diagnose import diagnose
    from relume.evidence.claims import claims
    from relume.integrations.export import export
    from relume.probe.begin import watch
    from relume.remedies.repair import repair
    from relume.replacement import replace
    from relume.report.run_page import write_report
    from relume.runfile.reader import open_run as open
    from relume.studies.study import study

__version__ = _version("relume")
__all__ = [
    "__version__",
    "activations",
    "check",
    "claims",
    "diagnose",
    "errors",
    "export",
    "open",
    "repair",
    "replace",
    "study",
    "types",
    "watch",
    "write_report",
]

_HOMES = {
    "activations": "relume.catalogue.activations",
    "check": "relume.diagnosis.check.check",
    "claims": "relume.evidence.claims.claims",
    "diagnose": "relume.diagnosis.diagnose.diagnose",
    "export": "relume.integrations.export.export",
    "open": "relume.runfile.reader.open_run",
    "repair": "relume.remedies.repair.repair",
    "replace": "relume.replacement.replace",
    "study": "relume.studies.study.study",
    "watch": "relume.probe.begin.watch",
    "write_report": "relume.report.run_page.write_report",
}


def __getattr__(name: str) -> object:
    # torch takes seconds to import; `relume --help` and a shell's completion must not wait for it.
    if name in _HOMES:
        module, _, attribute = _HOMES[name].rpartition(".")
        return getattr(import_module(module), attribute)
    if name in ("errors", "notebook", "types"):
        return import_module(f"relume.{name}")
    raise AttributeError(f"module 'relume' has no attribute {name!r}")
