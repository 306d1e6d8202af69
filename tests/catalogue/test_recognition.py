"""Modules and calls are recognised for what they compute."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relume import activations
from relume.catalogue.recognition import recognise_call, recognise_module


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (nn.ReLU(inplace=True), "relu"),
        (nn.LeakyReLU(0.3), "leaky_relu"),
        (nn.GELU(), "gelu"),
        (nn.GELU("tanh"), "gelu_tanh"),
        (nn.Hardtanh(), "hardtanh"),
        (nn.Hardtanh(-2, 2), "hardtanh"),
        (nn.Hardtanh(0, 6), "relu6"),
        (nn.ReLU6(), "relu6"),
        (nn.Threshold(0, 0), "relu"),
        (nn.Threshold(1, 0), "thresholded_relu"),
        (nn.Threshold(3, 1), None),
        (nn.Linear(2, 2), None),
        (nn.Softmax(-1), None),
    ],
    ids=repr,
)
def test_modules(module: nn.Module, name: str | None) -> None:
    entry = recognise_module(module)
    assert (entry and entry.name) == name


@pytest.mark.parametrize("name", activations)
def test_its_own_module(name: str) -> None:
    entry = recognise_module(activations[name].module())
    assert entry is activations[name]


@pytest.mark.parametrize(
    ("function", "arguments", "keywords", "name"),
    [
        (F.relu, (), {"inplace": True}, "relu"),
        (torch.relu_, (), {}, "relu"),
        (Tensor.relu_, (), {}, "relu"),
        (F.gelu, (), {}, "gelu"),
        (F.gelu, (), {"approximate": "none"}, "gelu"),
        (F.gelu, (), {"approximate": "tanh"}, "gelu_tanh"),
        (F.leaky_relu, (0.3,), {}, "leaky_relu"),
        (F.hardtanh, (-2, 2), {}, "hardtanh"),
        (F.hardtanh, (0, 6), {}, "relu6"),
        (torch.clamp, (0,), {}, "relu_one_at_zero"),
        (torch.clamp, (), {"min": 0.0}, "relu_one_at_zero"),
        (torch.clamp, (0, None), {}, "relu_one_at_zero"),
        (Tensor.clamp, (), {"min": 0}, "relu_one_at_zero"),
        (torch.clamp, (-3, 3), {}, None),
        (torch.clamp, (0, 6, 7), {}, None),
        (torch.clamp, (), {"max": 0}, None),
        (torch.clamp, (torch.zeros(3),), {}, None),
        (F.threshold, (1, 0), {}, "thresholded_relu"),
        (F.threshold, (5, 0), {}, None),
        (torch.add, (1,), {}, None),
    ],
)
def test_calls(function: object, arguments: tuple, keywords: dict, name: str | None) -> None:
    entry = recognise_call(function, arguments, keywords)
    assert (entry and entry.name) == name
