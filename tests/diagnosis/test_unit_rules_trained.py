"""The rules on units, inputs and updates, on small networks that are trained under watch."""

from collections.abc import Callable, Iterable, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import relume
from relume.diagnosis.deaths import hears_nothing
from relume.diagnosis.rules import rules
from relume.types import Finding, Readings

OWN = (
    "dead-units",
    "non-finite",
    "unscaled-input",
    "symmetric-units",
    "unstable-updates",
    "stalled-layer",
)
STEPS, BATCH = 60, 64
Batch = tuple[Tensor, Tensor]


def batches(*, scale: float = 1.0, shift: float = 0.0, steps: int = STEPS) -> Iterable[Batch]:
    """Four classes: which two of the inputs' signs agree decides."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        x = torch.randn(BATCH, 20, generator=generator)
        yield scale * x + shift, (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()


def perceptron(*widths: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, width in zip((20, *widths), widths, strict=False):
        layers += [nn.Linear(before, width), activation()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 4))


def trained(
    model: nn.Module,
    given: Iterable[Batch],
    *,
    rate: float = 0.1,
    parameters: Sequence[nn.Parameter] | None = None,
    optimizer: type[torch.optim.Optimizer] = torch.optim.SGD,
) -> Readings:
    held = list(model.parameters()) if parameters is None else parameters
    stepping = optimizer(held, lr=rate)  # type: ignore[call-arg]
    with relume.watch(model) as watch:
        for x, target in given:
            loss = F.cross_entropy(model(x), target)
            watch.loss(loss)
            stepping.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            stepping.step()
    return watch.readings()


def faults(readings: Readings) -> dict[str, Finding]:
    """What is more than worth knowing, by problem: one finding each at most."""
    findings = [each for name in OWN for each in rules[name].find(readings) if each.severity != "info"]
    assert len({each.problem for each in findings}) == len(findings)
    assert all(each.evidence for each in findings)
    return {each.problem: each for each in findings}


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU, nn.PReLU, nn.Hardswish])
@pytest.mark.parametrize(("optimizer", "rate"), [(torch.optim.SGD, 0.1), (torch.optim.Adam, 3e-3)])
def test_a_network_that_learns_is_quiet(
    activation: Callable[[], nn.Module], optimizer: type[torch.optim.Optimizer], rate: float
) -> None:
    model = perceptron(64, 64, activation=activation)
    assert not faults(trained(model, batches(), rate=rate, optimizer=optimizer))


def test_a_convolution_behind_a_normalisation_is_quiet_on_bytes() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten()
    )
    model.append(nn.Linear(128, 4))
    target = torch.arange(BATCH) % 4
    images = (torch.rand(BATCH, 3, 8, 8) * 60 + 60 * target[:, None, None, None]).round()
    assert not faults(trained(model, [(images, target)] * 40))


def test_a_bias_of_minus_ten() -> None:
    model = perceptron(32, 32, 32)
    nn.init.constant_(model[2].bias, -10.0)
    found = faults(trained(model, batches()))
    finding = found["dead-units"]
    assert set(found) <= {"dead-units"}
    assert finding.severity == "error"
    assert [str(site) for site in finding.sites] == ["3"]
    assert finding.parameters == ("2.bias",)


@pytest.mark.parametrize(
    ("optimizer", "rate"), [(torch.optim.Adam, 1.0), (torch.optim.Adam, 0.2), (torch.optim.Adam, 0.5)]
)
def test_steps_that_kill(optimizer: type[torch.optim.Optimizer], rate: float) -> None:
    found = faults(trained(perceptron(64, 64, 64), batches(), rate=rate, optimizer=optimizer))
    assert "unstable-updates" in found
    dead = found["dead-units"]
    assert dead.severity == "error"
    assert "too large" in dead.cause
    assert dead.remedies[0] == "lower-learning-rate"


def test_steps_of_fifty_leave_the_numbers() -> None:
    found = faults(trained(perceptron(64, 64, 64), batches(), rate=50.0))
    assert found["unstable-updates"].severity == "error"
    assert "The updates are too large" in found["non-finite"].cause


def test_a_narrow_deep_network_that_was_born_dead() -> None:
    model = perceptron(*[2] * 12)
    finding = faults(trained(model, batches()))["dead-units"]
    assert finding.severity == "error"
    assert finding.evidence[-1].measured > 0.5 or "bias" in finding.cause


def test_images_as_bytes() -> None:
    finding = faults(trained(perceptron(64, 64), batches(scale=60.0, shift=127.0), rate=1e-2))[
        "unscaled-input"
    ]
    assert finding.remedies[0] == "standardise-input"


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid])
def test_the_same_weights_for_all_units(activation: Callable[[], nn.Module]) -> None:
    model = perceptron(32, 32, activation=activation)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.05)
    finding = faults(trained(model, batches()))["symmetric-units"]
    assert [str(site) for site in finding.sites] == ["1", "3"]


@pytest.mark.parametrize(("activation", "problem"), [(nn.ReLU, "dead-units"), (nn.Tanh, "symmetric-units")])
def test_all_weights_zero(activation: Callable[[], nn.Module], problem: str) -> None:
    model = perceptron(32, 32, activation=activation)
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    assert "all 0" in faults(trained(model, batches()))[problem].cause.replace("are 0", "are all 0")


@pytest.mark.parametrize("rate", [3.0, 30.0])
def test_a_learning_rate_too_large(rate: float) -> None:
    model = perceptron(64, 64, activation=nn.Tanh)
    assert "unstable-updates" in faults(trained(model, batches(), rate=rate))


def test_frozen_layers_are_no_fault() -> None:
    model = perceptron(32, 32, 32)
    model[2].requires_grad_(False)
    assert not faults(
        trained(model, batches(), parameters=[p for p in model.parameters() if p.requires_grad])
    )
    learned_before = perceptron(32, 32)
    trained(learned_before, batches(), rate=0.3)
    learned_before[4].reset_parameters()  # a head for another task
    assert not faults(trained(learned_before, batches(), parameters=list(learned_before[4].parameters())))


def test_a_body_that_was_never_trained_is_no_body_to_stand_on() -> None:
    model = perceptron(32, 32)
    found = faults(trained(model, batches(), parameters=list(model[4].parameters())))["stalled-layer"]
    assert (found.severity, found.parameters) == ("warning", ("0.weight", "2.weight"))
    assert "have learnt nothing before" in found.cause


def test_a_layer_that_the_optimiser_was_not_given() -> None:
    model = perceptron(32, 32, 32)
    held = [p for p in model.parameters() if p is not model[4].weight]
    assert faults(trained(model, batches(), parameters=held))["stalled-layer"].parameters == ("4.weight",)


def test_a_nan_in_the_data() -> None:
    given = list(batches())
    given[7][0][3, 4] = torch.nan
    found = faults(trained(perceptron(32, 32), given))
    assert "what the model was given at step 7" in found["non-finite"].cause
    assert set(found) == {"non-finite"}


def test_units_that_repeat_a_few_are_named() -> None:
    model = perceptron(24, 24)
    with torch.no_grad():
        model[0].weight.copy_(model[0].weight[:3].repeat(8, 1))
        model[0].bias.copy_(model[0].bias[:3].repeat(8))
        model[2].weight.copy_(model[2].weight[:, :3].repeat(1, 8))
    finding = faults(trained(model, batches()))["symmetric-units"]
    assert [str(site) for site in finding.sites] == ["1"]
    assert "repeat 3 units" in finding.cause
    with torch.no_grad():
        model = perceptron(24, 24)
        model[0].weight[:4].copy_(model[0].weight[4:8])  # by chance, or for a class or two
        model[0].bias[:4].copy_(model[0].bias[4:8])
    assert "symmetric-units" not in faults(trained(model, batches()))


class Rounded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.round()


def test_an_operation_without_a_slope_is_told_from_weights_that_are_too_small() -> None:
    model = perceptron(24, 24)
    model.insert(2, Rounded())
    finding = next(iter(rules["vanishing-gradient"].find(trained(model, batches()))))
    assert "an operation between them has a slope of 0 everywhere" in finding.cause
    assert finding.remedies[0] == "reattach-graph"


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.inner = nn.Embedding(30, 20), perceptron(48, 48)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(self.embed(x).sum(1))
        return y


def test_words_that_are_all_the_same_tell_nothing() -> None:
    def heard(words: Iterable[Batch]) -> bool:
        torch.manual_seed(0)
        readings = trained(Words(), words)
        return not hears_nothing(readings, readings["inner.1"])

    assert not heard([(torch.full_like(x, 7.0).long(), target) for x, target in batches(steps=8)])
    assert heard([((3 * x).abs().long(), target) for x, target in batches(steps=8)])
