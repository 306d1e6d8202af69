"""What docs/explanations measures: small trainings, each with one fault and without it.

Every function returns runs of one problem, the faulty one first. All are seeded and take seconds.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer

import relume
from relume.studies.data import load
from relume.types import Diagnosis, Problem, Readings

Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]

STEPS, BATCH, INPUTS, CLASSES, WIDTH, DEPTH, TIMES = 100, 128, 20, 10, 64, 20, 40
FEW = 30  # steps, where the fault is there from the first one on and the network is deep
TWIN_STEP = 60  # in which a pair is an example beside itself
USUAL = partial(SGD, lr=0.1)
MARGIN = 4.0  # by which pairs of unlike examples should be apart


@dataclass(frozen=True)
class Run:
    """A training under watch, and what relume says of it."""

    label: str
    readings: Readings  # of all steps, unit by unit
    windows: Sequence[Readings]  # the units of a site as one
    dead: Sequence[float]  # [windows] share of all units that fired on no example of the window
    diagnosis: Diagnosis


def vanishing_gradient() -> list[Run]:
    """Twenty layers: of sigmoid, of ReLU as torch draws the weights, of ReLU by He's rule."""
    few = clouds(FEW)
    return [
        run("sigmoid", deep(nn.Sigmoid), few),
        run("ReLU, torch's weights", deep(nn.ReLU), few),
        run("ReLU, He's weights", deep(nn.ReLU, sigma_w2=2.0), few),
    ]


def exploding_gradient() -> list[Run]:
    """A recurrence of tanh that has to keep what it was shown 40 calls ago."""
    gentle = partial(SGD, lr=1e-3)
    return [
        run("weights too large", Recurrent(sigma_w2=6.0), clouds(FEW), optimizer=gentle),
        run("Xavier's weights", Recurrent(sigma_w2=1.0), clouds(FEW), optimizer=gentle),
    ]


def exploding_activation() -> list[Run]:
    """Twenty layers of ReLU whose weights are drawn twice as large as by He's rule."""
    few = clouds(FEW)
    return [
        run("twice He's weights", deep(nn.ReLU, sigma_w2=8.0), few, optimizer=partial(Adam, lr=1e-3)),
        run("He's weights", deep(nn.ReLU, sigma_w2=2.0), few, optimizer=partial(Adam, lr=1e-3)),
    ]


def saturated_units() -> list[Run]:
    """Six layers of tanh whose weights are standard normal, and as Xavier draws them."""
    return [
        run("weights of variance 1", deep(nn.Tanh, depth=6, sigma_w2=float(WIDTH)), clouds()),
        run("Xavier's weights", deep(nn.Tanh, depth=6, sigma_w2=1.0), clouds()),
    ]


def dead_units() -> list[Run]:
    """Four layers of ReLU under Adam at a learning rate that is too large, and at a usual one."""
    return [
        run(
            f"learning rate {rate:g}",
            deep(nn.ReLU, depth=4, sigma_w2=2.0),
            clouds(),
            optimizer=partial(Adam, lr=rate),
            window=5,
        )
        for rate in (0.3, 0.001)
    ]


def non_finite() -> list[Run]:
    """A distance whose derivative at 0 is no number, and one that is kept from 0."""
    slow = partial(SGD, lr=0.02)
    return [
        run("root of the sum of squares", deep(nn.Tanh, depth=2), pairs(), loss=contrastive, optimizer=slow),
        run(
            "1e-6 added before the root",
            deep(nn.Tanh, depth=2),
            pairs(),
            loss=partial(contrastive, least=1e-6),
            optimizer=slow,
        ),
    ]


def unscaled_input() -> list[Run]:
    """Images as bytes from 0 to 255, and standardised."""
    bytes_, standardised = images()
    return [
        run("bytes, 0 to 255", image_network(), bytes_),
        run("standardised", image_network(), standardised),
    ]


def symmetric_units() -> list[Run]:
    """Two layers of tanh whose weights are all one number, and as torch draws them."""
    return [
        run("all weights 0.01", constant(deep(nn.Tanh, depth=2), 0.01), clouds()),
        run("random weights", deep(nn.Tanh, depth=2), clouds()),
    ]


def unstable_updates() -> list[Run]:
    """Three layers of GELU under Adam at a learning rate that is too large, and at a usual one."""
    return [
        run(
            f"learning rate {rate:g}",
            deep(nn.GELU, depth=3),
            clouds(),
            optimizer=partial(Adam, lr=rate),
            window=1,
        )
        for rate in (0.3, 0.001)
    ]


def stalled_layer() -> list[Run]:
    """Six layers the third of which the optimiser was not given, and all of which it was."""
    given = deep(nn.ReLU, depth=6, sigma_w2=2.0), deep(nn.ReLU, depth=6, sigma_w2=2.0)
    return [
        run("third layer forgotten", given[0], clouds(), forgotten=("4.",)),
        run("all layers given", given[1], clouds()),
    ]


PROBLEMS: dict[Problem, Callable[[], list[Run]]] = {
    "vanishing-gradient": vanishing_gradient,
    "exploding-gradient": exploding_gradient,
    "exploding-activation": exploding_activation,
    "saturated-units": saturated_units,
    "dead-units": dead_units,
    "non-finite": non_finite,
    "unscaled-input": unscaled_input,
    "symmetric-units": symmetric_units,
    "unstable-updates": unstable_updates,
    "stalled-layer": stalled_layer,
}


def run(
    label: str,
    model: nn.Module,
    batches: Sequence[Batch],
    *,
    optimizer: Callable[..., Optimizer] = USUAL,
    loss: Loss = F.cross_entropy,
    window: int = 10,
    forgotten: tuple[str, ...] = (),
) -> Run:
    """Train under watch; the optimiser is not given parameters whose names begin with one of `forgotten`."""
    trained = optimizer([p for name, p in model.named_parameters() if not name.startswith(forgotten)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        with relume.watch(model, into=path, window=window, parameter_share=1.0) as watch:
            for x, y in batches:
                value = loss(model(x), y)
                watch.loss(value)
                model.zero_grad()
                value.backward()  # type: ignore[no-untyped-call]
                trained.step()
        with relume.open(path) as file:
            counts = file.unit_counts()
            dead = [float(share) for share in counts.dead.sum(1) / counts.units.sum(1)]
            return Run(label, watch.readings(), list(file.windows()), dead, watch.diagnose())


def clouds(steps: int = STEPS) -> list[Batch]:
    """Points about one of ten centres, and which."""
    draw = torch.Generator().manual_seed(1)
    centres = torch.randn(CLASSES, INPUTS, generator=draw)
    labels = torch.randint(CLASSES, (steps, BATCH), generator=draw)
    points = centres[labels] + 0.5 * torch.randn(steps, BATCH, INPUTS, generator=draw)
    return list(zip(points, labels, strict=True))


def pairs() -> list[Batch]:
    """Points of the first half beside those of the second, and whether they are of one cloud."""
    made = []
    for step, (x, labels) in enumerate(clouds()):
        if step == TWIN_STEP:
            x[BATCH // 2], labels[BATCH // 2] = x[0], labels[0]
        one, other = labels.chunk(2)
        made.append((x, (one == other).float()))
    return made


def contrastive(x: Tensor, is_same: Tensor, *, least: float = 0.0) -> Tensor:
    """Like pairs together, others a margin apart (Hadsell, Chopra & LeCun 2006)."""
    one, other = x.chunk(2)
    distance = ((one - other).square().sum(1) + least).sqrt()
    return (is_same * distance.square() + (1 - is_same) * (MARGIN - distance).relu().square()).mean()


def images() -> tuple[list[Batch], list[Batch]]:
    """Batches of images of clothes as bytes, and the same standardised."""
    data = load("fashion-mnist")
    x, y = data.train_x.flatten(1), data.train_y
    as_bytes = 255 * (x - x.min()) / (x.max() - x.min())
    chosen = torch.randint(len(x), (STEPS, BATCH), generator=torch.Generator().manual_seed(1))
    return [(as_bytes[each], y[each]) for each in chosen], [(x[each], y[each]) for each in chosen]


def image_network() -> nn.Sequential:
    """Two layers of tanh."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(784, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 10))


def deep(activation: type[nn.Module], *, depth: int = DEPTH, sigma_w2: float | None = None) -> nn.Sequential:
    """Layers of 64 units; weights of variance sigma_w2 / fan-in and no biases, or as torch draws them."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for place in range(depth):
        layers += [nn.Linear(WIDTH if place else INPUTS, WIDTH), activation()]
    model = nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))
    if sigma_w2 is not None:
        draw_weights(model, sigma_w2)
    return model


def draw_weights(model: nn.Module, sigma_w2: float) -> None:
    """Normal weights of variance sigma_w2 / fan-in, and no biases."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=math.sqrt(sigma_w2 / layer.in_features))
            nn.init.zeros_(layer.bias)


def constant(model: nn.Sequential, value: float) -> nn.Sequential:
    """The model with all its parameters set to one number."""
    for parameter in model.parameters():
        nn.init.constant_(parameter, value)
    return model


class Recurrent(nn.Module):
    """h = tanh(W h + U x) over all times; the last h is classified."""

    def __init__(self, sigma_w2: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.read, self.state = nn.Linear(INPUTS, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.tanh, self.head = nn.Tanh(), nn.Linear(WIDTH, CLASSES)
        draw_weights(self, 1.0)
        nn.init.normal_(self.state.weight, std=math.sqrt(sigma_w2 / WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """From [batch, inputs] to [batch, classes]."""
        h = self.tanh(self.read(x))
        for _ in range(TIMES - 1):
            h = self.tanh(self.state(h))
        scores: Tensor = self.head(h)
        return scores
