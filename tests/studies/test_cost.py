"""What an activation costs: the fields fit together; how long it takes is not asserted."""

from collections.abc import Iterator

import pytest
import torch

from relume.errors import UnknownNameError
from relume.studies.cost import measure_costs
from relume.studies.summary import Cost


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("rounds", [1, 4])
def test_costs_are_positive_and_in_the_order_asked_for(rounds: int) -> None:
    found = measure_costs(["tanh", "relu", "gaussian"], elements=1000, rounds=rounds)
    assert [cost.activation for cost in found] == ["tanh", "relu", "gaussian"]
    for cost in found:
        assert min(cost.forward_ns, cost.backward_ns, cost.copy_ns) > 0
        assert cost.copy_ns == found[0].copy_ns  # one copy a round for all


def test_a_single_rounds_ratios_are_those_of_its_times() -> None:
    (cost,) = measure_costs(["relu"], elements=1000, rounds=1)
    assert cost.forward_over_copy == pytest.approx(cost.forward_ns / cost.copy_ns)
    assert cost.backward_over_copy == pytest.approx(cost.backward_ns / cost.copy_ns)


def test_medians_are_taken_over_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copy, forward, backward of a warm-up and three rounds; the second round was slow throughout."""
    times = iter([99.0, 99.0, 99.0, 1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 2.0, 8.0, 4.0])
    monkeypatch.setattr("relume.studies.cost._nanoseconds", lambda call, elements: next(times))
    assert measure_costs(["relu"], elements=1000, rounds=3) == [
        Cost(
            activation="relu",
            forward_ns=8.0,
            backward_ns=4.0,
            copy_ns=2.0,
            forward_over_copy=2.0,
            backward_over_copy=3.0,
        )
    ]


def test_torch_gets_its_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def spy(call: object, elements: int) -> float:
        used.append(torch.get_num_threads())
        return 1.0

    monkeypatch.setattr("relume.studies.cost._nanoseconds", spy)
    measure_costs(["relu"], elements=10, rounds=1)
    assert set(used) == {1}
    assert torch.get_num_threads() == 3
    with pytest.raises(UnknownNameError, match=r"^unknown activation 'rleu'\. Did you mean 'relu'\?"):
        measure_costs(["rleu"], elements=10, rounds=1)
    assert torch.get_num_threads() == 3
