"""The tutorial's commands print what it shows; `pytest --golden -m "slow or not slow"` writes it anew."""

import math
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.launch.programs import START
from tests.test_docs import FENCE

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tutorial.md"
NUMBER = re.compile(r"\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
REPAIR = "relume repair train.py"
ALIKE = 3.0  # the factor within which a measured number is the same on another machine


def same(shown: str, printed: str) -> bool:
    """Whether two texts have the same words and counts, and measured numbers of about the same size."""
    shown, printed = (re.sub(r"\d+(?=/\d)", "#", text) for text in (shown, printed))  # dead units of 64
    if NUMBER.sub("#", shown).split() != NUMBER.sub("#", printed).split():
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    return all(one == two or _alike(one, two) for one, two in pairs)


def _alike(one: str, two: str) -> bool:
    if "." not in one + two and "e" not in one + two:
        return False
    first, second = (float(each.replace(",", "")) for each in (one, two))
    return first == second or (min(first, second) > 0 and abs(math.log(first / second)) < math.log(ALIKE))


def carried_out(folder: Path, page: str, *, repair: bool) -> str:
    """Do what the page says, in a folder; the page with what was printed in place of what it shows."""
    found = list(FENCE.finditer(page))
    [script] = [each[3] for each in found if each[2] == "python"]
    (folder / "train.py").write_text(script, encoding="utf-8")
    written, end = "", 0
    command = ""
    for block in found:
        if block[2] == "diff":
            _edit(folder / "train.py", block[3])
        elif block[2] == "sh":
            command = block[3].strip()
        elif block[2] == "text" and command == REPAIR and not repair:
            (folder / "relume-run" / "train-2.sqlite").touch()  # so that later runs have their numbers
        elif block[2] == "text":
            printed = ran(folder, command)
            written += page[end : block.start(3)] + _told(command, printed)
            end = block.end(3)
    return written + page[end:]


def ran(folder: Path, command: str) -> str:
    """All that a command prints, as in a terminal of 100 columns."""
    program, *arguments = command.split()
    start = [sys.executable] if program == "python" else [sys.executable, "-c", START]
    settings = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        [*start, *arguments], cwd=folder, env=settings, stdout=-1, stderr=subprocess.STDOUT, text=True
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def _told(command: str, printed: str) -> str:
    lines = [line.rstrip() for line in printed.strip().splitlines()]
    if command == REPAIR:  # what comes before was shown already
        lines = lines[next(n for n, line in enumerate(lines) if line.startswith("relume: repairs")) :]
    return "\n".join(lines) + "\n"


def _edit(script: Path, diff: str) -> None:
    text, old, new = script.read_text(encoding="utf-8"), "", ""
    for line, after in pairwise([*diff.splitlines(), "-"]):
        old += line[1:] + "\n" if line[0] == "-" else ""
        new += line[1:] + "\n" if line[0] == "+" else ""
        if line[0] == "+" and after[0] == "-":
            assert text.count(old) == 1, old
            text, old, new = text.replace(old, new), "", ""
    script.write_text(text, encoding="utf-8")


def texts(page: str) -> list[str]:
    return [block[3] for block in FENCE.finditer(page) if block[2] == "text"]


@pytest.mark.parametrize("repair", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_tutorial_shows_what_its_commands_print(
    repair: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    done = carried_out(tmp_path, page, repair=repair)
    if request.config.getoption("--golden"):
        PAGE.write_text(done, encoding="utf-8")
        return
    assert len(texts(page)) == 7
    for shown, printed in zip(texts(page), texts(done), strict=True):
        assert same(shown, printed), f"shown:\n{shown}\nprinted:\n{printed}"


def test_the_repair_that_is_proved_is_the_one_that_is_repeated() -> None:
    page = PAGE.read_text(encoding="utf-8")
    [proved] = re.findall(r"^Proved: relume run (.*)$", page, re.MULTILINE)
    assert f"\nrelume run {proved}\n" in page


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("loss 0.2", "loss 0.7"), ("200 steps", "201 steps"), ("loss falls", "loss rises"), ("a 1.0 b", "a b")],
)
def test_what_differs_is_told_apart(shown: str, printed: str) -> None:
    assert same(shown, shown)
    assert not same(shown, printed)


def test_a_number_may_be_a_little_another_one() -> None:
    assert same("gradient 7.2e-10, loss  0.0013", "gradient 8.4e-10, loss 0.0021")
