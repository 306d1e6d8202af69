"""In the reference, the comment beside a field of a record says what the field is, as in the source."""

import io
import tokenize
from functools import cache
from pathlib import Path
from typing import Any

import griffe


class FieldComments(griffe.Extension):
    """Takes the comment behind a field for its docstring, where it has none."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Read the comment on the field's own line."""
        if attr.docstring or not isinstance(attr.parent, griffe.Class) or not isinstance(attr.filepath, Path):
            return
        said = _comments(attr.filepath).get(attr.endlineno or 0)
        if said and not said.startswith(("type:", "noqa")):
            attr.docstring = griffe.Docstring(said[0].upper() + said[1:] + ".", parent=attr)


@cache
def _comments(file: Path) -> dict[int, str]:
    """The comments of a file by line, without their mark."""
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text(encoding="utf-8")).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
