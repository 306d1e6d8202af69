"""A study trains the whole grid once, with paired seeds, and goes on where it was cut off."""

import importlib.util
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.studies.tiny import CLASSES, FEATURES, assert_same_outcome, tiny_data
from torch import nn

import relume.studies.study as module
from relume.catalogue.activation import Activation
from relume.errors import BuildError, PlanError, RelumeError, UnknownNameError
from relume.studies import engines
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
from relume.studies.study import Study, study

DATA = tiny_data()
TRAINING = Training(batch_size=32, steps=5)
small = partial(
    study,
    MLP(2, 8),
    DATA,
    activations=["relu", "tanh"],
    initialisations=["he", "pytorch"],
    learning_rates=[0.01, 0.1],
    seeds=2,
    training=TRAINING,
)


def network(activation: Activation) -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, 8), activation.module(), nn.Linear(8, CLASSES))


def assert_same_study(found: Study, expected: Study) -> None:
    assert len(found.outcomes) == len(expected.outcomes)
    for one, other in zip(found.outcomes, expected.outcomes, strict=True):
        assert_same_outcome(one, other)


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: Any) -> None:
        raise AssertionError("a network was trained again")

    monkeypatch.setattr(module, "train", train)


def test_the_whole_grid_is_trained_in_the_order_it_was_asked_for() -> None:
    found = study([MLP(2, 8), MLP(1, 4)], DATA, **small.keywords)
    grid = product(["mlp 2x8", "mlp 1x4"], ["relu", "tanh"], ["he", "pytorch"], [0.01, 0.1], [0, 1])
    assert [
        (s.network, s.activation, s.initialisation, s.learning_rate, o.seed)
        for o in found.outcomes
        for s in [o.setting]
    ] == list(grid)
    assert all(o.losses.shape == (5,) for o in found.outcomes)


def test_seeds_are_paired_over_activations_and_rates() -> None:
    """Within an initialisation the first draws agree, so the first loss of a rate does not depend on it."""
    found = small(initialisations=["he"])
    first = {(o.setting.activation, o.setting.learning_rate, o.seed): o.losses[0] for o in found.outcomes}
    for activation, seed in product(["relu", "tanh"], [0, 1]):
        assert first[activation, 0.01, seed] == first[activation, 0.1, seed]
    assert first["relu", 0.1, 0] != first["relu", 0.1, 1]


def test_a_finished_study_is_read_back_and_not_trained_again(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    first = small(into=tmp_path / "study.sqlite")
    request.getfixturevalue("no_training")
    again = small(into=tmp_path / "study.sqlite")
    assert_same_study(again, first)
    assert again.engine == "all 16 networks were finished by an earlier run"


@pytest.mark.parametrize(
    "change",
    [
        {"data": replace(DATA, train_x=DATA.train_x + 1e-3)},
        {"data": replace(DATA, train_y=DATA.train_y.roll(1))},
        {"data": replace(DATA, test_x=DATA.test_x[:-1], test_y=DATA.test_y[:-1])},
        {"training": replace(TRAINING, steps=6)},
        {"training": replace(TRAINING, batch_size=31)},
        {"training": replace(TRAINING, optimizer="adam")},
        {"build": MLP(2, 9)},
        {"learning_rates": [0.02]},
        {"activations": ["elu"]},
        {"initialisations": ["xavier"]},
    ],
    ids=lambda change: f"{next(iter(change))}",
)
def test_what_was_trained_otherwise_is_not_mistaken_for_the_same(
    tmp_path: Path, change: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    small(into=tmp_path / "study.sqlite")
    request.getfixturevalue("no_training")
    arguments: dict[str, Any] = {"build": MLP(2, 8), "data": DATA} | small.keywords | change
    with pytest.raises(AssertionError, match=r"^a network was trained again$"):
        study(**arguments, into=tmp_path / "study.sqlite")


def test_more_seeds_train_only_the_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(into=tmp_path / "study.sqlite")
    trained: list[int] = []
    train = engines.train

    def spy(*arguments: Any) -> Any:
        trained.extend(j.seed for j in arguments[1])
        return train(*arguments)

    monkeypatch.setattr(module, "train", spy)
    assert len(small(seeds=3, into=tmp_path / "study.sqlite").outcomes) == 24
    assert trained == [2] * 8


SCRIPT = """
import sys
from pathlib import Path
import relume.studies.study as module
from relume.studies import engines
from tests.studies.tiny import tiny_data
from relume.studies.mlp import MLP
from relume.studies.protocol import Training
module.NETWORKS_BETWEEN_SAVES = 4
module.study(
    MLP(2, 8), tiny_data(), activations=["relu", "tanh", "elu"], initialisations=["he", "pytorch"],
    learning_rates=[0.01, 0.1], seeds=4, training=Training(batch_size=32, steps=200), into=Path(sys.argv[1]),
)
"""


def finished(path: Path) -> int:
    try:
        with closing(
            sqlite3.connect(f"file:{path}?mode=rw", uri=True)
        ) as connection:  # takes a cut-off transaction back
            return int(connection.execute("SELECT count(*) FROM outcome").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_a_study_killed_at_any_moment_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, chance, counts = tmp_path / "study.sqlite", random.Random(0), [0]
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)]) as process:
            while finished(path) <= counts[-1] and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0.0, 0.03))
            process.send_signal(signal.SIGKILL)
        counts.append(finished(path))
    assert counts == sorted(set(counts)), "each run adds to what the one before had finished"
    assert counts[-1] < 48, "the last run was killed before it had finished"
    assert all(count % 4 == 0 for count in counts), "parts are kept whole or not at all"
    monkeypatch.setattr(module, "NETWORKS_BETWEEN_SAVES", 4)
    arguments: dict[str, Any] = {
        "activations": ["relu", "tanh", "elu"],
        "initialisations": ["he", "pytorch"],
        "learning_rates": [0.01, 0.1],
        "seeds": 4,
        "training": Training(batch_size=32, steps=200),
    }
    resumed = study(MLP(2, 8), tiny_data(), **arguments, into=path)
    assert finished(path) == 48
    uninterrupted = study(MLP(2, 8), tiny_data(), **arguments)
    for found, expected in zip(resumed.outcomes, uninterrupted.outcomes, strict=True):
        # Another run may group the networks otherwise, and sum in another order.
        assert_same_outcome(found, expected, rtol=1e-3)


USER_MODULE = """
from torch import nn
def build(activation):
    return nn.Sequential(nn.Linear(12, %d), activation.module(), nn.Linear(%d, 4))
"""


def test_a_network_whose_source_changed_is_trained_anew(tmp_path: Path) -> None:
    found = []
    for width in (5, 10, 10):
        path = tmp_path / "mynet.py"
        path.write_text(USER_MODULE % (width, width))
        spec = importlib.util.spec_from_file_location("mynet", path)
        assert spec is not None
        assert spec.loader is not None
        mynet = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(mynet)
        found.append(study(mynet.build, DATA, **small.keywords, into=tmp_path / "study.sqlite"))
    assert [study_.engine for study_ in found][2] == "all 16 networks were finished by an earlier run"
    assert "vmap" in found[1].engine
    assert found[0].outcomes[0].losses[0] != found[1].outcomes[0].losses[0]


@pytest.mark.parametrize("build", [MLP(2, 8), network], ids=["mlp", "user's"])
def test_a_study_leaves_torch_as_it_was(build: Any) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch.manual_seed(5)
        before = torch.get_rng_state()
        study(build, **{"data": DATA} | small.keywords)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), before)
    finally:
        torch.set_num_threads(threads)


def test_a_study_does_not_depend_on_torchs_seed() -> None:
    torch.manual_seed(1)
    first = study(network, **{"data": DATA} | small.keywords)
    torch.manual_seed(2)
    assert_same_study(study(network, **{"data": DATA} | small.keywords), first)


def test_all_settings_survive_the_file(tmp_path: Path) -> None:
    in_memory, on_disk = small(), small(into=tmp_path / "study.sqlite")
    read_back = small(into=tmp_path / "study.sqlite")
    for found, expected in zip(read_back.outcomes, on_disk.outcomes, strict=True):
        np.testing.assert_array_equal(found.losses, expected.losses)
    assert_same_study(read_back, in_memory)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"activations": []}, PlanError, r"^a study of no activations: name at least one\.$"),
        ({"activations": ["relu", "relu"]}, PlanError, r"^the activations of a study name one twice: relu"),
        ({"activations": ["rleu"]}, UnknownNameError, r"^unknown activation 'rleu'\. Did you mean 'relu'\?"),
        ({"initialisations": ["hee"]}, PlanError, r"^unknown initialisation 'hee': choose among pytorch, "),
        ({"learning_rates": [0.1, 0.0]}, PlanError, r"must be above 0: got 0\.0 and 2\.$"),
        ({"seeds": 0}, PlanError, r"must be above 0: got 0\.01 and 0\.$"),
        ({"activations": ["relu", "glu"]}, PlanError, r"^glu changes the number of units"),
    ],
)
def test_a_plan_that_cannot_be_run_is_told(
    change: dict[str, Any], kind: type[RelumeError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        small(**change)


def fails(activation: Activation) -> nn.Module:
    raise ValueError("no such thing\nand more")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (fails, r"^the build function failed for 'relu' \(ValueError: no such thing\): .*fails\. It is call"),
        (lambda activation: 3, r"^the build function returned a int: .*\. Return an nn\.Module\.$"),
        (lambda activation: nn.Linear(5, 2), r"^the network failed on inputs of 2 x 12 \(RuntimeError: "),
        (lambda activation: nn.Linear(12, 3), r"^the network answers 2 x 12 inputs with 2 x 3: .* 2 x 4, a "),
        (lambda activation: nn.LSTM(12, 4), r"inputs with tuple: .*It must return 2 x 4, a score for each"),
    ],
)
def test_a_build_function_that_is_none_is_told(build: Any, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        study(build, **{"data": DATA} | small.keywords)
