"""What the documents show runs: their Python, their relume commands, their make targets."""

import doctest
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from relume.cli import app
from tests.real import torchvision_stub

ROOT = Path(__file__).parent.parent
RUN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL = [*RUN, ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(document: Path, language: str) -> list[tuple[int, str]]:
    """The fenced blocks of a language, each with its first line's number."""
    text = document.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start(3)) + 1, found[3])
        for found in FENCE.finditer(text)
        if found[2] == language
    ]


def shell_lines(document: Path) -> list[list[str]]:
    lines = [line for _, block in blocks(document, "sh") for line in block.splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def parse(words: list[str]) -> None:
    """Raise unless the command line is one that relume takes."""
    if words[0] in ("--help", "-h", "--version"):
        assert len(words) == 1
        return
    COMMANDS[words[0]].make_context(words[0], list(words[1:]))


@pytest.mark.parametrize("document", RUN, ids=lambda path: path.name)
def test_python_blocks_run(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torchvision_stub.install()  # for timm
    names: dict[str, object] = {"__name__": document.stem}
    for line, block in blocks(document, "python"):
        if ">>> " not in block:
            exec(compile("\n" * (line - 1) + block, str(document), "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(block, names, document.name, str(document), line - 1)
        complaints: list[str] = []
        doctest.DocTestRunner(verbose=False).run(test, out=complaints.append, clear_globs=False)
        names |= test.globs
        assert not complaints, "".join(complaints)


def test_the_table_of_the_readme_is_what_its_code_prints(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("timm")
    [code] = [block for _, block in blocks(ROOT / "README.md", "python") if "relume.watch" in block]
    [shown] = [block for _, block in blocks(ROOT / "README.md", "text") if "gradient rms" in block]
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    # Sites, activations, units, and how many steps and examples; measured values differ from run to run.
    columns = [
        [line.split()[:3] for line in text.splitlines() if " relu " in line] for text in (shown, printed)
    ]
    assert columns[0] == columns[1]
    assert len(columns[0]) == 17
    assert "10 steps, 160 examples" in shown
    assert "10 steps, 160 examples" in printed


@pytest.mark.parametrize("document", ALL, ids=lambda path: path.name)
def test_commands_are_ones_that_exist(document: Path) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in shell_lines(document):
        if words[0] == "relume":
            parse(words[1:])
        if words[0] == "make":
            assert set(words[1:]) <= set(targets), words


def test_the_readme_shows_commands() -> None:
    assert sum(words[0] == "relume" for words in shell_lines(ROOT / "README.md")) >= 4


@pytest.mark.parametrize(
    "line", ["why --sedes 3", "why a:b c:d", "activations --figure", "why --optimizer rprop"]
)
def test_a_wrong_command_is_found(line: str) -> None:
    with pytest.raises(
        Exception, match=r"(?i)no such option|unexpected extra|requires an argument|not one of"
    ):
        parse(line.split())


@pytest.mark.parametrize("document", ALL, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (document.parent / t).exists()]
    assert not missing


def test_the_entry_shown_is_the_real_one() -> None:
    [(_, shown)] = blocks(ROOT / "CONTRIBUTING.md", "python")
    assert shown in (ROOT / "src/relume/catalogue/sigmoidal.py").read_text(encoding="utf-8")


def test_the_network_of_the_readme_is_studied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [mynet] = [block for _, block in blocks(ROOT / "README.md", "python") if block.startswith("# mynet.py")]
    (tmp_path / "mynet.py").write_text(mynet, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("mynet", None)  # other tests import modules of this name
    command = "why mynet:build --data mynet:data --only study --steps 2 --seeds 1 -a relu -a tanh"
    try:
        result = CliRunner().invoke(app, command.split(), catch_exceptions=False)
    finally:
        sys.modules.pop("mynet", None)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "relume-why/report.html").is_file()
    assert (tmp_path / "relume-why/study.sqlite").is_file()
