"""claims.json and samples.csv hold all that was found."""

import csv
import json
import math
from pathlib import Path

import pytest
from tests.evidence import planted

from relume.errors import TargetError
from relume.evidence.claim import Subject
from relume.evidence.results import CLAIMS, COLUMNS, SAMPLES, Judged, Results, read, write
from relume.types import Interval, Sample, Verdict


def by_hand() -> Results:
    samples = tuple(s for seed in range(3) for s in planted.measure(Subject(), {"seed": seed}))
    true = Judged(verdict=planted.judge(samples), samples=samples, subject=Subject(), cpu_seconds=2.0)
    unknown = Verdict(
        claim="unknown",
        holds="not decided",
        effect='a "quoted", comma',
        interval=Interval(math.inf, 1.0, math.nan, 2),
    )
    odd = Sample(quantity='a "q",', series="relu\nhe", x=0.1, seed=7, value=math.inf, unit="s")
    other = Judged(
        verdict=unknown,
        samples=(odd,),
        subject=Subject(data="digits", network="n:b"),
        cpu_seconds=0.1,
        notes=("One note.", "Another."),
    )
    return Results(
        judged={"two-is-more-than-one": true, "unknown": other},
        effort="quick",
        data="Fashion-MNIST subset",
        machines=("a processor",),
        dates=("2026-11-24", "2026-11-25"),
        versions={"relume": "0.1.0", "torch": "2.13.0"},
    )


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    write(by_hand(), tmp_path)
    found = read(tmp_path)
    assert repr(found) == repr(by_hand())  # nan is not equal to itself
    assert sorted(path.name for path in tmp_path.iterdir()) == [CLAIMS, SAMPLES]


def test_other_programs_can_read_both(tmp_path: Path) -> None:
    claims, samples = write(by_hand(), tmp_path)
    found = json.loads(claims.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["claims"]["two-is-more-than-one"]["verdict"]["holds"] == "holds"
    assert found["claims"]["unknown"]["verdict"]["interval"]["high"] == "nan"
    with samples.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(COLUMNS)
    assert len(rows) == 1 + 3 + 1


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"claims": {"c": {}}}'])
def test_what_is_no_result_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / CLAIMS).write_text(content)
        (tmp_path / SAMPLES).write_text(",".join(COLUMNS))
    with pytest.raises(TargetError, match=r"^not the results of claims \(.*--out folder"):
        read(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="Choose another folder"):
        write(by_hand(), tmp_path / "nowhere")
