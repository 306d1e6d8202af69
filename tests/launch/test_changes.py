"""`--with`: what it understands, and what it does to a script that knows nothing of it."""

from pathlib import Path

import pytest
import torch
from tests.launch.programs import by_relume

import relume
from relume.errors import RelumeError
from relume.launch.changes import parse_changes
from relume.launch.clipping import Clipping

SCRIPT = """
import copy
import torch
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Linear(8, 32), nn.Linear(32, 32), nn.Linear(32, 1)
        self.act = nn.Sigmoid()

    def forward(self, x):
        x = torch.sigmoid(self.two(self.act(self.one(x))))
        return torch.sigmoid(self.three(x))


model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, 0.5)
averaged = copy.deepcopy(model)
for _ in range(20):
    x = torch.randn(64, 8)
    loss = nn.functional.binary_cross_entropy(model(x), (x[:, :1] > 0).float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
print(torch.rand(1).item(), model.act, schedule.get_last_lr(), averaged.act)
torch.save(model, "model.pt")
torch.load("model.pt", weights_only=False)(x)
"""


def test_every_change_reaches_the_model_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SCRIPT)
    plain = by_relume(tmp_path, "run", "net.py")
    words = ["activation.sigmoid=relu", "init=variance-preserving", "clip=0.01", "lr=x0.1"]
    changed = by_relume(tmp_path, "run", *(part for word in words for part in ("--with", word)), "net.py")
    assert (plain.status, changed.status) == (0, 0), changed.err
    random, rest = plain.out.split(maxsplit=1)
    assert rest == "Sigmoid() [0.125] Sigmoid()\n"
    assert changed.out == f"{random} ReLU() [0.0125] Sigmoid()\n"  # not a random number was drawn
    for part in (
        "Changed: sigmoid -> relu (1 modules, net.py:16).",
        "Changed: learning rate 0.5 -> 0.05.",
        "Changed: weights of 3 layers",
        "Changed: gradients clipped at 0.01: 20 of 20 steps.",
    ):
        assert part in changed.err
    with relume.open(tmp_path / "relume-run" / "net-2.sqlite") as run:
        readings = run.readings()
        assert {name: reading.site.activation for name, reading in readings.items()} == {
            "act": "relu",
            "(model)": "relu",
            "(model)#2": "sigmoid",
        }
        assert readings["act"].value.root_mean_square == pytest.approx(1, abs=0.4)
        assert readings.steps.learning_rates[[0, -1]] == pytest.approx([0.05, 0.025], rel=1e-4)
        norms = [parameter.gradient_norm for parameter in readings.parameters.values()]
        assert sum(norm**2 for norm in norms) ** 0.5 == pytest.approx(0.01, rel=0.01)


def test_lsuv_scales_the_layers_by_the_first_batch(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SCRIPT.replace("lr=0.5", "lr=0.0"))
    ended = by_relume(tmp_path, "run", "--with", "init=lsuv", "--with", "clip=auto", "net.py")
    assert ended.status == 0, ended.err
    assert "Changed: 3 layers drawn orthonormal" in ended.err
    assert "Changed: gradients clipped at " in ended.err
    weight = torch.load(tmp_path / "model.pt", weights_only=False, pickle_module=_Net()).one.weight
    assert torch.allclose(weight.T @ weight, weight[:, 0].square().sum() * torch.eye(8), atol=1e-5)


class _Net:
    """A pickle module that knows the script's class."""

    def __getattr__(self, name: str) -> object:
        import pickle

        if name != "Unpickler":
            return getattr(pickle, name)

        class Unpickler(pickle.Unpickler):
            def find_class(self, module: str, name: str) -> object:
                return torch.nn.Module if module == "__main__" else super().find_class(module, name)

        return Unpickler


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("lr", r"a change is written NAME=VALUE: --with lr\."),
        ("lr=fast", r"lr takes a number above 0: 'fast'\. For instance --with lr=0\.5\."),
        ("lr=x-1", r"lr takes a number above 0: '-1'\."),
        ("clip=0", r"clip takes a number above 0: '0'\."),
        ("init=lsvu", r"unknown initialisation 'lsvu'\. Did you mean 'lsuv'\?"),
        ("clup=3", r"unknown change 'clup'\. Did you mean 'clip'\?"),
        ("activation.sigmiod=relu", r"unknown activation 'sigmiod'\. Did you mean 'sigmoid'\?"),
        ("activation.relu=glu", r"relu to glu changes the number of units\."),
    ],
)
def test_what_is_not_understood_is_told(word: str, message: str) -> None:
    with pytest.raises(RelumeError, match=message):
        parse_changes([word])


def test_gradients_are_clipped_where_the_step_makes_them() -> None:
    weight = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    clipping = Clipping(0.5)
    handle = optimizer.register_step_pre_hook(clipping.before_step)

    def closure() -> torch.Tensor:
        weight.grad = torch.tensor([3.0, 0.0, 4.0])
        return torch.tensor(1.0)

    optimizer.step(closure)
    assert weight.tolist() == pytest.approx([-0.3, 0.0, -0.4])
    optimizer.step(closure=closure)
    assert weight.tolist() == pytest.approx([-0.6, 0.0, -0.8])
    handle.remove()
    assert clipping.told() == "gradients clipped at 0.5: 2 of 2 steps"


def test_automatic_clipping_takes_the_tenth_percentile() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    clipping = Clipping("auto")
    for norm in [*range(1, 12), float("nan")]:
        weight.grad = torch.tensor([float(norm)])
        clipping.before_step(optimizer, (optimizer,), {})
    assert torch.isnan(weight.grad).all()
    assert clipping.told() == "gradients clipped at 2: 10 of 11 steps"
