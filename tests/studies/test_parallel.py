"""Parts run side by side; one that fails stops the others and is heard."""

import threading
from collections.abc import Iterator

import pytest
import torch

from relume.studies.parallel import run_parts
from relume.studies.protocol import Advance


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(threads)


def ignore(networks: int) -> None:
    pass


def test_every_part_comes_back_with_its_result() -> None:
    found = dict(run_parts(lambda part, advance: part**2, range(20), ignore))
    assert found == {part: part**2 for part in range(20)}


def test_progress_of_all_parts_is_added_up() -> None:
    told: list[int] = []

    def work(part: int, advance: Advance) -> None:
        for _ in range(100):
            advance(part)

    list(run_parts(work, range(5), told.append))
    assert sorted(told) == sorted(part for part in range(5) for _ in range(100))


def test_each_worker_has_torch_to_itself_on_one_core_and_the_caller_gets_its_threads_back() -> None:
    found = run_parts(lambda part, advance: torch.get_num_threads(), range(4), ignore)
    assert [threads for _, threads in found] == [1] * 4
    assert torch.get_num_threads() == 3


def test_an_error_stops_the_others_at_their_next_step_and_propagates() -> None:
    running, ended = threading.Barrier(2, timeout=30), threading.Event()

    def work(part: str, advance: Advance) -> None:
        running.wait()
        if part == "fails":
            raise ValueError("out of luck")
        try:
            while True:
                advance(1)
        finally:
            ended.set()

    with pytest.raises(ValueError, match=r"^out of luck$"):
        list(run_parts(work, ["goes on for ever", "fails"], ignore))
    assert ended.is_set()
    assert torch.get_num_threads() == 3


def test_parts_that_have_not_begun_are_not_begun_after_an_error() -> None:
    begun: list[int] = []

    def work(part: int, advance: Advance) -> None:
        begun.append(part)
        if part == 0:
            raise ValueError("out of luck")
        while True:
            advance(1)

    with pytest.raises(ValueError, match=r"^out of luck$"):
        list(run_parts(work, range(100), ignore))
    assert len(begun) <= 6


def test_an_interrupted_caller_stops_the_workers() -> None:
    """Ctrl-C arrives in the main thread, which waits for a result."""
    running, ended = threading.Barrier(3, timeout=30), list[str]()

    def work(part: str, advance: Advance) -> str:
        running.wait()
        if part == "short":
            return part
        try:
            while True:
                advance(1)
        finally:
            ended.append(part)

    def interrupted() -> None:
        for _ in run_parts(work, ["short", "long", "longer"], ignore):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        interrupted()
    assert sorted(ended) == ["long", "longer"]
    assert torch.get_num_threads() == 3
