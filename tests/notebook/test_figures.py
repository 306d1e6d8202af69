"""Every record draws itself: a figure that a notebook shows, with what is wrong in colour."""

import io
import subprocess
import sys
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageChops
from tests.diagnosis.checks import FAULTY
from tests.diagnosis.made import HEALTHY, chain
from tests.notebook.records import records, study

import relume
from relume.errors import DrawingError, MissingExtraError, UnknownNameError
from relume.evidence.claim import Subject
from relume.evidence.results import Judged
from relume.notebook.profile import PAINT
from relume.types import Diagnosis, Readings

DRAWN = ("Activation", "Diagnosis", "Readings", "Repair", "Study")
UNTOUCHED = """
import sys, relume.types
assert not {"torch", "matplotlib"} & set(sys.modules), "records wait for torch or matplotlib"
import relume
figure = relume.activations["relu"].plot()
figure._repr_png_()
import matplotlib
assert "matplotlib.pyplot" not in sys.modules
"""


def plot(record: Any) -> Figure:
    figure: Figure = record.plot()
    return figure


def panel(figure: Figure, title: str) -> Axes:
    (found,) = (axes for axes in figure.axes if axes.get_title(loc="left") == title)
    return found


def coloured(axes: Axes) -> dict[str, str]:
    """By the name of a row the colour of the band behind it."""
    ticks = axes.get_yticks()
    labels = dict(zip(map(round, ticks), axes.yaxis.get_major_formatter().format_ticks(ticks), strict=True))
    bands = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return {labels[round(band.get_y() + 0.5)]: to_hex(band.get_facecolor()) for band in bands}


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    return [text.get_text() for text in found.get_texts()] if found else []


@pytest.mark.parametrize("kind", DRAWN)
def test_it_draws_and_leaves_matplotlib_as_it_was(kind: str) -> None:
    before = dict(mpl.rcParams)
    figure = plot(records()[kind])
    assert figure.axes
    assert figure.axes[0].lines
    assert dict(mpl.rcParams) == before


def test_a_notebook_shows_it_though_nobody_imported_pyplot() -> None:
    format_dict, metadata = DisplayFormatter().format(plot(records()["Repair"]))  # type: ignore[no-untyped-call]
    assert format_dict["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"] == {"width": 560, "height": 320}


@pytest.mark.parametrize("name", ["sigmoid", "dead"])
def test_a_picture_of_few_colours_is_the_one_that_was_drawn(name: str) -> None:
    figure: Any = plot(relume.diagnose(FAULTY[name]))
    shown = Image.open(io.BytesIO(figure._repr_png_()[0]))
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=200)
    difference = ImageChops.difference(shown.convert("RGB"), Image.open(drawn).convert("RGB"))
    assert max(high for _, high in difference.getextrema()) <= 12  # of 255


def test_neither_pyplot_nor_torch_is_imported_for_it() -> None:
    subprocess.run([sys.executable, "-c", UNTOUCHED], check=True, timeout=120)


def test_it_is_read_in_any_style_that_is_in_use() -> None:
    with mpl.rc_context({"figure.facecolor": "black", "axes.facecolor": "black"}):
        figure = plot(records()["Readings"])
    assert to_hex(figure.get_facecolor()) == "#ffffff"
    assert {to_hex(axes.get_facecolor()) for axes in figure.axes} == {"#ffffff"}


def test_a_missing_matplotlib_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        MissingExtraError,
        match=r'^matplotlib is not installed: needed for figures\. Run: pip install "relume\[why\]"$',
    ):
        plot(records()["Diagnosis"])


def test_what_is_wrong_is_in_colour_where_it_is() -> None:
    figure = plot(relume.diagnose(FAULTY["dead"]))
    shares = panel(figure, "zeros, silent units")
    assert coloured(shares) == {"7  relu": PAINT["error"]}
    assert "error: dead-units" in legend(shares)
    assert coloured(panel(figure, "values, rms")) == {}


def test_a_vanishing_gradient_at_a_glance() -> None:
    figure = plot(relume.diagnose(FAULTY["sigmoid"]))
    gradient = panel(figure, "gradient that arrives, rms")
    assert "error: vanishing-gradient" in legend(gradient)
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    bad = coloured(gradient)
    # The sites nearest to the input; the gradient falls from the last to the first of them.
    assert list(bad) == names[1 : 1 + len(bad)]
    line = np.asarray(gradient.lines[1].get_xdata())  # behind the threshold's
    assert (np.diff(line[1:]) > 0).all()
    assert gradient.get_xscale() == "log"
    assert figure.get_suptitle().startswith("Learning is broken: vanishing-gradient")


def test_what_follows_is_told_apart() -> None:
    found = [
        said
        for name in FAULTY
        for axes in plot(relume.diagnose(FAULTY[name])).axes
        for said in legend(axes)
        if said.startswith("follows: ")
    ]
    assert "follows: stalled-layer" in found


@pytest.mark.parametrize("name", ["perceptron", "gates", "no parameters seen"])
def test_a_healthy_network_is_drawn_without_faults(name: str) -> None:
    figure = plot(relume.diagnose(HEALTHY[name], rules=()))
    assert figure.get_suptitle() == "Nothing is wrong, as far as 20 steps tell."
    for axes in figure.axes:
        assert coloured(axes) == {}
        assert not any(severity in said for said in legend(axes) for severity in PAINT)


def test_zero_and_infinity_have_places_of_their_own() -> None:
    figure = plot(chain(gradients=[0.0, 1e-3, 1e-3], values=[1.0, float("inf"), 1.0]))
    assert "exactly 0" in legend(panel(figure, "gradient that arrives, rms"))
    assert "not finite" in legend(panel(figure, "values, rms"))
    assert "exactly 0" not in legend(panel(figure, "values, rms"))


def test_many_sites_fit_on_a_page() -> None:
    figure = plot(chain(gradients=[1e-3] * 200))
    assert figure.get_figheight() < 12
    shown = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert 20 <= len(shown) <= 33


def test_nothing_seen_is_told() -> None:
    nothing = Readings(readings={})
    for record in (nothing, relume.diagnose(nothing)):
        with pytest.raises(DrawingError, match=r"^no site was seen: nothing to draw\. Watch some steps"):
            plot(record)


def test_without_sites_the_weights_are_drawn() -> None:
    readings = replace(HEALTHY["no sites"], input=None)
    assert [axes.get_title(loc="left") for axes in plot(readings).axes] == ["update over weights, a step"]


def test_a_diagnosis_keeps_its_readings() -> None:
    readings = FAULTY["dead"]
    diagnosis = relume.diagnose(readings)
    assert diagnosis.readings is readings
    assert diagnosis == replace(diagnosis, readings=None)  # what it says is what it is compared by
    with pytest.raises(
        DrawingError, match=r"^a diagnosis without its readings: nothing to draw\. Use relume"
    ):
        plot(Diagnosis(findings=(), steps=1, examples=1))


def test_a_claim_is_drawn_with_samples() -> None:
    claim = relume.claims["flat-derivatives"]
    with pytest.raises(
        DrawingError, match=r"^flat-derivatives was not measured: nothing to draw\. Measure it"
    ):
        plot(claim)
    parts = claim.plan(Subject(), "quick")
    samples = tuple(sample for part in parts for sample in claim.measure(Subject(), part))
    judged = Judged(verdict=claim.judge(samples), samples=samples, subject=Subject(), cpu_seconds=1.0)
    for figure in (claim.plot(samples), plot(judged)):
        assert figure.axes[0].get_ylabel() == "derivative f'(x)"
        assert figure.axes[0].lines
    stranger = replace(judged, verdict=replace(judged.verdict, claim="flat-derivative"))
    with pytest.raises(
        UnknownNameError, match=r"^unknown claim 'flat-derivative'\. Did you mean 'flat-deriv"
    ):
        plot(stranger)


def test_a_study_is_drawn_as_in_the_report() -> None:
    training = plot(study())
    assert [axes.get_title(loc="left") for axes in training.axes] == [
        "Each at its best",
        "The same setting for all",
    ]
    gradients = study().plot("gradients", network="mlp 2x16")
    assert [axes.get_title(loc="left") for axes in gradients.axes] == ["initialisation: he"]
    with pytest.raises(UnknownNameError, match=r"^unknown network 'mlp 3x16'\. Did you mean 'mlp 2x16'\?"):
        study().plot(network="mlp 3x16")


def test_a_repair_draws_both_trials() -> None:
    (axes,) = plot(records()["Repair"]).axes
    assert [line.get_label() for line in axes.lines] == ["as it was", "repaired"]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [2.0, 0.5])
