"""The numbers behind the pictures are those of the readings, and faults are marked where they are."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.diagnosis.checks import FAULTY
from tests.diagnosis.made import HEALTHY, chain, network, parameter, reading

import relume
from relume.notebook.panels import Panel, least_ratio_of, marks_of, panels_of
from relume.types import Readings


def panels(readings: Readings) -> dict[str, Panel]:
    return {panel.title: panel for panel in panels_of(readings)}


def test_each_quantity_by_row() -> None:
    found = panels(chain(gradients=[1e-9, 1e-6, 1e-3], values=[0.5, 2.0, 3.0], dead={1: 4}, input_rms=7.0))
    values, gradient = found["values, rms"], found["gradient that arrives, rms"]
    assert values.rows == ("(input)", "1", "3", "5")
    assert values.names == ("(input)", "1  relu", "3  relu", "5  relu")
    np.testing.assert_allclose(values.series["values"], [7.0, 0.5, 2.0, 3.0])
    np.testing.assert_allclose(gradient.series["gradient"], [math.nan, 1e-9, 1e-6, 1e-3])
    assert gradient.thresholds == pytest.approx({"1/1000 of the largest": 1e-6})
    shares = found["zeros, silent units"]
    np.testing.assert_allclose(shares.series["silent units"], [math.nan, 0, 4 / 16, 0])
    np.testing.assert_allclose(shares.series["zeros"], [math.nan, 0.5, 1 - 0.5 * 12 / 16, 0.5])
    assert shares.thresholds == {"silent": 0.25}


def test_the_line_is_the_threshold_that_the_finding_was_held_to() -> None:
    diagnosis = relume.diagnose(FAULTY["sigmoid"])
    (finding,) = diagnosis.findings
    said = next(each for each in finding.evidence if each.quantity.startswith("gradient at"))
    held = replace(finding, evidence=(replace(said, threshold=0.01),))
    assert least_ratio_of(replace(diagnosis, findings=(held,))) == 0.01
    assert least_ratio_of(replace(diagnosis, findings=())) == 1e-3
    made = panels_of(chain(gradients=[1e-9, 1e-3]), least_ratio=0.01)
    assert made[1].thresholds == pytest.approx({"1/100 of the largest": 1e-5})


def test_updates_are_of_weights_in_their_order() -> None:
    made = chain(gradients=[1e-3] * 3, updates=[1e-3, 0.0, 1e-2], unused=1)
    update = panels(made)["update over weights, a step"]
    assert update.rows == ("0.weight", "2.weight", "4.weight", "6.weight")  # no biases
    np.testing.assert_allclose(update.series["update"], [0.0, 0.0, 1e-2, 1e-3])


def test_flat_values_are_those_of_bounded_activations() -> None:
    sites = [reading("1", "relu", flat=0.5), reading("3", "tanh", flat=0.75), reading("5", "gelu")]
    shares = panels(network(sites))["shares"]
    np.testing.assert_allclose(shares.series["flat values"], [math.nan, math.nan, 0.75, math.nan])
    np.testing.assert_allclose(shares.series["zeros"], [math.nan, 0.5, math.nan, math.nan])
    assert list(shares.thresholds) == ["silent", "flat"]


def test_what_no_site_has_is_left_out() -> None:
    assert list(panels(network([reading("1", "gelu")]))) == ["values, rms", "gradient that arrives, rms"]


def test_nothing_is_not_zero_and_not_infinity() -> None:
    made = chain(gradients=[None, 0.0, 1e-3], values=[1.0, math.nan, math.inf])
    found = panels(made)
    np.testing.assert_equal(found["values, rms"].series["values"][1:], [1.0, math.inf, math.inf])
    np.testing.assert_allclose(
        found["gradient that arrives, rms"].series["gradient"], [math.nan, math.nan, 0.0, 1e-3]
    )


@pytest.mark.parametrize("name", FAULTY)
def test_every_fault_is_marked_in_a_panel_that_shows_it(name: str) -> None:
    readings = FAULTY[name]
    diagnosis = relume.diagnose(readings)
    marks = marks_of(diagnosis, readings)
    assert [mark.problem for mark in marks if not mark.follows] == [f.problem for f in diagnosis.findings]
    assert sum(mark.follows for mark in marks) == sum(len(f.consequences) for f in diagnosis.findings)
    for mark in marks:
        showing = [panel for panel in panels_of(readings) if mark.problem in panel.problems]
        assert any(mark.rows & set(panel.rows) for panel in showing), mark


def test_marks_are_at_the_rows_of_the_fault() -> None:
    found = {mark.problem: mark for mark in marks_of(relume.diagnose(FAULTY["dead"]), FAULTY["dead"])}
    assert "7" in found["dead-units"].rows
    assert "6.weight" in found["dead-units"].rows
    assert "1" not in found["dead-units"].rows
    large = FAULTY["large input"]
    (mark,) = marks_of(relume.diagnose(large), large)[:1]
    assert mark.problem == "unscaled-input"
    assert mark.rows == {"(input)"}


def test_a_fault_of_sites_marks_the_weights_before_them() -> None:
    readings = network([reading("b.act", fed_by="b.up")], [parameter("b.up.weight"), parameter("c.weight")])
    finding = relume.diagnose(FAULTY["sigmoid"]).findings[0]
    only = replace(finding, sites=readings.sites, parameters=(), consequences=())
    diagnosis = replace(relume.diagnose(readings), findings=(only,))
    assert [mark.rows for mark in marks_of(diagnosis, readings)] == [{"b.act", "b.up.weight"}]


@pytest.mark.parametrize("name", HEALTHY)
def test_all_readings_have_panels_of_their_rows(name: str) -> None:
    for panel in panels_of(HEALTHY[name]):
        assert len(panel.names) == len(panel.rows)
        assert all(len(values) == len(panel.rows) for values in panel.series.values())
