"""Real text that is always there: the documentation in the source of Python and of relume's dependencies.

Nothing has to be shipped or downloaded, and no licence but that of what is installed already is touched. The
task is to tell, from the words of one paragraph, which library it documents.
"""

import ast
import re
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from platform import python_version

import numpy as np
from numpy.typing import NDArray

from relume.errors import require
from relume.studies.data import Dataset, prepare
from relume.studies.sources import Pair, Source

LIBRARIES = ("python", "numpy", "torch", "scipy", "matplotlib")  # the classes, in this order
TRAIN, TEST = 1200, 240  # paragraphs of each library
WORDS = 2000  # the vocabulary: the words that are in most training paragraphs
FEWEST_WORDS = 8  # of a paragraph; less is a heading
# Each would give the answer away.
NAMES = {*LIBRARIES, "pytorch", "np", "plt", "mpl", "pyplot", "scipys", "cpython"}
APART = {"tests", "test", "testing", "site-packages", "dist-packages", "__pycache__", "_vendor"}
WORD = re.compile(r"[a-z]{2,}")

Paragraph = tuple[str, ...]


def versions() -> str:
    """Which text it is: the libraries' versions.

    Raises
    ------
    MissingExtraError
        scipy or matplotlib is not installed.
    """
    _require_libraries()
    return ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)


@lru_cache(maxsize=1)
def paragraphs_by_library() -> Dataset:
    """Which words each paragraph holds, [examples, words], 1 or 0 before standardising; labels the library.

    Training and test paragraphs come from different files, for a file repeats itself.

    Raises
    ------
    MissingExtraError
        scipy or matplotlib is not installed.
    """
    _require_libraries()
    seen: set[Paragraph] = set()
    train, test = zip(*(_of_library(name, seen) for name in LIBRARIES), strict=True)
    counts = Counter(word for paragraph in chain.from_iterable(train) for word in set(paragraph))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    vocabulary = {word: place for place, word in enumerate(ranked[:WORDS])}
    return prepare(Source("docstrings of five libraries", _bags(train, vocabulary), _bags(test, vocabulary)))


def _require_libraries() -> None:
    for name in ("scipy", "matplotlib"):  # the others are always there
        require(name, extra="why", purpose="text to learn from")


def _of_library(name: str, seen: set[Paragraph]) -> tuple[list[Paragraph], list[Paragraph]]:
    """Training paragraphs, and test paragraphs from the files that follow."""
    files = _files(name)
    train: list[Paragraph] = []
    test: list[Paragraph] = []
    for file in files:
        if len(test) >= TEST:
            break
        (train if len(train) < TRAIN else test).extend(_new_paragraphs(file, seen))
    return train[:TRAIN], test[:TEST]


def _files(name: str) -> list[Path]:
    """A library's source files, in an order that is the same on every machine and mixes its parts."""
    root = _root(name)
    found = (path.relative_to(root) for path in root.rglob("*.py"))
    kept = (path for path in found if not APART & set(path.parts))
    return [
        root / path for path in sorted(kept, key=lambda path: sha256(str(path.as_posix()).encode()).digest())
    ]


def _root(name: str) -> Path:
    if name == "python":
        return Path(sysconfig.get_paths()["stdlib"])
    spec = find_spec(name)
    assert spec is not None  # required above
    return Path(str(spec.origin)).parent


def _version(name: str) -> str:
    return python_version() if name == "python" else version(name)


def _new_paragraphs(file: Path, seen: set[Paragraph]) -> Iterator[Paragraph]:
    for text in docstrings(file.read_text(encoding="utf-8", errors="replace")):
        for words in paragraphs(text):
            if words not in seen:  # what is copied from place to place would be learnt by heart
                seen.add(words)
                yield words


def docstrings(source: str) -> list[str]:
    r"""The docstrings of a source file, from top to bottom; none where it is no Python of today.

    >>> docstrings('def f():\n    "Give nothing."')
    ['Give nothing.']
    """
    try:
        nodes = ast.walk(ast.parse(source))
    except (SyntaxError, ValueError):  # templates, and files for other versions
        return []
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [text for node in nodes if isinstance(node, documented) and (text := ast.get_docstring(node))]


def paragraphs(text: str) -> Iterator[Paragraph]:
    r"""The words of each paragraph in small letters, code and the libraries' names left out.

    >>> list(paragraphs("Sum of all NumPy values, with no axis left over at the end.\n\n>>> np.sum(x)"))
    [('sum', 'of', 'all', 'values', 'with', 'no', 'axis', 'left', 'over', 'at', 'the', 'end')]
    """
    for block in re.split(r"\n\s*\n", text):
        prose = " ".join(line for line in block.splitlines() if not line.lstrip().startswith((">>>", "...")))
        words = tuple(word for word in WORD.findall(prose.lower()) if word not in NAMES)
        if len(words) >= FEWEST_WORDS:
            yield words


def _bags(groups: Sequence[Sequence[Paragraph]], vocabulary: dict[str, int]) -> Pair:
    paragraphs = [paragraph for group in groups for paragraph in group]
    x: NDArray[np.float32] = np.zeros((len(paragraphs), len(vocabulary)), dtype=np.float32)
    for row, paragraph in enumerate(paragraphs):
        x[row, [vocabulary[word] for word in set(paragraph) if word in vocabulary]] = 1.0
    labels = [label for label, group in enumerate(groups) for _ in group]
    return x, np.array(labels, dtype=np.int64)
