"""The page of a run, without a browser: what is in it, that it loads nothing, how large it is."""

import builtins
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.report.made_runs import SCRIPT, large_view, window, write_run, write_windows
from tests.report.test_page import Reader

import relume
from relume.errors import MissingExtraError, RunFileError, TargetError
from relume.report.run_page import page, write_beside, write_report
from relume.report.run_view import histograms, view_of_readings, view_of_run
from relume.runfile.writer import open_for_writing

MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "run.sqlite", windows=4)


@pytest.fixture(scope="module")
def html(run_file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("pages") / "page.html"
    write_report(run_file, target)
    return target.read_text(encoding="utf-8")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def data_of(html: str) -> Any:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    return json.loads(text)


def test_the_page_is_whole_and_loads_nothing(html: str) -> None:
    reader = read(html)
    assert reader.open == []
    assert max(reader.ids.values()) == 1
    assert reader.loads == ["data:,"]
    assert "connect-src &#39;none&#39;" in html


def test_the_verdict_comes_first_and_each_finding_with_its_evidence(html: str, run_file: Path) -> None:
    with relume.open(run_file) as run:
        diagnosis = relume.diagnose(run.readings())
    assert diagnosis.findings
    said = " ".join(" ".join(read(html).text).split())
    first = diagnosis.findings[0]
    assert said.index(f"Learning is broken: {first.problem}") < said.index("Findings")
    for finding in diagnosis.findings:
        assert " ".join(finding.cause.split()) in said
        for evidence in finding.evidence:
            assert evidence.quantity in said
            assert evidence.source in said
    assert "net.py:10" in said


def test_a_module_named_after_a_script_is_text(html: str) -> None:
    assert SCRIPT not in html
    assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;") in html
    assert [site["name"] for site in data_of(html)["runs"][0]["sites"]] == ["first", SCRIPT, "last"]
    assert read(html).tags["script"] == 4  # the data, the figures, BokehJS, ours


def test_a_large_run_takes_no_more_than_it_may() -> None:
    view = large_view(sites=200, windows=1000)
    html = page([view])
    assert len(html.encode()) <= MOST_BYTES
    assert data_of(html)["runs"][0]["windows"] == 1000
    assert len(page([view, view]).encode()) <= MOST_BYTES


def test_two_runs_are_told_apart(run_file: Path, tmp_path: Path) -> None:
    healthy = write_run(tmp_path / "healthy.sqlite", windows=4, fall=0.5)
    write_report(run_file, tmp_path / "both.html", against=healthy)
    html = (tmp_path / "both.html").read_text(encoding="utf-8")
    said = " ".join(" ".join(read(html).text).split())
    assert "A · Network · run.sqlite" in said
    assert "B · Network · healthy.sqlite" in said
    assert "only in A" in said
    assert [run["letter"] for run in data_of(html)["runs"]] == ["A", "B"]


def test_a_file_that_is_written_says_on_how_much_the_verdict_rests(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "run.sqlite", model="Network") as writer:
        write_windows(writer, range(3))
        write_report(tmp_path / "run.sqlite", tmp_path / "page.html")
    said = " ".join(" ".join(read((tmp_path / "page.html").read_text(encoding="utf-8")).text).split())
    assert "still running, or killed" in said
    assert "The verdict rests on the first 2 windows" in said


def test_losses_are_drawn_in_few_points_that_are_means() -> None:
    view = large_view(sites=1, windows=100)
    loss = data_of(page([view]))["runs"][0]["loss"]
    assert len(loss["x"]) == len(loss["y"]) == 1000
    assert loss["x"][0] == 2.0
    assert loss["y"][0] == pytest.approx(view.steps.losses[:5].mean(), rel=1e-3)


def test_histograms_count_every_unit_once() -> None:
    reading = window(0)["last"]
    reading.gradient.sum_of_squares[:3] = [0, 1e-30, 1e-2]
    found = histograms(reading)
    assert found["gradient"].units.sum() + found["gradient"].apart == 8
    assert found["gradient"].apart == 1
    assert found["fired"].units[0] == 1  # the dead one
    assert found["fired"].units.sum() == found["flat"].units.sum() == 8
    assert (np.diff(found["gradient"].edges) > 0).all()


@pytest.mark.parametrize("into", [None, "run.sqlite"])
def test_a_watch_reports(tmp_path: Path, into: str | None) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with relume.watch(model, into=into and tmp_path / into, window=3) as watch:
        for _ in range(9):
            loss = model(torch.randn(16, 4)).square().mean()
            watch.loss(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        watch.report(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "9 steps in" in html
    assert "rests on the first" not in html  # the watch knows all windows, the file's sum lags behind
    assert data_of(html)["runs"][0]["windows"] == (3 if into else 2)


def test_readings_without_anything_have_a_page() -> None:
    html = page([view_of_readings(relume.types.Readings(readings={}))])
    assert "Nothing was seen yet." in html


def test_a_missing_extra_is_told_with_the_command(
    tmp_path: Path, run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)  # as Python has it where an import fails
    with pytest.raises(
        MissingExtraError, match=r'^bokeh is not installed: .*pip install "relume\[report\]"$'
    ):
        write_report(run_file, tmp_path / "page.html")
    assert write_beside(run_file) is None


def test_a_page_beside_a_run_is_written_over_nothing(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run.sqlite", windows=1)
    assert write_beside(path) == tmp_path / "run.html"
    with pytest.raises(TargetError, match=r"run\.html exists already\. .*relume report .*run\.sqlite --out"):
        write_beside(path)


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path, run_file: Path) -> None:
    with pytest.raises(RunFileError, match="does not exist"):
        write_report(tmp_path / "none.sqlite", tmp_path / "page.html")
    with pytest.raises(TargetError, match=r"the report cannot be written .*nowhere.page\.html"):
        write_report(run_file, tmp_path / "nowhere" / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_view_is_taken_over_where_nothing_changed(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with relume.open(run_file) as run:
        known = view_of_run(run)
        monkeypatch.setattr("relume.report.run_view.diagnose", lambda _: builtins.exit("diagnosed again"))
        assert view_of_run(run, known=known).diagnosis is known.diagnosis
