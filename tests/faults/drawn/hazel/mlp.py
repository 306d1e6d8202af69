"""Plain layers over assays of enzymes and paths of meteors, as papers and other frameworks have them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, NAdam

from tests.faults.building import Make, biased, chain, cross_entropy, deep, he, squared_error, xavier
from tests.faults.drawn.hazel.tasks import SHOWERS, enzymes, meteors
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    GROWTH,
    INPUT,
    SIGMOID,
    STEP,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy


def assayed(layers: int, fill: Fill, activation: Make = nn.ReLU, bias: float = 0.0) -> Job:
    """Some hidden layers that are filled in one way, and their biases."""
    model = filled(chain(deep(layers, 40, inputs=8, outputs=1), activation), fill)
    biased(model, bias, range(layers))
    return trained(model, enzymes(), Adam, squared_error, lr=4e-3)


class Probed(nn.Module):
    """A head on a body, which may be run without gradients, as it was for a linear probe."""

    def __init__(self, *, is_probe: bool) -> None:
        super().__init__()
        self.body, self.head = filled(chain([6, 56, 56]), he), nn.Linear(56, SHOWERS)
        self.act, self.is_probe = nn.ReLU(), is_probe

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_probe):
            inner = self.act(self.body(x))
        out: Tensor = self.head(inner)
        return out


def showers(lr: float = 6e-3, scale: float = 1.0, start: float = 0.0, *, is_probe: bool = False) -> Job:
    """The first two numbers are where a meteor was first and last seen: about the mean, or in kilometres."""
    by, plus = torch.tensor([scale, scale, 1, 1, 1, 1]), torch.tensor([start, start, 0, 0, 0, 0])
    batches = seen_through(lambda x: by * x + plus, meteors())
    return trained(Probed(is_probe=is_probe), batches, Adam, lr=lr)


def widened(noise: float) -> Job:
    """Two units that were met 24 times over (Chen, Goodfellow & Shlens, 2016), with some noise."""
    model = chain([6, 48, SHOWERS], nn.Tanh)
    first, last = model[0], model[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        first.weight.copy_(first.weight[:2].repeat(24, 1))
        first.bias.copy_(first.bias[:2].repeat(24))
        last.weight.copy_(last.weight[:, :2].repeat(1, 24))
        first.weight.add_(noise * torch.randn(first.weight.shape))
    return trained(model, meteors(), Adam, cross_entropy, lr=1.5e-2)


# Healthy trainings that look odd


class Pupil(nn.Module):
    """A small network beside the large one it is taught by, which is fixed (Hinton et al., 2015)."""

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self.pupil, self.teacher = chain([6, 24, SHOWERS]), teacher.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            taught = self.teacher(x)
        return self.pupil(x), taught


def distilled() -> Job:
    """The large one is taught first, by other meteors."""
    teacher = chain([6, 64, 64, SHOWERS])
    optimizer = Adam(teacher.parameters(), lr=4e-3)
    for x, y in meteors(batch=56):
        optimizer.zero_grad()
        F.cross_entropy(teacher(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return trained(Pupil(teacher), meteors(), Adam, taught, lr=1e-2)


def taught(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy against soft labels at a temperature of 3, times its square, and that against hard ones."""
    said, soft = model(batch[0])
    apart = F.kl_div((said / 3).log_softmax(1), (soft / 3).softmax(1), reduction="batchmean")
    out: Tensor = 0.3 * 9 * apart + 0.7 * F.cross_entropy(said, batch[1])
    return out


class Waves(nn.Module):
    """Sines and cosines of fixed random directions (Rahimi & Recht, 2007)."""

    def __init__(self, inputs: int, count: int) -> None:
        super().__init__()
        self.ways = nn.Buffer(0.4 * torch.randn(inputs, count))

    def forward(self, x: Tensor) -> Tensor:
        at = x @ self.ways
        return torch.cat([at.sin(), at.cos()], 1)


class Most(nn.Module):
    """The greatest of three straight lines for each unit (Goodfellow et al., 2013)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(len(x), -1, 3).amax(2)


def greatest() -> Job:
    model = nn.Sequential(
        nn.Linear(6, 96), Most(), nn.Dropout(0.1), nn.Linear(32, 96), Most(), nn.Linear(32, SHOWERS)
    )
    return trained(model, meteors(), NAdam, lr=6e-3)


def in_waves() -> Job:
    model = nn.Sequential(Waves(8, 64), nn.Linear(128, 32), nn.Tanh(), nn.Linear(32, 1))
    return trained(model, enzymes(), Adam, squared_error, lr=1e-2)


programs = (
    healthy("mlp-meteors-distilled", distilled),
    healthy("mlp-enzymes-in-fixed-waves", in_waves),
    healthy("mlp-meteors-greatest-of-three", greatest),
    healthy("mlp-enzymes-seven-elu-by-glorot", lambda: assayed(7, xavier, nn.ELU)),
    healthy("mlp-enzymes-five-by-he", lambda: assayed(5, he)),
    healthy("mlp-meteors-two-by-he", showers),
    healthy("mlp-meteors-widened-with-noise", lambda: widened(0.55)),
    faulty(
        "mlp-enzymes-seven-sigmoid-of-1990",
        "vanishing-gradient",
        lambda: assayed(7, xavier, nn.Sigmoid),
        cause=SIGMOID,
        twin="mlp-enzymes-seven-elu-by-glorot",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "mlp-enzymes-five-he-without-fan",
        "exploding-activation",
        lambda: assayed(5, normal(2**0.5)),
        cause=GROWTH,
        twin="mlp-enzymes-five-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "mlp-enzymes-seven-elu-of-wide-normals",
        "exploding-gradient",
        lambda: assayed(7, normal(0.8), nn.ELU),
        cause=GROWTH,
        twin="mlp-enzymes-seven-elu-by-glorot",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "mlp-meteors-rate-of-descent-to-adam",
        "unstable-updates",
        lambda: showers(0.3),
        cause=STEP,
        twin="mlp-meteors-two-by-he",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "mlp-meteors-heights-in-kilometres",
        "unscaled-input",
        lambda: showers(scale=12.0, start=95.0),
        cause=INPUT + "|scale|offset",
        twin="mlp-meteors-two-by-he",
        also=("dead-units", "unstable-updates", "exploding-gradient", "exploding-activation"),
    ),
    faulty(
        "mlp-enzymes-offset-of-minus-five",
        "dead-units",
        lambda: assayed(5, he, bias=-5.0),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="mlp-enzymes-five-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "mlp-meteors-widened-without-noise",
        "symmetric-units",
        lambda: widened(0.0),
        cause=ALIKE + "|cop(y|ies)|copied|repeat|noise",
        twin="mlp-meteors-widened-with-noise",
    ),
    faulty(
        "mlp-meteors-body-still-on-probe",
        "stalled-layer",
        lambda: showers(is_probe=True),
        cause=CUT + "|set_grad_enabled",
        twin="mlp-meteors-two-by-he",
        also=("vanishing-gradient",),
    ),
)
