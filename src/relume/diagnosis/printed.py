"""A diagnosis in a terminal: the same words as `print` shows, in colour and as wide as the terminal."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from relume.types import Diagnosis, Finding
from relume.types.told import INDENT, body, heading, seen

STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold blue"}


def findings_text(diagnosis: Diagnosis) -> RenderableType:
    """All findings, then on how much they rest and what could not be told."""
    parts: list[RenderableType] = []
    for finding in diagnosis.findings:
        parts += [_heading(finding), Padding(Group(*_body(finding)), (0, 0, 0, INDENT)), Text("")]
    return Group(*parts, *(Text(line, style="dim") for line in seen(diagnosis)))


def _heading(finding: Finding) -> Text:
    text = Text(heading(finding))
    text.stylize(STYLES[finding.severity], 0, len(finding.severity))
    text.stylize("bold", INDENT, INDENT + len(finding.problem))
    return text


def _body(finding: Finding) -> list[Text]:
    return [Text.assemble((label, "bold"), said) for label, said in body(finding)]
