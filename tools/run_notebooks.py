"""Runs the notebooks in docs/notebooks and keeps what they show: python tools/run_notebooks.py [NAME ...]."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).parent.parent / "docs" / "notebooks"
SECONDS = 280  # of one cell, on a machine that has much else to do


def executed(path: Path, *, folder: Path) -> NotebookNode:
    """The notebook with its outputs, run in a folder; without what differs from run to run for no reason.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each message came
    notebook.metadata.pop("language_info", None)  # of the Python that ran it
    return notebook


def main(names: list[str]) -> None:
    """Run those of these names, or all."""
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            nbformat.write(executed(path, folder=FOLDER), path)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
