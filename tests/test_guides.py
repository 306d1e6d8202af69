"""How-to, explanations and coming-from: each page is a session that runs, and its numbers hold."""

import contextlib
import doctest
import io
import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from relume.cli import app
from tests.test_docs import FENCE, parse, shell_lines

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDES = sorted(
    path for part in ("how-to", "explanations", "coming-from") for path in (DOCS / part).glob("*.md")
)
PRINTED = re.compile(r"<!-- printed -->\n```text\n(.*?)```\n<!-- end -->", re.DOTALL)
NUMBER = re.compile(r"\d[\d.,]*(?:e[+-]?\d+)?")
# Where a script runs, in a process of its own; the other commands read what it left.
OF_SCRIPTS = ("run", "check", "repair")
TRAINING = """
import argparse, torch
from torch import nn
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.parse_args()
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.Sigmoid(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(40):
    x = torch.randn(64, 8)
    loss = nn.functional.cross_entropy(model(x), (x.sum(1) > 0).long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def masked(text: str) -> str:
    """Words alone: numbers differ from machine to machine, and so do the places where lines are broken."""
    return re.sub(r"\s+", " ", NUMBER.sub("#", text)).strip()


def python(code: str, names: dict[str, Any], *, name: str) -> str:
    """Run a block, as a file of the page's name; what it printed."""
    if code.startswith("# mynet.py"):
        Path("mynet.py").write_text(code, encoding="utf-8")
        return ""
    printed = io.StringIO()
    if ">>> " in code:
        test = doctest.DocTestParser().get_doctest(code, names, name, name, 0)
        doctest.DocTestRunner(verbose=False).run(test, out=printed.write, clear_globs=False)
        names |= test.globs
        assert not printed.getvalue(), printed.getvalue()
        return ""
    with contextlib.redirect_stdout(printed):
        exec(compile(code, f"{name}.py", "exec"), names)
    return printed.getvalue()


def shell(words: list[str]) -> str:
    """Run a command of relume; a small one in place of what takes minutes, none that never ends."""
    if words[0] != "relume" or words[1] == "serve" or "wandb" in words:
        return ""
    if words[1] == "why":
        words = [*words[:5], "--only", "study", "--steps", "2", "--seeds", "1", "-a", "relu", "-a", "tanh"]
    if words[1] not in OF_SCRIPTS:
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, result.output
        return str(result.output)
    ended = subprocess.run(
        [sys.executable, "-c", "from relume.cli import main; main()", *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "110"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


@pytest.fixture
def one_rank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a launcher tells a process that is alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    yield
    import torch.distributed as dist

    if dist.is_initialized():
        dist.destroy_process_group()


@pytest.mark.usefixtures("one_rank")
@pytest.mark.parametrize("page", GUIDES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_page_is_a_session(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples")
    Path("train.py").write_text(TRAINING, encoding="utf-8")
    sys.modules.pop("mynet", None)
    text, names, printed = page.read_text(encoding="utf-8"), dict[str, Any]({"__name__": page.stem}), ""
    for block in FENCE.finditer(text):
        if block[2] == "python":
            printed = python(block[3], names, name=page.stem)
        elif block[2] == "sh":
            printed = "".join(shell(words) for words in words_of(block[3]))
        elif PRINTED.match(text, text.rfind("<!--", 0, block.start())):
            shown = masked(block[3])
            assert shown
            assert shown in masked(printed)
    sys.modules.pop("mynet", None)


def words_of(block: str) -> list[list[str]]:
    return [words for line in block.splitlines() if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("page", GUIDES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_its_commands_and_links_exist(page: Path) -> None:
    for words in shell_lines(page):
        if words[0] == "relume":
            parse(words[1:])
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize(
    ("page", "tool"), [("sagemaker-debugger", "SageMaker Debugger's rules"), ("torchdiag", "torchdiag")]
)
def test_how_often_each_is_right_is_told_alike(page: str, tool: str) -> None:
    rows = (DOCS / "diagnosis.md").read_text(encoding="utf-8").splitlines()
    told = (DOCS / "coming-from" / f"{page}.md").read_text(encoding="utf-8")
    for name in (tool, "relume"):
        [row] = [row for row in rows if row.startswith(f"| {name} | ")]
        _, _, named, alarms, _ = (cell.strip() for cell in row.split("|"))
        assert named in told
        assert alarms in told


def test_changes_within_sentences_exist() -> None:
    from relume.launch.changes import parse_changes

    told = {change for page in GUIDES for change in re.findall(r"--with ([\w.=-]+)", page.read_text("utf-8"))}
    assert len(told) >= 5
    for change in told:
        parse_changes([change])


sys.path.append(str(ROOT / "tools"))
TOOL = runpy.run_path(str(ROOT / "tools/draw_problems.py"))
AFRESH = "after a wanted change run tools/draw_problems.py docs"
PROBLEMS = list(TOOL["PROBLEMS"])


@cache
def runs_of(problem: str) -> Any:
    return TOOL["PROBLEMS"][problem]()


def part(problem: str, name: str) -> str:
    page = (DOCS / "explanations" / f"{problem}.md").read_text(encoding="utf-8")
    found = re.search(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", page, re.DOTALL)
    assert found is not None
    return found[0]


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def number(cell: str) -> float:
    return float(cell.rstrip(" %")) / (100 if cell.endswith("%") else 1)


def is_near(told: str, measured: str) -> bool:
    """Whether another machine may measure it: shares within 0.15, sizes within a factor of 3, others of 2."""
    one, other = number(told), number(measured)
    if told.endswith("%") or measured.endswith("%"):
        return abs(one - other) <= 0.15
    if one == 0 or other == 0:
        return one == other
    factor = 3 if "e" in told else 2
    return 1 / factor <= one / other <= factor


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_page_tells_what_is_measured(problem: str) -> None:
    told, measured = cells(part(problem, "measured")), cells(TOOL["table"](problem, runs_of(problem)))
    assert [row[0] for row in told] == [row[0] for row in measured]
    assert told[0] == measured[0]
    wrong = [
        (row[0], one, other)
        for row, again in zip(told[2:], measured[2:], strict=True)
        for one, other in zip(row[1:], again[1:], strict=True)
        if not is_near(one, other)
    ]
    assert not wrong, f"{wrong}: {AFRESH}"


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_page_tells_what_is_said(problem: str) -> None:
    faulty, *others = runs_of(problem)
    said = masked(f"```text\n{TOOL['said'](problem, faulty)}\n```")
    assert masked(part(problem, "said")) == said, AFRESH
    healthy = others[-1].diagnosis
    assert healthy.is_healthy, str(healthy)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_page_has_its_figure(problem: str) -> None:
    page = (DOCS / "explanations" / f"{problem}.md").read_text(encoding="utf-8")
    image = DOCS / "images/problems" / f"{problem}.png"
    assert f"../images/problems/{problem}.png" in page
    assert image.stat().st_size < 50_000
    assert f"({problem}.md)" in (DOCS / "explanations/index.md").read_text(encoding="utf-8")
    drawn = TOOL["figure"](runs_of(problem), TOOL["PANELS"][problem])
    assert all(axes.get_lines() for axes in drawn.axes)


@pytest.mark.parametrize(
    ("told", "measured"), [("70 %", "40 %"), ("8.4e-17", "8.4e-16"), ("2.3", "0.5"), ("0", "5.4e-03")]
)
def test_another_number_is_found(told: str, measured: str) -> None:
    assert not is_near(told, measured)
    assert is_near(told, told)
