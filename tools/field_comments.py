"""In the reference, the comment beside a field of a record says what the field is, as in the source.

The fields of a record become a table, with names of constants in signatures replaced by their values.
"""

import io
import tokenize
from functools import cache
from pathlib import Path
from typing import Any

import griffe

NOTHING = "\u2013"  # a hyphen would be taken for the line below a heading


class FieldComments(griffe.Extension):
    """Writes the fields of dataclasses, and what is said beside them, into the docstrings."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add the fields as a section, where the docstring has none."""
        fields = [each for each in cls.attributes.values() if not each.is_alias and _is_field(each)]
        said = cls.docstring.value if cls.docstring else ""
        if "dataclass" not in cls.labels or not fields or "\nAttributes\n" in said:
            return
        lines = [f"{each.name} : {each.annotation}\n    {_comment(each)}" for each in fields]
        text = "\n".join([said, "", "Attributes", "----------", *lines])
        cls.docstring = griffe.Docstring(text, parent=cls, parser="numpy")

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Show the value of a default, which says more than the name of a constant."""
        for parameter in func.parameters:
            name = str(parameter.default or "")
            if name.isupper() and (value := _value(func.module, name)) is not None:
                parameter.default = value


def _is_field(attribute: griffe.Attribute) -> bool:
    return attribute.annotation is not None and "property" not in attribute.labels


def _comment(attribute: griffe.Attribute) -> str:
    """The comment on the field's own line, or those above it; a dash where there is none."""
    if not isinstance(attribute.filepath, Path) or attribute.lineno is None:
        return NOTHING
    comments, line = _comments(attribute.filepath), attribute.lineno
    if found := comments.get(attribute.endlineno or 0):
        return found[0]
    above: list[str] = []
    while (found := comments.get(line - 1 - len(above))) and found[1]:
        above.insert(0, found[0])
    return " ".join(above) or NOTHING


@cache
def _comments(file: Path) -> dict[int, tuple[str, bool]]:
    """By line: what a comment says, and whether it has the line to itself."""
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline)
    return {
        token.start[0]: (token.string.lstrip("# "), not token.line[: token.start[1]].strip())
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _value(module: griffe.Module, name: str) -> griffe.Expr | str | None:
    """What a constant is, in the module that makes it."""
    found = module.members.get(name)
    try:
        target = found.final_target if isinstance(found, griffe.Alias) else found
    except griffe.GriffeError:  # of a package that is not read
        return None
    return target.value if isinstance(target, griffe.Attribute) else None
