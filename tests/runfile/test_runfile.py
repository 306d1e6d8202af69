"""What is written to a run file is read back: near enough where that is promised, exactly elsewhere."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runfile.made_up import NOTHING, Drifting, assert_near, deviation, small, write_all

from relume.errors import RunFileError
from relume.runfile.reader import open_run
from relume.runfile.writer import KEPT_UNITS, Writer, open_for_writing
from relume.types import NonFinite, Readings


@pytest.mark.parametrize("count", [0, 1, 3, 63, 64, 65, 130])
def test_windows_and_totals_come_back(tmp_path: Path, count: int) -> None:
    source = small()
    windows = [source.window() for _ in range(count)]
    total = write_all(tmp_path / "run.sqlite", windows)
    assert [path.name for path in tmp_path.iterdir()] == ["run.sqlite"]
    with open_run(tmp_path / "run.sqlite") as run:
        kept = run.windows()
        assert len(kept) == len(kept[:]) == run.total_windows() == count
        for one, two in zip(kept, windows, strict=True):
            assert_near(one, two.pooled())
        readings, steps = run.readings(), run.steps()
        np.testing.assert_array_equal(steps.numbers, total.steps.numbers)
        assert run.is_finished
        assert run.sites == total.sites
        assert dict(run.parameters) == {p.name: p.shape for p in total.parameters.values()}
        assert len(run.windows("evaluation")) == run.total_windows("evaluation") == 0
    assert_near(readings, total)
    for name, reading in readings.items():
        for part in ("zeros", "fired", "flat"):
            np.testing.assert_array_equal(getattr(reading.value, part), getattr(total[name].value, part))
            np.testing.assert_array_equal(
                getattr(reading.gradient, part), getattr(total[name].gradient, part)
            )


def test_read_windows_add_to_the_pooled_total(tmp_path: Path) -> None:
    source = small()
    total = write_all(tmp_path / "run.sqlite", [source.window() for _ in range(70)])
    with open_run(tmp_path / "run.sqlite") as run:
        added = sum(run.windows(), NOTHING)
    for one, two in zip(added.values(), total.pooled().values(), strict=True):
        np.testing.assert_allclose(one.value.sum_of_squares, two.value.sum_of_squares, rtol=2**-9)
        np.testing.assert_allclose(one.value.fired, two.value.fired, rtol=2**-10)
        np.testing.assert_array_equal(one.value.count, two.value.count)


def test_phases_lie_beside_each_other(tmp_path: Path) -> None:
    source = small()
    one, two = source.window(), source.window()
    with open_for_writing(tmp_path / "run.sqlite", model="net") as run:
        run.write(one, phase="training", total=one)
        run.write(two, phase="evaluation", total=two)
    with open_run(tmp_path / "run.sqlite") as kept:
        assert_near(kept.readings("training"), one)
        assert_near(kept.windows("evaluation")[-1], two.pooled())


def test_sites_may_come_go_and_change_their_order_and_width(tmp_path: Path) -> None:
    source, wide = small(), Drifting(1, widths=(4, 2), parameters=5, steps=2)
    full = source.window()
    backwards = replace(full, readings=dict(reversed(full.readings.items())))
    some = replace(full, readings=dict(list(full.readings.items())[1:]), parameters={})
    windows = [some, backwards, full, wide.window(), NOTHING] * 20
    write_all(tmp_path / "run.sqlite", windows)
    with open_run(tmp_path / "run.sqlite") as run:
        for kept, given in zip(run.windows(), windows, strict=True):
            assert_near(kept, given.pooled())
        units = run.unit_counts().units
    assert units[0].tolist() == [1, 9, 0]  # sites in the order in which they were first met
    assert units[4].tolist() == [0, 0, 0]


def test_dead_and_flat_units_are_counted_exactly(tmp_path: Path) -> None:
    window = small().window()
    name, reading = next(iter(window.items()))
    value = replace(
        reading.value, fired=np.array([0, 0, 5, 5, 5, 5]), flat=reading.value.count * [1, 0, 0, 0, 0, 0]
    )
    window = replace(window, readings={**window.readings, name: replace(reading, value=value)})
    write_all(tmp_path / "run.sqlite", [window])
    with open_run(tmp_path / "run.sqlite") as run:
        counts, kept = run.unit_counts(), run.unit_readings()
    assert (counts.sites[0], counts.units[0, 0], counts.dead[0, 0], counts.flat[0, 0]) == (name, 6, 2, 1)
    np.testing.assert_array_equal(kept[0][name].value.fired, value.fired)


def test_units_are_kept_at_powers_of_two_where_they_say_something(tmp_path: Path) -> None:
    def with_dead(window: Readings, dead: dict[str, int]) -> Readings:
        readings = {}
        for name, reading in window.items():
            fired = np.ones(reading.value.units, dtype=np.int64)
            fired[: dead[name]] = 0
            none = np.zeros_like(fired)
            readings[name] = replace(reading, value=replace(reading.value, fired=fired, flat=none))
        return replace(window, readings=readings)

    source = Drifting(0, widths=(10, 10, KEPT_UNITS - 5, 10, 10), parameters=0, steps=1)
    names = [str(site) for site in source.sites]
    dead = dict(zip(names, [0, 10, 1, 1, 2], strict=True))
    write_all(tmp_path / "run.sqlite", [with_dead(source.window(), dead) for _ in range(9)])
    with open_run(tmp_path / "run.sqlite") as run:
        kept = run.unit_readings()
    assert list(kept) == [0, 1, 3, 7]
    assert set(kept[0]) == {names[3], names[4]}  # none dead, all dead, and no room for the widest


def test_what_is_not_finite_survives(tmp_path: Path) -> None:
    window = small().window()
    name, reading = next(iter(window.items()))
    blown = replace(
        reading.value,
        sum=np.array([np.nan, np.inf, -np.inf, 1e200, 1e308, 0.0]),
        sum_of_squares=np.array([np.nan, np.inf, np.inf, np.inf, np.inf, 0.0]),
        largest=np.array([np.nan, np.inf, np.inf, 1e200, 1e308, 0.0]),
    )
    one = replace(
        window,
        readings={**window.readings, name: replace(reading, value=blown, passed=reading.gradient)},
        steps=replace(window.steps, losses=np.array([1.5, np.nan, np.inf, -np.inf])),
        non_finite=NonFinite(site=name, step=2, direction="backward"),
        not_seen={"rnn": "a fused cell"},
    )
    two = replace(window, not_seen={"rnn": "a fused cell", "jit": "a script"})
    with np.errstate(all="ignore"):
        total = write_all(tmp_path / "run.sqlite", [one, two])
        pooled = one.pooled()
    with open_run(tmp_path / "run.sqlite") as run:
        assert_near(run.windows()[0], pooled)
        assert_near(run.windows()[1], two.pooled())
        kept, events = run.readings(), run.events
    found, expected = kept[name].value, total[name].value
    for part in ("sum", "sum_of_squares", "largest"):
        np.testing.assert_allclose(getattr(found, part), getattr(expected, part), rtol=2**-9)
    assert kept.non_finite == one.non_finite
    assert [(e.kind, e.window, e.place, e.text) for e in events] == [
        ("non-finite", 0, name, "backward"),
        ("not-seen", 0, "rnn", "a fused cell"),
        ("not-seen", 1, "jit", "a script"),
    ]


def test_a_small_deviation_around_a_large_mean_survives(tmp_path: Path) -> None:
    window = small().window()
    name, reading = next(iter(window.items()))
    count = reading.value.count
    steady = replace(reading.value, sum=count * 1.0, sum_of_squares=count * (1 + 1e-8))
    window = replace(window, readings={name: replace(reading, value=steady)})
    write_all(tmp_path / "run.sqlite", [window])
    with open_run(tmp_path / "run.sqlite") as run:
        value = run.windows()[0][name].value
    assert deviation(value)[0] == pytest.approx(1e-4, rel=1e-3)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Writer, Drifting]]:
    with open_for_writing(path, model="net") as run:
        yield run, small()


def test_a_run_is_read_while_it_is_written(tmp_path: Path) -> None:
    path, seen = tmp_path / "run.sqlite", []
    with opened(path) as (writer, source), open_run(path) as reader:
        assert "no window" in repr(reader)
        for number in range(1, 131):
            window = source.window()
            writer.write(window, phase="training", total=window)
            seen.append(len(reader.windows()) == number)
        assert_near(reader.windows()[-1], window.pooled())
        assert reader.total_windows() == 128
        assert not reader.is_finished
    assert all(seen)


def test_a_run_says_what_it_is(tmp_path: Path) -> None:
    write_all(tmp_path / "run.sqlite", [small().window()])
    with open_run(tmp_path / "run.sqlite") as run:
        assert repr(run) == "<Run run.sqlite: net, 1 training windows of 3 sites, finished>"
        assert run.model == "net"
        assert run.details == {"device": "cpu"}
        assert run.started.tzinfo is not None
        assert run.__rich__() == repr(run)


def test_an_exception_is_noted_and_nothing_is_lost(tmp_path: Path) -> None:
    window = small().window()

    def fail() -> None:
        with open_for_writing(tmp_path / "run.sqlite", model="net") as run:
            run.write(window, phase="training", total=window)
            raise ZeroDivisionError("no luck")

    with pytest.raises(ZeroDivisionError, match="no luck"):
        fail()
    with open_run(tmp_path / "run.sqlite") as kept:
        assert not kept.is_finished
        assert kept.failure == "ZeroDivisionError: no luck"
        assert_near(kept.readings(), window)


def test_ctrl_c_at_any_moment_leaves_whole_windows(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    random, source = np.random.default_rng(0), small()
    windows = [source.window() for _ in range(70)]
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with open_for_writing(tmp_path / "run.sqlite", model="net") as run:
            closed = 0
            for window in windows * 3:
                try:
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, 4e-3))
                    run.write(window, phase="training", total=window)
                    closed += 1
                except KeyboardInterrupt:
                    pass
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, before)
    with open_run(tmp_path / "run.sqlite") as kept:
        assert closed <= len(kept.windows()) <= len(windows) * 3
        assert 0 < closed < len(windows) * 3
        for window in kept.windows():
            assert len(window) == 3


def test_threads_may_write(tmp_path: Path) -> None:
    with opened(tmp_path / "run.sqlite") as (run, source):
        windows = [source.window() for _ in range(20)]
        threads = [
            threading.Thread(target=run.write, args=(w,), kwargs={"phase": "training", "total": w})
            for w in windows
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with open_run(tmp_path / "run.sqlite") as kept:
        assert len(kept.windows()) == 20


def test_a_forked_process_leaves_the_file_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "run.sqlite") as (run, source):
        window = source.window()
        run.write(window, phase="training", total=window)
        child = os.fork()
        if child == 0:  # no assertion of pytest in here: only the status leaves
            try:
                run.write(window, phase="training", total=window)
            except RunFileError as error:
                run.close()
                os._exit(0 if "forked" in str(error) else 2)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        run.write(window, phase="training", total=window + window)
    with open_run(tmp_path / "run.sqlite") as kept:
        assert len(kept.windows()) == kept.total_windows() == 2


def test_a_closed_file_takes_no_window_and_gives_none(tmp_path: Path) -> None:
    window = small().window()
    with opened(tmp_path / "run.sqlite") as (run, _):
        run.close()
        run.close()
        with pytest.raises(
            RunFileError, match=r"was closed: no window can be added\. Write before closing\."
        ):
            run.write(window, phase="training", total=window)
    reader = open_run(tmp_path / "run.sqlite")
    reader.close()
    with pytest.raises(RunFileError, match=r"was closed\. Open it again"):
        reader.windows()
