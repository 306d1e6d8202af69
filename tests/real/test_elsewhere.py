"""The module classes of other libraries that the catalogue names compute what it says."""

from importlib import import_module
from importlib.util import find_spec

import pytest
import torch

from relume import activations
from relume.catalogue.activation import Activation
from relume.catalogue.recognition import recognise_module
from tests.real import torchvision_stub

NAMED = [(entry, name) for entry in activations.values() for name in entry.elsewhere]


@pytest.mark.parametrize(("entry", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_class_of_another_library_is_recognised_and_computes_the_activation(
    entry: Activation, name: str
) -> None:
    package = name.partition(".")[0]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    if package == "timm":
        torchvision_stub.install()
    module, _, written = name.rpartition(".")
    built = getattr(import_module(module), written)()
    x = torch.linspace(-6, 6, 101)
    assert recognise_module(built) is entry
    torch.testing.assert_close(built(x.clone()), entry.value(x), rtol=1e-4, atol=1e-5)
