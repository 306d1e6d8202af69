"""A run of claims: every part once, what fails told, what is finished kept."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.evidence import planted

from relume.errors import BuildError, DataError, UnknownNameError
from relume.evidence.claim import Subject
from relume.evidence.run import narrowed, run_claims
from relume.evidence.store import PARTS
from relume.studies.database import open_store

# A shell starts what it runs in the background deaf to Ctrl-C; so would this suite's children be there.
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in which the true claim is kept, quick."""
    file = tmp_path_factory.mktemp("claims") / "out" / "claims.sqlite"
    run_claims([planted.TRUE], effort="quick", into=file, workers=1)
    return file


def test_accidents_leave_the_other_claims_alone() -> None:
    """One part raises, one takes its process with it; all else is measured and judged."""
    found = run_claims([planted.KILLED, planted.TRUE, planted.FAILING], effort="quick", workers=2)
    assert list(found.judged) == ["killed", "two-is-more-than-one", "failing"]
    true, failing, killed = (found.judged[c.name] for c in (planted.TRUE, planted.FAILING, planted.KILLED))
    assert true.verdict.holds == "holds"
    assert true.verdict.interval.low < 2 < true.verdict.interval.high
    assert failing.verdict.holds == killed.verdict.holds == "not decided"
    assert failing.notes == ("Part (seed 1) failed: ZeroDivisionError: an accident.",)
    assert killed.notes[0].startswith("Part (seed 1) failed: its process was ended from outside")
    assert [len(each.samples) for each in (true, failing, killed)] == [3, 2, 2]
    assert found.machines
    assert found.dates[0] <= found.dates[1]
    assert found.versions["torch"].startswith("2.")


def test_what_fails_every_part_is_said_once() -> None:
    (judged,) = run_claims([planted.UNSUITED], effort="quick", workers=1).judged.values()
    assert judged.notes == ("3 parts failed: ValueError: the data are not sparse.",)


def test_what_is_kept_is_not_measured_again(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_claims([planted.TRUE], effort="quick", into=finished)
    monkeypatch.setattr("relume.evidence.run.in_processes", lambda tasks, workers: iter(tasks.items()))
    again = run_claims([planted.TRUE], effort="quick", into=finished)
    assert again == before
    with open_store(finished, PARTS) as store:
        rows = store._connection.execute("SELECT count(*) FROM part").fetchone()
    assert rows == (3,)


def test_more_effort_takes_over_what_less_has_measured(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def none_measured(tasks: dict[str, object], workers: int | None) -> list[object]:
        asked.extend(tasks)
        return []

    monkeypatch.setattr("relume.evidence.run.in_processes", none_measured)
    with pytest.raises(KeyError):  # the fourth seed has no result
        run_claims([planted.TRUE], effort="default", into=finished)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"subject": Subject(data="digits")},
        {"code": "other"},
        {"claim": replace(planted.TRUE, name="another")},
    ],
    ids=["other data", "other code", "another claim"],
)
def test_whatever_a_number_depends_on_makes_it_anew(
    finished: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("relume.evidence.run.in_processes", lambda tasks, workers: asked.extend(tasks) or ())
    if "code" in change:
        monkeypatch.setattr("relume.evidence.run.code_checksum", lambda module: "other")
    claim, subject = change.get("claim", planted.TRUE), change.get("subject")
    with pytest.raises(KeyError):
        run_claims([claim], subject, effort="quick", into=finished)  # type: ignore[list-item,arg-type]
    assert len(asked) == 3


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
def test_what_is_finished_is_kept_however_it_ends(tmp_path: Path, way: signal.Signals) -> None:
    file = tmp_path / "claims.sqlite"
    script = (
        "from pathlib import Path\n"
        "from tests.evidence import planted\n"
        "from relume.evidence.run import run_claims\n"
        "if __name__ == '__main__':\n"
        f"    run_claims([planted.SLOW], effort='default', into=Path({str(file)!r}), workers=1)\n"
    )
    (tmp_path / "script.py").write_text(script)
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", HEED_CTRL_C + f"exec(open({str(tmp_path / 'script.py')!r}).read())"],
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    deadline = time.monotonic() + 240
    while _kept(file) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(way)
    # Its stderr is closed when the last of its processes has ended, though a part sleeps for minutes.
    _, told = process.communicate(timeout=120)
    assert process.returncode == -way
    assert told.count("Traceback") == (way == signal.SIGINT)  # of the script alone
    assert _kept(file) == 2


def _kept(file: Path) -> int:
    if not file.exists():
        return 0
    with open_store(file, PARTS) as store:
        return int(store._connection.execute("SELECT count(*) FROM part").fetchone()[0])


def test_a_claim_without_plan_or_verdict_is_not_decided(finished: Path) -> None:
    unplanned = replace(planted.TRUE, plan=planted.plan_with_accident)
    unjudged = replace(planted.TRUE, judge=planted.judge_with_accident)
    for claim, reason in ((unplanned, "be planned: ZeroDivisionError: no plan"), (unjudged, "be judged: ")):
        found = run_claims([claim], effort="quick", into=finished).judged[claim.name]
        assert found.verdict.holds == "not decided"
        assert reason in found.notes[0]


def test_a_claim_is_tested_on_what_makes_sense_for_it() -> None:
    asked = Subject(data="digits", network="mynet:build")
    own, notes = narrowed(planted.TRUE, asked)
    assert own == Subject(data="digits")
    assert notes == ("It is about a number: no network enters.",)
    assert narrowed(planted.TRUE, Subject(data="digits")) == (Subject(data="digits"), ())


@pytest.mark.parametrize(
    ("subject", "error", "match"),
    [
        (Subject(data="digit"), UnknownNameError, "Did you mean 'digits'"),
        (Subject(network="nowhere:build"), DataError, "no module 'nowhere'"),
        (Subject(network="math:sqrt"), BuildError, "the build function failed for 'relu'"),
    ],
)
def test_a_wrong_subject_is_told_before_anything_is_measured(
    subject: Subject, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        run_claims([replace(planted.TRUE, measure=planted.never_measured)], subject)
