"""The notebooks of the documentation run, show what they tell of, and are kept as small as they were."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from tools.run_notebooks import FOLDER, executed

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 400_000  # bytes: what a code host still shows
# Of each what its story rests on, in the order of the story.
TOLD = {
    "first_watch": [r"loss 2\.3\d at first, 2\.3\d after", "vanishing-gradient", "replace-activation",
                    "Nothing is wrong, as far as 150 steps"],
    "repair": ["vanishing-gradient", "variance-preserving-initialisation", r"repaired: +[78]\d%"],
    "choose_an_activation": ["gelu", "relu reached a training loss that sigmoid never did",
                             "holds within limits"],
}  # fmt: skip
PICTURES = {"first_watch": 2, "repair": 2, "choose_an_activation": 4}


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def text_of(notebook: NotebookNode) -> str:
    """Everything that is shown as text, without markup."""
    shown = (o.get("text", "") + "".join(o.get("data", {}).get("text/html", "")) for o in outputs(notebook))
    return re.sub(r"<[^>]+>", " ", "\n".join(shown))


def assert_tells(notebook: NotebookNode, name: str) -> None:
    text = text_of(notebook)
    for part in TOLD[name]:
        found = re.search(part, text)
        assert found, f"{name} does not tell {part!r}:\n{text}"
        text = text[found.end() :]
    pictures = [o for o in outputs(notebook) if "image/png" in o.get("data", {})]
    assert len(pictures) == PICTURES[name]


def test_each_has_its_story() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(TOLD)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_comes_to_the_same(path: Path, tmp_path: Path) -> None:
    notebook = executed(path, folder=tmp_path)
    assert_tells(notebook, path.stem)
    assert not any(o.get("name") == "stderr" for o in outputs(notebook))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_kept_is_as_it_was_run(path: Path) -> None:
    assert path.stat().st_size < LARGEST
    notebook = nbformat.read(path, as_version=4)
    assert_tells(notebook, path.stem)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    # Whoever opens it sees a picture, not the repr of one.
    for output in outputs(notebook):
        assert "Canvas" not in output.get("data", {}).get("text/plain", "") or "image/png" in output.data


def test_a_notebook_that_fails_is_told(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("raise ValueError('an accident')")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "wrong.ipynb")
    with pytest.raises(CellExecutionError, match="an accident"):
        executed(tmp_path / "wrong.ipynb", folder=tmp_path)
