"""What is computed from logarithms is the same, and stays a number where the plain way does not."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from relume.remedies.log_space import LogSpace

PLACES, CLASSES = torch.arange(6), 5
By = Callable[[Tensor], Tensor]


def softmax_by_hand(x: Tensor) -> Tensor:
    raised = x.exp()
    return raised / raised.sum(-1, keepdim=True)


def entropy_over_columns(x: Tensor) -> Tensor:
    """The first axis is number 0, which is easily taken for none."""
    raised = x[:5].exp()
    return -(raised.diagonal() / raised.sum(0)).log()


def of_a_share(x: Tensor) -> Tensor:
    return -x.softmax(-1).gather(-1, torch.zeros(6, 1, dtype=torch.long)).squeeze(-1).log()


def both_sides(x: Tensor) -> Tensor:
    chance = torch.sigmoid(x)
    return -(0.3 * chance.log() + 0.7 * (1 - chance).log())


def binary(x: Tensor) -> Tensor:
    return F.binary_cross_entropy(torch.sigmoid(x), torch.full_like(x, 0.3), reduction="none")


def soft_rectifier(x: Tensor) -> Tensor:
    return (1 + x.exp()).log()


CASES: dict[str, tuple[By, By]] = {
    "softmax": (softmax_by_hand, lambda x: x.softmax(-1)),
    "columns": (
        entropy_over_columns,
        lambda x: F.cross_entropy(x[:5].t(), torch.arange(5), reduction="none"),
    ),
    "share": (of_a_share, lambda x: -x.log_softmax(-1)[:, 0]),
    "mean": (lambda x: x.exp().mean(1).log(), lambda x: x.logsumexp(1) - torch.log(torch.tensor(5.0))),
    "axis": (lambda x: x.exp().sum(axis=1).log(), lambda x: x.logsumexp(1)),
    "all": (lambda x: x.exp().sum().log(), lambda x: x.logsumexp((0, 1))),
    "sigmoid": (both_sides, lambda x: -(0.3 * F.logsigmoid(x) + 0.7 * F.logsigmoid(-x))),
    "binary": (
        binary,
        lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.3), reduction="none"),
    ),
    "softplus": (soft_rectifier, F.softplus),
    "log1p": (lambda x: x.exp().log1p(), F.softplus),
    "product": (lambda x: (x.exp() * (2 * x).exp() / (3 * x).exp()).log(), lambda x: 0 * x),
}
each_case = pytest.mark.parametrize(("by_hand", "known"), CASES.values(), ids=list(CASES))


def scores(scale: float) -> Tensor:
    return (scale * torch.randn(6, CLASSES, generator=torch.Generator().manual_seed(0))).requires_grad_()


def value_and_slope(of: By, x: Tensor) -> tuple[Tensor, Tensor]:
    y = of(x)
    return y.detach(), torch.autograd.grad(y.sum() + y.square().sum(), x)[0]


@each_case
def test_far_from_zero_it_is_what_the_stable_way_gives(by_hand: By, known: By) -> None:
    x = scores(120.0)
    plain = value_and_slope(by_hand, x)
    assert not all(bool(each.isfinite().all()) for each in plain) or by_hand is binary
    with LogSpace() as space:
        found = value_and_slope(by_hand, x)
    assert space.needed
    for one, other in zip(found, value_and_slope(known, x), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@each_case
def test_near_zero_nothing_is_changed(by_hand: By, known: By) -> None:
    x = scores(1.0)
    with LogSpace() as space:
        found = value_and_slope(by_hand, x)
    assert not space.needed
    assert all(map(torch.equal, found, value_and_slope(by_hand, x)))
