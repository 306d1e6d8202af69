"""For each check of the catalogue an entry that is wrong in that one way, which the check must reject."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.catalogue import checks, torch_checks
from torch import Tensor, nn

from relume import activations
from relume.catalogue.activation import Activation, Alias, Citation, Kink

INFINITY = float("inf")


def wrong(entry: str, /, **fields: Any) -> Activation:
    return replace(activations[entry], **fields)


def _softsign_cubed(x: Tensor) -> Tensor:
    return (1 + x.abs()) ** -3


def _naive_silu_slope(x: Tensor) -> Tensor:
    return x.sigmoid() * (1 + x * (1 - x.sigmoid()))


def _exp_of_softplus(x: Tensor) -> Tensor:
    return torch.log(1 + torch.exp(x))


def _deaf_to_beta(x: Tensor, beta: float = 1.0) -> Tensor:
    return activations["silu"].derivative(x)


def _wrong_sign(x: Tensor) -> Tensor:
    return 2 * x.tanh() * x.cosh() ** -2


def _chain_from_x(grad: Tensor, x: Tensor, y: Tensor, out: Tensor) -> object:
    return out.copy_(grad * (1 - x.tanh() ** 2))  # x is y by then


def _chain_that_forgets_grad(grad: Tensor, x: Tensor, y: Tensor, out: Tensor) -> object:
    return out.fill_(1).sub_(y * y).mul_(grad)  # out may be grad


WRONG = [
    (checks.check_derivative, wrong("softsign", derivative=_softsign_cubed)),
    (checks.check_derivative, wrong("swish", derivative=_deaf_to_beta)),
    (checks.check_derivative, wrong("swiglu", derivative=activations["geglu"].derivative)),
    (checks.check_second_derivative, wrong("tanh", second_derivative=_wrong_sign)),
    (checks.check_second_derivative, wrong("relu", second_derivative=torch.ones_like)),
    (checks.check_module, wrong("relu", aliases=(Alias(nn.ReLU6),))),
    (checks.check_module, wrong("relu_one_at_zero", aliases=(Alias(nn.ReLU),))),
    (checks.check_module, wrong("silu", parameters={"beta": 1.0})),
    (checks.check_range, wrong("sigmoid", range=(0.0, 0.9))),
    (checks.check_range, wrong("sigmoid", range=(0.1, 1.0))),
    (checks.check_range, wrong("tanh", range=(-1.0, 2.0))),
    (checks.check_range, wrong("silu", range=(-0.3, INFINITY))),
    (checks.check_range, wrong("tanh", range=(-INFINITY, 1.0))),
    (checks.check_range_in_every_precision, wrong("relu6", range=(0.0, 5.9))),
    (checks.check_limits, wrong("tanh", limits=(0.0, 1.0))),
    (checks.check_limits, wrong("silu", value=lambda x: x * x.sigmoid())),
    (checks.check_limits, wrong("silu", derivative=_naive_silu_slope)),
    (checks.check_approach, wrong("sigmoid", limits=(0.0, 0.5))),
    (checks.check_approach, wrong("sigmoid", limits=(0.0, INFINITY))),
    (checks.check_approach, wrong("sigmoid", limits=(float("nan"), float("nan")))),
    (checks.check_flat_ends, wrong("relu", flat_ends="both")),
    (checks.check_flat_ends, wrong("tanh", flat_ends="left")),
    (checks.check_symmetry, wrong("sigmoid", symmetry="odd")),
    (checks.check_symmetry, wrong("abs", symmetry="none")),
    (checks.check_monotonicity, wrong("silu", monotonicity="increasing")),
    (checks.check_monotonicity, wrong("relu", monotonicity="increasing")),
    (checks.check_monotonicity, wrong("tanh", monotonicity="non-decreasing")),
    (checks.check_zero_region, wrong("relu", zero_region=None)),
    (checks.check_zero_region, wrong("relu", zero_region=(-INFINITY, 1.0))),
    (checks.check_zero_region, wrong("softshrink", zero_region=(-0.1, 0.5))),
    (checks.check_kinks, wrong("relu", kinks=(Kink(0.0, 0.5),))),
    (checks.check_kinks, wrong("relu", kinks=(Kink(0.0, 0.0, "jump"),))),
    (checks.check_kinks, wrong("elu", kinks=(Kink(0.0, 1.0, "corner"),))),
    (checks.check_kinks, wrong("tanh", kinks=(Kink(0.0, 1.0, "curvature"),))),
    (checks.check_smooth_elsewhere, wrong("relu", kinks=())),
    (checks.check_smooth_elsewhere, wrong("elu", kinks=())),
    (checks.check_smooth_elsewhere, wrong("heaviside", kinks=())),
    (checks.check_precision, wrong("softplus", value=_exp_of_softplus)),
    (checks.check_precision, wrong("sigmoid", value=lambda x: x.float().sigmoid())),
    (checks.check_precision, wrong("isru", value=lambda x: x / (1 + x * x).sqrt())),
    (checks.check_nan, wrong("heaviside", value=lambda x: (x > 0).to(x.dtype))),
    (checks.check_shapes, wrong("tanh", value=lambda x: x.tanh().reshape(-1))),
    (checks.check_shapes, wrong("tanh", value=lambda x: x - x.mean())),
    (checks.check_identity, wrong("tanh", formula="th(x)")),
    (checks.check_fields, wrong("tanh", name="Tan H")),
    (checks.check_fields, wrong("tanh", citation=Citation("LeCun", 98, "Efficient BackProp"))),
    (torch_checks.check_aliases, wrong("gelu", aliases=(Alias(nn.GELU, {"approximate": "tanh"}),))),
    (torch_checks.check_aliases, wrong("relu", aliases=(Alias(torch.clamp, {"min": 0}),))),
    (torch_checks.check_aliases, wrong("tanh", second_derivative=_wrong_sign)),
    (torch_checks.check_chain, wrong("tanh", chain=activations["sigmoid"].chain)),
    (torch_checks.check_chain, wrong("tanh", chain=_chain_from_x)),
    (torch_checks.check_chain, wrong("tanh", chain=_chain_that_forgets_grad)),
    (torch_checks.check_chain, wrong("tanh", overwrite=torch.sigmoid_)),
]  # fmt: skip


@pytest.mark.parametrize(("check", "entry"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_the_check_rejects(check: Callable[[Activation], None], entry: Activation) -> None:
    with pytest.raises(AssertionError):
        check(entry)


def test_every_check_has_a_wrong_entry() -> None:
    held = {check for check, _ in WRONG}
    of_both = {**vars(checks), **vars(torch_checks)}
    assert held == {check for name, check in of_both.items() if name.startswith("check_")}
