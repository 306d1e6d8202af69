"""Arguments that a network gives by name, also the input and the weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import relume


class ByName(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(2, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv1d(input=x, weight=self.convolution.weight)
        return torch.clamp(input=F.gelu(input=x, approximate="tanh"), min=0)


@pytest.mark.parametrize("shape", [(3, 2, 9), (2, 9)], ids=["batch", "one"])
def test_arguments_by_name_are_as_good_as_by_place(shape: tuple[int, ...]) -> None:
    model = ByName()
    with relume.watch(model) as watch:
        model(torch.randn(shape)).sum().backward()
    readings = watch.readings()
    assert [site.activation for site in readings.sites] == ["gelu_tanh", "relu_one_at_zero"]
    assert [reading.value.units for reading in readings.values()] == [4, 4]
