"""What the HTML of a record is held to: it stands in a page of somebody else, on a colour nobody knows."""

import re
from html.parser import HTMLParser

FORBIDDEN = {"script", "style", "link", "iframe", "object", "embed", "form", "img", "svg", "base", "meta"}
VOID = {"br", "hr"}
CONTRAST = 4.5  # of text on its ground: WCAG 2.2, 1.4.3


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}> reaches beyond the record")
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name not in ("style", "title", "colspan"):
                self.faults.append(f"attribute {name}")
            if name == "style":
                self.faults += _faults_of_style(value or "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def faults_of(html: str) -> list[str]:
    """Everything that is wrong with it."""
    reader = _read(html)
    return reader.faults + [f"<{tag}> is not closed" for tag in reader.open]


def text_of(html: str) -> str:
    """What a person reads."""
    return " ".join(" ".join(_read(html).text).split())


def contrast(one: str, two: str) -> float:
    """Of two colours such as #c62f35, by WCAG's definition."""
    bright, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def _faults_of_style(style: str) -> list[str]:
    said = dict(re.findall(r"([\w-]+):([^;]+)", style))
    faults = ["a style loads something"] if "url(" in style else []
    ink, ground = said.get("color", "inherit"), said.get("background", "none")
    if ink == "inherit" and ground in ("none", "inherit"):
        return faults  # the theme's own pair
    if not (ink.startswith("#") and ground.startswith("#")):
        return [*faults, f"{ink} on {ground}: unreadable on some theme"]
    return faults + ([f"{ink} on {ground}: too faint"] if contrast(ink, ground) < CONTRAST else [])


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
