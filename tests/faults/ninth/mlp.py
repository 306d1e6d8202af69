"""Plain networks: who has a heart disease, a sine, four corners, and marks in an exam."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, biased, chain, he, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    DATA,
    GROWTH,
    INPUT,
    SIGMOID,
    UNDEFINED,
    Fill,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.ninth.tasks import exams, heart, sine, xor
from tests.faults.program import Batch, Job, faulty, healthy


def ill(*, is_recorded: bool) -> Job:
    """As the table has it, or each column less its mean and over its deviation."""
    return trained(filled(chain([6, 32, 32, 2]), he), heart(is_recorded=is_recorded), Adam, lr=5e-3)


def missing() -> Job:
    """One cholesterol in a table of thousands was not measured."""
    batches = heart()
    batches[3][0][5, 2] = torch.nan
    return trained(filled(chain([6, 32, 32, 2]), he), batches, Adam, lr=5e-3)


def one_slip(loss: object) -> Job:
    """Blood pressure of one patient a batch was typed in with a digit too many."""
    batches = heart()
    for x, _ in batches:
        x[0, 1] *= 25
    model = filled(chain([6, 32, 1]), he)
    return trained(model, batches, Adam, loss, lr=1e-2)  # type: ignore[arg-type]


def from_logits(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0])[:, 0], batch[1].float())


def by_hand(model: nn.Module, batch: Batch) -> Tensor:
    p, y = torch.sigmoid(model(batch[0])[:, 0]), batch[1].float()
    out: Tensor = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()
    return out


def waved(fill: Fill, activation: Make = nn.GELU) -> Job:
    return trained(filled(chain([1, *[48] * 5, 1], activation), fill), sine(), Adam, squared_error, lr=3e-3)


def corners(fill: Fill) -> Job:
    return trained(filled(chain([2, 16, 16, 2], nn.Tanh), fill), xor(), Adam, lr=2e-2)


class Fourier(nn.Module):
    """Sines and cosines of random frequencies, which stay (Tancik et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", 2 * torch.randn(1, 16))
        self.read = chain([32, 32, 1], nn.SiLU)

    def forward(self, x: Tensor) -> Tensor:
        turned = x @ self.frequencies  # type: ignore[operator]
        out: Tensor = self.read(torch.cat([turned.sin(), turned.cos()], -1))
        return out


class Binary(nn.Linear):
    """Weights of two values in the forward pass, with the gradient of the full ones (Courbariaux, 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        two = self.weight.sign() * self.weight.abs().mean()
        return F.linear(x, self.weight + (two - self.weight).detach(), self.bias)


def in_points() -> Job:
    """Marks of 0 to 100 as they are: the loss begins in thousands, and falls."""
    batches = [(x, 60 + 12 * y) for x, y in exams()]
    return trained(filled(chain([6, 64, 64, 1], nn.SiLU), he), batches, Adam, squared_error, lr=2e-2)


def five_of_forty_off() -> Job:
    model = biased(filled(chain([6, 40, 1]), he), 0.0, [0, 1])
    with torch.no_grad():
        model[0].bias[:5] = -9  # type: ignore[index]
    return trained(model, exams(), Adam, squared_error, lr=1e-2)


def known() -> Job:
    """What had learned these marks goes on with them, at a small rate."""
    model = filled(chain([6, 48, 1], nn.SiLU), he)
    first = Adam(model.parameters(), lr=1e-2)
    for x, y in exams() * 3:
        first.zero_grad()
        F.mse_loss(model(x), y).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(model, exams(), AdamW, squared_error, lr=5e-5)


def shifted(bias: float = 0.0) -> Job:
    """Inputs from 0 to 1, as a min-max scaler makes them, and one bias for all."""
    batches = seen_through(lambda x: (x / 3 + 0.5).clamp(0, 1), exams())
    return trained(filled(chain([6, 48, 48, 1]), he, bias=bias), batches, Adam, squared_error, lr=1e-2)


settled = ("mlp-exams-known-before",)
programs = (
    healthy("mlp-heart-standardised", lambda: ill(is_recorded=False)),
    healthy("mlp-heart-with-logits", lambda: one_slip(from_logits)),
    healthy("mlp-sine-five-layers", lambda: waved(he)),
    healthy("mlp-xor-by-glorot", lambda: corners(xavier)),
    healthy("mlp-sine-fourier-features", lambda: trained(Fourier(), sine(), Adam, squared_error, lr=5e-3)),
    healthy(
        "mlp-heart-binary-weights",
        lambda: trained(
            nn.Sequential(nn.Linear(6, 48), nn.Hardtanh(), Binary(48, 48), nn.Hardtanh(), nn.Linear(48, 2)),
            heart(),
            Adam,
            lr=5e-3,
        ),
    ),
    healthy("mlp-exams-in-points", in_points),
    healthy("mlp-exams-five-of-forty-off", five_of_forty_off),
    healthy("mlp-exams-known-before", known),
    healthy("mlp-exams-from-0-to-1", lambda: shifted()),
    faulty(
        "mlp-heart-as-recorded",
        "unscaled-input",
        lambda: ill(is_recorded=True),
        cause=INPUT,
        twin="mlp-heart-standardised",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "mlp-heart-not-measured",
        "non-finite",
        missing,
        cause=DATA,
        twin="mlp-heart-standardised",
    ),
    faulty(
        "mlp-heart-entropy-by-hand",
        "non-finite",
        lambda: one_slip(by_hand),
        cause=UNDEFINED + "|sigmoid",
        twin="mlp-heart-with-logits",
        also=("unscaled-input",),
    ),
    faulty(
        "mlp-sine-default-normal",
        "exploding-activation",
        lambda: waved(normal(1.0)),
        cause=GROWTH,
        twin="mlp-sine-five-layers",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-sine-five-sigmoids",
        "vanishing-gradient",
        lambda: waved(xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-sine-five-layers",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-exams-biases-below-0",
        "dead-units",
        lambda: shifted(-2.0),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="mlp-exams-from-0-to-1",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-xor-from-zeros",
        "symmetric-units",
        lambda: corners(constant(0.0)),
        cause=ALIKE,
        twin="mlp-xor-by-glorot",
        also=("stalled-layer", "vanishing-gradient"),
    ),
)
