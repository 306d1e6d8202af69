"""Public functions say what each of their parameters is, in the docstring that the reference shows."""

import inspect
import re
from collections.abc import Callable

import pytest

import relume
from relume.evidence.run import run_claims
from relume.integrations.export import exporting
from relume.probe.watch import Watch
from relume.remedies.repair import advice

CALLED = ("watch", "check", "diagnose", "repair", "replace", "study", "open", "write_report", "export")
METHODS = ("loss", "readings", "report", "gathered", "step", "on_window", "off_window")
FUNCTIONS = [getattr(relume, name) for name in CALLED]
FUNCTIONS += [exporting, run_claims, advice, *(getattr(Watch, name) for name in METHODS)]


def not_told(function: Callable[..., object]) -> list[str]:
    """The parameters of which the docstring's section has no entry."""
    docstring = inspect.getdoc(function) or ""
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n\w+\n-{3}|\Z)", docstring, re.DOTALL)
    entries = re.findall(r"(?m)^(\S.*)$", section[1]) if section else []
    told = {name.strip() for entry in entries for name in entry.split(",")}
    return [name for name in inspect.signature(function).parameters if name != "self" and name not in told]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__qualname__)
def test_every_parameter_is_told(function: Callable[..., object]) -> None:
    assert not not_told(function)


def test_a_parameter_that_is_not_told_is_seen() -> None:
    def train(model: object, steps: int) -> None:
        """Train.

        Parameters
        ----------
        model
            Of `steps` nothing is said.
        """

    assert not_told(train) == ["steps"]


def test_what_a_name_raises_and_returns_is_told() -> None:
    for name in CALLED:
        told = inspect.getdoc(getattr(relume, name)) or ""
        assert "Raises\n---" in told or name == "diagnose", name
        assert "Returns\n---" in told or name == "write_report", name
