"""What a claim is tested on: the embedded data or the user's, the claim's own network or the user's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from relume.catalogue import activations
from relume.errors import BuildError
from relume.evidence.claim import Subject
from relume.evidence.subjects import build, check, checksum, dataset, network_name, one_thread
from relume.studies.mlp import MLP

RELU, TANH = activations["relu"], activations["tanh"]
NETWORK = """
from torch import nn

def build(activation):
    return nn.Sequential(nn.Flatten(), nn.Linear({inputs}, 8), activation.module(), nn.Linear(8, 3))
"""


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A user's data and network, in the working folder."""
    draw = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", x=draw.normal(size=(60, 4)), y=np.arange(60) % 3)
    (tmp_path / "subject_net.py").write_text(NETWORK.format(inputs=4))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "subject_net", raising=False)
    return Subject(data=str(tmp_path / "mine.npz"), network="subject_net:build")


def test_the_users_data_and_network_are_taken(subject: Subject) -> None:
    assert dataset(subject).train_x.shape == (48, 4)
    model = build(subject, TANH, fallback=MLP(5, 64))
    assert [type(layer) for layer in model.modules()][1:] == [nn.Flatten, nn.Linear, nn.Tanh, nn.Linear]
    assert network_name(subject, MLP(5, 64)) == "subject_net:build"
    assert check(subject).endswith(
        "48 training and 12 test examples of 4, 3 classes; network subject_net:build"
    )


def test_without_one_the_claims_own_network_is_taken() -> None:
    model = build(Subject(), RELU, fallback=MLP(2, 16))
    assert [layer.out_features for layer in model.modules() if isinstance(layer, nn.Linear)] == [16, 16, 10]
    assert network_name(Subject(), MLP(2, 16)) == "mlp 2x16"


def test_activations_of_one_seed_start_from_the_same_draws(subject: Subject) -> None:
    for own in (subject, Subject()):
        one, two, other = (
            next(iter(build(own, activation, fallback=MLP(2, 16), seed=seed).parameters()))
            for activation, seed in ((RELU, 0), (TANH, 0), (RELU, 1))
        )
        assert torch.equal(one, two)
        assert not torch.equal(one, other)


def test_the_checksum_knows_the_data_and_the_networks_file(subject: Subject, tmp_path: Path) -> None:
    before = checksum.__wrapped__(subject)
    assert before != checksum.__wrapped__(Subject(data=subject.data))
    (tmp_path / "subject_net.py").write_text(NETWORK.format(inputs=4) + "# edited\n")
    assert checksum.__wrapped__(subject) != before


def test_a_network_for_other_data_is_told(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "subject_net.py").write_text(NETWORK.format(inputs=5))
    with pytest.raises(BuildError, match="the network failed on inputs of 2 x 4"):
        check(subject)


def test_one_thread_leaves_no_trace() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    with one_thread(3):
        assert torch.get_num_threads() == 1
        first = torch.rand(1)
    with one_thread(3):
        assert torch.rand(1) == first
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
