"""A user's own function gives the data; whatever goes wrong in it is said in one sentence."""

import re
import sys
from pathlib import Path

import pytest
import torch

from relume.errors import DataError
from relume.studies.data import load

MODULE = """
import numpy, torch
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(5)
x, y = torch.randn(60, 2, 3), torch.arange(60) % 3
data = TensorDataset(x, y)
constant = 3

def tensors(): return x, y
def arrays(): return [x.numpy(), y.numpy()]
def four(): return x, y, x[:9], y[:9]
def loader(): return DataLoader(data, batch_size=7, shuffle=True)
def loaders(): return DataLoader(data, batch_size=7, shuffle=True), DataLoader(data, batch_size=60)
def late():
    import mynet_part
    return mynet_part.x, y

def nothing(): pass
def three(): return x, y, x
def text(): return "data.npz"
def mixed(): return loader(), y
def raises(): raise ValueError("no such\\nthing")
def silent(): raise KeyError
def leaves(): raise SystemExit(2)
def needs(path): return x, y
def no_batches(): return DataLoader(TensorDataset(x[:0], y[:0]))
def lone(): return DataLoader(x)
def mapping(): return DataLoader([{"x": 1.0, "y": 0}])
def uneven(): return DataLoader([(torch.zeros(2), 0), (torch.zeros(3), 1)])
def uneven_batches(): return DataLoader([(torch.zeros(2), 0), (torch.zeros(3), 1)], batch_size=2)
def integers(): return x, y + 1
"""


@pytest.fixture(autouse=True)
def _working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mynet.py").write_text(MODULE)
    (tmp_path / "mynet_part.py").write_text("from mynet import x")
    (tmp_path / "broken.py").write_text("import torch\n1 / 0\n")
    (tmp_path / "incomplete.py").write_text("import a_package_nobody_has\n")
    (tmp_path / "script.py").write_text("import sys\nsys.exit('usage: script')\n")
    monkeypatch.chdir(tmp_path)
    for name in ("mynet", "mynet_part", "broken", "incomplete", "script"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.parametrize(
    ("function", "sizes"),
    [("tensors", (48, 12)), ("arrays", (48, 12)), ("four", (60, 9)), ("loader", (48, 12)),
     ("loaders", (60, 60)), ("late", (48, 12))],
)  # fmt: skip
def test_every_form_of_result(function: str, sizes: tuple[int, int]) -> None:
    data = load(f"mynet:{function}")
    assert (len(data.train_x), len(data.test_x)) == sizes
    examples = f"{sizes[0]} training and {sizes[1]} test examples"
    assert data.description == f"mynet:{function}: {examples} of 2 x 3, 3 classes"
    assert data.train_x.dtype == torch.float32


def test_loaders_are_read_in_full_and_in_a_fixed_order() -> None:
    path = list(sys.path)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = load("mynet:loaders")
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"
    assert sys.path == path, "the working folder was left on the path"
    torch.manual_seed(2)
    assert torch.equal(first.train_x, load("mynet:loaders").train_x)
    assert torch.equal(first.train_x.flatten().sort().values, first.test_x.flatten().sort().values)


BROKEN = {
    "mynte:tensors": r"there is no module 'mynte' in .+ or among the installed packages: ",
    "mynet.part:tensors": r"there is no module 'mynet.part' in .+: |importing 'mynet.part' raised .+: ",
    "mynet.py:tensors": r"'mynet.py' is not the name of a module: ",
    ":tensors": r"'' is not the name of a module: ",
    "broken:tensors": r"importing 'broken' raised ZeroDivisionError \(division by zero\): ",
    "incomplete:tensors": r"importing 'incomplete' raised ModuleNotFoundError \(.+a_package_nobody_has'\): ",
    "script:tensors": r"importing 'script' raised SystemExit \(usage: script\): ",
    "mynet:tensor": r"module 'mynet' has no function 'tensor': .+\. Did you mean 'tensors'\?$",
    "mynet:qqqqqqqq": r"module 'mynet' has no function 'qqqqqqqq': .+\. Define qqqqqqqq in .+mynet.py\.$",
    "mynet:": r"module 'mynet' has no function '': mynet:. Define one in ",
    "mynet:constant": r"module 'mynet' has no function 'constant': ",
    "mynet:raises": r"the function raised ValueError \(no such\): ",
    "mynet:silent": r"the function raised KeyError: ",
    "mynet:leaves": r"the function raised SystemExit \(2\): ",
    "mynet:needs": r"the function raised TypeError \(needs\(\) missing .+\): .+ without arguments\.",
    "mynet:nothing": r"the function returned None: .+\. Return \(x, y\), \(x_train, y_train",
    "mynet:three": r"the function returned a tuple of Tensor, Tensor, Tensor: ",
    "mynet:text": r"the function returned a str: ",
    "mynet:mixed": r"the function returned a tuple of DataLoader, Tensor: ",
    "mynet:no_batches": r"the loader gave no batch: ",
    "mynet:lone": r"the loader's batch 0 is a Tensor: .+\. Make each batch \(x, y\)",
    "mynet:mapping": r"the loader's batch 0 is a dict: ",
    "mynet:uneven": r"the loader raised RuntimeError \(.+\) after 2 batches: .+ batches of one shape\.",
    "mynet:uneven_batches": r"the loader raised RuntimeError \(.+\) after 0 batches: ",
    "mynet:integers": r"labels start at 1: mynet:integers\. Labels must start at 0",
}


@pytest.mark.parametrize(("spec", "message"), BROKEN.items(), ids=BROKEN)
def test_a_function_that_gives_no_data(spec: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(spec)
    assert re.fullmatch(rf"[^\n]+: {spec}\. [A-Z][^\n]+[.?]", str(caught.value))
