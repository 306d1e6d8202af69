"""The page: whole, self-contained, safe with any name."""

import re
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from relume.errors import MissingExtraError, TargetError
from relume.report.answer import answer
from relume.report.page import page, write_page
from relume.studies.summary import Summary

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Reader(HTMLParser):
    """Checks that every tag is closed, and gathers what is in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.loads: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id" and value:
                self.ids[value] += 1
            if name in ("src", "href", "xlink:href") and value and not value.startswith("#"):
                self.loads.append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return page(summary)


@pytest.fixture(scope="module")
def reader(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_it_parses(reader: Reader) -> None:
    assert reader.open == []
    assert reader.tags["svg"] == 3 * 2 + 2
    assert reader.tags["table"] == 3 + 3 + 1


def test_it_loads_nothing(html: str, reader: Reader) -> None:
    assert reader.loads == []
    assert reader.tags["script"] == reader.tags["link"] == reader.tags["img"] == 0
    assert not re.search(r"@import|url\((?!#)", html)


def test_ids_are_unique_and_references_lead_somewhere(html: str, reader: Reader) -> None:
    assert [name for name, times in reader.ids.items() if times > 1] == []
    assert set(re.findall(r'(?:href="|url\()#([\w-]+)', html)) <= set(reader.ids)


def test_the_answer_comes_first(html: str, reader: Reader, summary: Summary) -> None:
    places = ["".join(reader.text).index(sentence) for sentence in answer(summary)]
    assert max(places) < "".join(reader.text).index("Each activation at its best")
    assert len(html.encode()) < 3e6


def test_names_are_only_text(summary: Summary) -> None:
    name = "<script>alert(1)</script>"
    rows = tuple(replace(row, network=name) for row in summary.rows if row.network == "mlp 4x32")
    best = tuple(replace(row, network=name) for row in summary.best if row.network == "mlp 4x32")
    text = page(replace(summary, rows=rows, best=best, same_setting=rows[:7], data=name))
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_it_is_written_whole(tmp_path: Path, summary: Summary, html: str) -> None:
    path = tmp_path / "why.html"
    path.write_text("old")
    write_page(summary, path)
    assert path.read_text(encoding="utf-8") == html
    assert list(tmp_path.iterdir()) == [path]


def test_no_such_folder(tmp_path: Path, summary: Summary) -> None:
    with pytest.raises(
        TargetError, match=r"the report cannot be written \(No such file or directory\): .*why\.html\. Choose"
    ):
        write_page(summary, tmp_path / "nowhere" / "why.html")


def test_a_folder_in_the_way_leaves_nothing_behind(tmp_path: Path, summary: Summary) -> None:
    (tmp_path / "why.html").mkdir()
    with pytest.raises(TargetError, match="cannot be written"):
        write_page(summary, tmp_path / "why.html")
    assert [path.name for path in tmp_path.iterdir()] == ["why.html"]


@pytest.mark.parametrize("package", ["matplotlib", "jinja2"])
def test_a_missing_package_is_named(summary: Summary, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        MissingExtraError, match=rf'^{package} is not installed: .* pip install "relume\[why\]"$'
    ):
        page(summary)
