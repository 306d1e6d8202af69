"""The numbers of a folder's modules, by name, each with the comment that says why it is what it is."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that a module holds under a name."""

    file: str  # of the repository
    name: str
    value: float
    why: str


def constants(folder: str) -> Iterator[Constant]:
    """All of a folder of src/, by file, in their order."""
    for path in sorted((SOURCE / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        comments = _comments(text)
        found = [(node.lineno, name) for node in ast.parse(text).body for name in _assigned(node)]
        if not found:
            continue
        module = import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts))
        for line, name in found:
            value = getattr(module, name)
            if isinstance(value, int | float):
                yield Constant(path.relative_to(SOURCE.parent).as_posix(), name, value, _why(line, comments))


def _assigned(node: ast.stmt) -> Iterator[str]:
    """The constants that a statement makes: A = 1, or A, B = 1, 2."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    for target in targets:
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        yield from (name.id for name in names if isinstance(name, ast.Name) and name.id.isupper())


def _comments(text: str) -> dict[int, tuple[str, bool]]:
    """By line: what a comment says, and whether it has the line to itself."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: (token.string.lstrip("# "), not token.line[: token.start[1]].strip())
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _why(line: int, comments: dict[int, tuple[str, bool]]) -> str:
    """The comment beside a number, or else the one above it."""
    if line in comments:
        return comments[line][0]
    above: list[str] = []
    while comments.get(line - 1 - len(above), ("", False))[1]:
        above.insert(0, comments[line - 1 - len(above)][0])
    return " ".join(above)
