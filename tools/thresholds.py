"""Every threshold that a finding can quote, read from the rules' source: docs/thresholds.md is made of it.

A rule makes its evidence by `Evidence(...)`, in its own file or in one that it shares. Each such call is
followed back to the numbers and sentences that can get into it, along the calls by which the rule reaches it.
What depends on the network that is looked at is shown as "…".
"""

import ast
import builtins
import copy
import inspect
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from types import FunctionType
from typing import Any, cast

from relume.diagnosis.rules import rules

PACKAGE = "relume.diagnosis"
FIELDS = ("threshold", "unit", "source", "quantity")  # the earlier ones decide what the later ones are
DEEPEST = 4  # calls, from an evidence back to where its words stand

Bound = Mapping[str, object]  # an expression's text, and what it is in one case
Case = tuple[object, Bound]  # what an expression is, and what else is then known


@dataclass(frozen=True, slots=True, order=True)
class Threshold:
    """What a finding can say of one quantity."""

    problem: str
    quantity: str
    threshold: str
    unit: str
    source: str
    file: str  # under src/relume/diagnosis


@dataclass(frozen=True, slots=True)
class Unknown:
    """What only a run decides: the expression, with the numbers in it that are known."""

    text: str


@cache
def thresholds() -> tuple[Threshold, ...]:
    """All of all rules, by problem."""
    found = {each for rule in rules.values() for each in _of_rule(rule.name, rule.find)}
    return tuple(sorted(found))


def _of_rule(problem: str, find: object) -> Iterator[Threshold]:
    reached = _reached(find)
    for function in reached:
        file = function.__module__.removeprefix(f"{PACKAGE}.").replace(".", "/") + ".py"
        for call in _calls(function, "Evidence"):
            given = {word.arg: word.value for word in call.keywords}
            for bound in _callings(function, reached):
                for said in _evidence(given, _Place(function, reached), bound):
                    yield Threshold(problem=problem, file=file, **said)


def _evidence(
    given: Mapping[str | None, ast.expr], place: "_Place", bound: Bound
) -> Iterator[dict[str, str]]:
    """What the fields of one evidence say, in each case."""
    cases: list[tuple[dict[str, str], Bound]] = [({}, bound)]
    for field in FIELDS:
        value = given.get(field, ast.Constant("1"))  # the unit, where none is said
        cases = [
            ({**said, field: _shown(each, field)}, then)
            for said, held in cases
            for each, then in _cases(value, place, held)
        ]
    yield from (said for said, _ in cases)


@dataclass(frozen=True, slots=True)
class _Place:
    """A function in which an expression stands, among all that a rule reaches."""

    function: FunctionType
    reached: Sequence[FunctionType]
    depth: int = 0


def _cases(value: ast.expr, place: _Place, bound: Bound) -> Iterator[Case]:
    """All that an expression can be."""
    found = _evaluated(value, place.function, bound)
    if not isinstance(found, Unknown):
        yield found, bound
    elif isinstance(value, ast.IfExp):
        test = _evaluated(value.test, place.function, bound)
        for branch, holds in ((value.body, True), (value.orelse, False)):
            if isinstance(test, Unknown) or bool(test) is holds:
                yield from _cases(branch, place, bound)
    elif isinstance(value, ast.JoinedStr):
        yield from _texts(value, place, bound)
    elif isinstance(value, ast.Name) and (assigned := _assigned(place.function).get(value.id)):
        yield from ((each, {**then, value.id: each}) for each, then in _cases(assigned, place, bound))
    elif isinstance(value, ast.Attribute) and (made := list(_made(value.attr, place))):
        yield from ((each, {**bound, ast.unparse(value): each}) for each in made)
    else:
        yield found, bound


def _texts(value: ast.JoinedStr, place: _Place, bound: Bound) -> Iterator[Case]:
    """A sentence, with what differs from call to call; names and numbers of the run stay open."""
    cases: list[tuple[str, Bound]] = [("", bound)]
    for part in value.values:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        cases = [
            (told + _shown(each, "quantity"), then)
            for told, held in cases
            for each, then in (
                _cases(inner, place, held)
                if isinstance(inner, ast.Name | ast.Constant)
                else [(Unknown(""), held)]
            )
        ]
    yield from cases


def _callings(function: FunctionType, reached: Sequence[FunctionType], depth: int = 0) -> list[Bound]:
    """What is known of a function's parameters, in each of the ways in which it is called."""
    found: list[Bound] = []
    signature = inspect.signature(function).parameters.values()
    defaults = {each.name: each.default for each in signature if each.default is not each.empty}
    for caller in reached if depth < DEEPEST else ():
        for call in _calls(caller, function.__name__) if _sees(caller, function) else ():
            for held in _callings(caller, reached, depth + 1):
                place = _Place(caller, reached, depth + 1)
                found += [
                    {**defaults, **each} for each in _bindings(call, _parameters(function), place, held)
                ]
    known = [{k: each for k, each in bound.items() if not isinstance(each, Unknown)} for bound in found]
    return list({repr(sorted(bound.items())): bound for bound in known}.values()) or [{}]


def _bindings(call: ast.Call, names: Iterable[str], place: _Place, held: Bound) -> list[Bound]:
    """The parameters that one call gives a value of the source, rather than of the run."""
    given = dict(zip(names, call.args, strict=False)) | {
        each.arg: each.value for each in call.keywords if each.arg
    }
    options = [[(name, each) for each, _ in _cases(value, place, held)] for name, value in given.items()]
    return [dict(chosen) for chosen in itertools.product(*options)]


def _made(field: str, place: _Place) -> Iterator[object]:
    """What a field of a record holds, by the calls that make such records."""
    held_names = place.function.__globals__.values()
    records = [each for each in held_names if isinstance(each, type) and is_dataclass(each)]
    deeper = place.depth + 1
    for record in (each for each in records if field in each.__dataclass_fields__ and deeper <= DEEPEST):
        for maker in (each for each in place.reached if _sees(each, record)):
            for call, held in itertools.product(
                _calls(maker, record.__name__), _callings(maker, place.reached, deeper)
            ):
                bound = _bindings(
                    call, record.__dataclass_fields__, _Place(maker, place.reached, deeper), held
                )
                known = (each[field] for each in bound if field in each)
                yield from (each for each in known if not isinstance(each, Unknown))


def _evaluated(value: ast.expr, function: FunctionType, bound: Bound) -> object:
    """What an expression is by the source alone."""
    known = {text: each for text, each in bound.items() if not isinstance(each, Unknown)}
    whole = _Known(known, function.__globals__).visit(copy.deepcopy(value))
    local = {*_parameters(function), *_assigned(function)}
    names = {node.id for node in ast.walk(whole) if isinstance(node, ast.Name)}
    if names & local or not names <= vars(builtins).keys() | function.__globals__.keys():
        return Unknown(ast.unparse(whole))
    return eval(
        compile(ast.fix_missing_locations(ast.Expression(cast(ast.expr, whole))), "", "eval"),
        function.__globals__,
    )


class _Known(ast.NodeTransformer):
    """Puts what is known in place of its text, and numbers in place of their names."""

    def __init__(self, bound: Bound, names: Mapping[str, object]) -> None:
        self.bound: Mapping[str, Any] = bound
        self.names: Mapping[str, Any] = names

    def visit(self, node: ast.AST) -> ast.AST:
        text = ast.unparse(node) if isinstance(node, ast.expr) else ""
        if text in self.bound:
            return ast.Constant(self.bound[text])
        if isinstance(node, ast.Name) and isinstance(self.names.get(node.id), int | float):
            return ast.Constant(self.names[node.id])
        return cast(ast.AST, super().visit(node))


def _reached(find: object) -> tuple[FunctionType, ...]:
    """A rule's function, and all of the diagnosis that it calls or names, however far."""
    found: list[FunctionType] = []
    ahead: list[Any] = [find]
    while ahead:
        function = ahead.pop()
        is_ours = isinstance(function, FunctionType) and function.__module__.startswith(PACKAGE)
        if not is_ours or function in found:
            continue
        found.append(function)
        names = {node.id for node in ast.walk(_tree(function)) if isinstance(node, ast.Name)}
        for each in (function.__globals__.get(name) for name in sorted(names)):
            ahead += [*each] if isinstance(each, tuple) else [each]
    return tuple(found)


def _sees(caller: FunctionType, what: object) -> bool:
    return caller.__globals__.get(getattr(what, "__name__", "")) is what


@cache
def _tree(function: FunctionType) -> ast.FunctionDef:
    [tree] = ast.parse(inspect.getsource(function)).body
    assert isinstance(tree, ast.FunctionDef)
    return tree


def _calls(function: FunctionType, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _parameters(function: FunctionType) -> list[str]:
    return list(inspect.signature(function).parameters)


@cache
def _assigned(function: FunctionType) -> Mapping[str, ast.expr | None]:
    """Local names; those that one statement alone assigns, with what it assigns."""
    found: dict[str, ast.expr | None] = {}
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
    return found


def _shown(value: object, field: str) -> str:
    if isinstance(value, Unknown):
        return f"`{value.text}`" if field == "threshold" else "…"
    if isinstance(value, float | int):
        return number(value)
    text = re.sub(r" \(…[^)]*\)", "", str(value))
    return re.sub(r"…(, …)+", "…", text)


def number(value: float) -> str:
    """A number as a table shows it.

    >>> number(0.001), number(6550.4), number(1e-7)
    ('0.001', '6,550', '1e-07')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.3g}"
