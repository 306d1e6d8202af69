"""The tables of docs/watching.md are what these networks show; `pytest --golden tests/real` writes them."""

import re
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import pytest

from .architectures import ARCHITECTURES
from .pretrained import CLIP, MTCNN, mtcnn, picture
from .test_architectures import LIBRARIES, seen
from .test_pretrained import NOTED, crepe_readings, watched, zero_fractions

PAGE = Path(__file__).parent.parent.parent / "docs" / "watching.md"
NUMBER = re.compile(r"-?\d*\.\d+")


def lines_of(block: str) -> list[str]:
    """The lines of a table of the page, between its two comments."""
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"<!-- {block} -->\n")[1].split("<!-- end -->")[0].splitlines()


def write(block: str, lines: Iterable[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(f"<!-- {block} -->\n")
    rest = after.split("<!-- end -->", 1)[1]
    PAGE.write_text(
        f"{before}<!-- {block} -->\n" + "\n".join(lines) + f"\n<!-- end -->{rest}", encoding="utf-8"
    )


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def architecture_rows() -> list[list[str]]:
    rows = []
    for name, architecture in ARCHITECTURES.items():
        readings = seen(name).readings
        found = Counter(site.activation for site in readings.sites)
        kinds = ", ".join(f"{kind} {count}" for kind, count in found.most_common())
        unseen = "; ".join(f"{path}: {why}" for path, why in readings.not_seen.items()) or "-"
        rows.append(
            [name, f"{architecture.library} `{architecture.name}`", str(len(readings)), kinds, unseen]
        )
    return rows


def fractions(values: Iterable[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def crepe_rows() -> list[list[str]]:
    rows = []
    for size, noted in NOTED.items():
        tone = fractions(zero_fractions(crepe_readings(size, "a tone")))
        clip = fractions(zero_fractions(crepe_readings(size, "speech"))) if CLIP.exists() else ""
        rows.append([f"torchcrepe {size}", "a tone", tone, "-"])
        rows.append([f"torchcrepe {size}", "speech", clip, fractions(noted)])
    return rows


def mtcnn_rows() -> list[list[str]]:
    rows = []
    for part, side in MTCNN.items():
        readings = watched(mtcnn(part), picture(side)).pooled()
        above = [reading.value.fired.sum() / reading.value.count.sum() for reading in readings.values()]
        zeros = [reading.value.zero_fraction for reading in readings.values()]
        tiles = f"tiles of {side} px" if side else "whole"
        rows.append([f"MTCNN {part}", tiles, fractions(zeros), fractions(above)])
    return rows


def assert_close(rows: list[str], shown: list[str]) -> None:
    """The same words, and the same figures but for the last digit or two: convolutions differ by machine."""
    assert [NUMBER.sub("", row) for row in rows] == [NUMBER.sub("", row) for row in shown]
    for row, other in zip(rows, shown, strict=True):
        figures = [[float(number) for number in NUMBER.findall(text)] for text in (row, other)]
        assert figures[0] == pytest.approx(figures[1], abs=0.003), row


@pytest.mark.skipif(not all(map(find_spec, LIBRARIES)), reason="timm or transformers is not installed")
def test_the_table_of_architectures(request: pytest.FixtureRequest) -> None:
    lines = table(["network", "from", "sites", "activations", "not seen"], architecture_rows())
    if request.config.getoption("--golden"):
        write("architectures", lines)
    assert lines_of("architectures") == lines


@pytest.mark.skipif(find_spec("torchcrepe") is None, reason="torchcrepe is not installed")
def test_the_table_of_torchcrepe(request: pytest.FixtureRequest) -> None:
    lines = table(["network", "input", "zeros, ReLU by ReLU", "noted"], crepe_rows())
    if request.config.getoption("--golden") and CLIP.exists():
        write("torchcrepe", lines)
    pairs = [
        (line, shown)
        for line, shown in zip(lines, lines_of("torchcrepe"), strict=True)
        if CLIP.exists() or "speech" not in shown
    ]
    assert_close(*map(list, zip(*pairs, strict=True)))


@pytest.mark.skipif(find_spec("facenet_pytorch") is None, reason="facenet-pytorch is not installed")
def test_the_table_of_mtcnn(request: pytest.FixtureRequest) -> None:
    lines = table(["network", "china.jpg", "zeros, PReLU by PReLU", "outputs above 0"], mtcnn_rows())
    if request.config.getoption("--golden"):
        write("mtcnn", lines)
    assert_close(lines, lines_of("mtcnn"))


@pytest.mark.skipif(find_spec("timm") is None, reason="timm is not installed")
def test_an_untrained_resnet_has_relus_almost_without_zeros() -> None:
    zeros = {path: reading.value.zero_fraction for path, reading in seen("ResNet-18").readings.items()}
    few = {path for path, fraction in zeros.items() if fraction < 0.02}
    assert len(zeros) == 17
    assert few == {"layer1.0.act2", "layer1.1.act2"}
    assert all(0.45 < fraction < 0.55 for path, fraction in zeros.items() if path not in few)
