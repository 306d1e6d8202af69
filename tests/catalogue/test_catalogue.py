"""Each activation keeps every promise that its fields make."""

from collections.abc import Callable

import mpmath
import pytest
import torch
from tests.catalogue import checks, torch_checks

from relume import activations
from relume._collect import collect
from relume.catalogue.activation import Activation
from relume.errors import UnknownNameError

CHECKS = [
    check
    for module in (checks, torch_checks)
    for name, check in vars(module).items()
    if name.startswith("check_")
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("activation", activations.values(), ids=activations)
def test_conformance(activation: Activation, check: Callable[[Activation], None]) -> None:
    check(activation)


def test_there_are_enough() -> None:
    assert len(activations) >= 45


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown activation 'rleu'\. Did you mean 'relu'"):
        activations["rleu"]


def test_a_duplicate_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from relume.catalogue import shrinkage

    monkeypatch.setattr(shrinkage, "second", _renamed_tanh(), raising=False)
    with pytest.raises(ValueError, match="already a Activation named 'relu'"):
        collect("relume.catalogue", Activation, listing="relume activations")


def _renamed_tanh() -> Activation:
    from dataclasses import replace

    return replace(activations["tanh"], name="relu")


def test_no_alias_belongs_to_two() -> None:
    aliases = [
        (alias.call, tuple(sorted(alias.arguments.items())))
        for activation in activations.values()
        for alias in activation.aliases
    ]
    assert len(set(aliases)) == len(aliases)


mp = mpmath.mp.clone()
mp.dps = 40
ORACLE = {
    "gelu": lambda x: x * mp.ncdf(x),
    "gelu_tanh": lambda x: x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "squareplus": lambda x: (x + mp.sqrt(x * x + 4)) / 2,
    "tanhexp": lambda x: x * mp.tanh(mp.exp(x)),
    "serf": lambda x: x * mp.erf(mp.log1p(mp.exp(x))),
    "isru": lambda x: x / mp.sqrt(1 + x * x),
    "lif": lambda x: 1 / (1 + 5 * mp.log((15 + 15 * x) / (15 * x))) if x > 0 else mp.mpf(0),
    "soft_lif": lambda x: 1 / (1 + 5 * mp.log(1 + 1 / (mp.mpf("0.1") * mp.log1p(mp.exp(10 * x))))),
    "selu": lambda x: (
        mp.mpf("1.0507009873554804934193349852946")
        * (x if x > 0 else mp.mpf("1.6732632423543772848170429916717") * mp.expm1(x))
    ),
}
POINTS = [-30.0, -11.3, -4.7, -1.25, -0.3, -1e-3, 1e-3, 0.02, 0.7, 1.9, 6.5, 17.0, 40.0]


@pytest.mark.parametrize("name", ORACLE)
def test_against_forty_digits(name: str) -> None:
    activation, oracle = activations[name], ORACLE[name]
    x = torch.tensor(POINTS, dtype=torch.float64)
    for order, f in enumerate((activation.value, activation.derivative, activation.second_derivative)):
        expected = [float(mp.diff(oracle, mp.mpf(point), order)) for point in POINTS]
        torch.testing.assert_close(
            f(x), torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=3e-9, msg=f"order {order}"
        )


@pytest.mark.parametrize(
    ("name", "point", "expected"),
    [("sigmoid", -80.0, 1.8e-35), ("logsigmoid", 80.0, -1.8e-35)],
)
def test_tails_keep_their_digits(name: str, point: float, expected: float) -> None:
    x = torch.tensor([point])
    assert activations[name].value(x).item() == pytest.approx(expected, rel=0.01)
    assert abs(activations[name].derivative(x).item()) == pytest.approx(1.8e-35, rel=0.01)


def test_gated_pair_with_channels() -> None:
    x = torch.randn(2, 6, 5, 5)
    y = activations["swiglu"].module(unit_axis=1)(x)
    assert y.shape == (2, 3, 5, 5)
    assert torch.equal(y, activations["swiglu"].value(x[:, 3:], x[:, :3]))
    assert activations["glu"].module(unit_axis=1)(x).shape == (2, 3, 5, 5)


def test_concatenated_with_channels() -> None:
    x = torch.randn(2, 3, 5, 5)
    assert torch.equal(activations["crelu"].module(unit_axis=1)(x), torch.cat([x.relu(), (-x).relu()], 1))


def test_how_one_prints() -> None:
    assert repr(activations["relu"]) == "<Activation relu: max(0, x)>"
    assert str(activations["relu"].citation).startswith("Nair & Hinton (2010), Rectified")
    assert repr(activations["isru"].module()) == "ClosedForm(isru: x / sqrt(1 + x^2))"
