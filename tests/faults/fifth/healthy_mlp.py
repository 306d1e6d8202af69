"""Multilayer perceptrons that train as they should, many in ways that look like faults."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adadelta, Adam, AdamW, RAdam, RMSprop, Rprop

from tests.faults.building import chain, cross_entropy, he, squared_error, weighted
from tests.faults.fifth.making import filled, trained
from tests.faults.fifth.tasks import friedman, houses, irises, loudness
from tests.faults.program import Batch, Job, healthy
from tests.faults.tasks import Pairs


def in_thousands() -> Job:
    """Prices about 300 with a deviation of 80, and an error that is absolute where it is large."""
    batches: Pairs = [(x, 300 + 80 * y) for x, y in houses()]

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.smooth_l1_loss(model(batch[0]), batch[1], beta=10.0)

    model = chain([6, 64, 64, 1])
    nn.init.constant_(weighted(model)[-1].bias, 300)  # type: ignore[arg-type]
    return trained(model, batches, Adam, loss, lr=0.02)


def one_in_seven_silent() -> Job:
    """Nine units of sixty-four are far below their reach in each hidden layer, and stay there."""
    model = filled(chain([10, 64, 64, 1]), he)
    with torch.no_grad():
        for layer in weighted(model)[:2]:
            layer.bias[3:12] = -25  # type: ignore[index]
    return trained(model, friedman(), Adam, squared_error, lr=5e-3)


class Above(nn.Module):
    """Lets through what is above 1, as it is: few units at a time (Konda, Memisevic & Krueger, 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (x > 1)


def wide(weight: Tensor) -> None:
    """He's rule and a fifth as much again, for units that pass a sixth of what comes rather than a half."""
    he(weight, 1.2)


class Chosen(nn.Module):
    """Columns are weighed by a softmax of their own before they are read (Arik & Pfister, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.choose, self.read = nn.Linear(10, 10), chain([10, 40, 1])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.read(10 * self.choose(x).softmax(1) * x)
        return out


class Multiplied(nn.Module):
    """One half of the units gates the other (Dauphin et al., 2017)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.both = nn.Linear(inputs, 2 * outputs)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.both(x).chunk(2, -1)
        out: Tensor = value * self.gate(gate)
        return out


def above_most(model: nn.Module, batch: Batch) -> Tensor:
    """What nine prices in ten are below (Koenker & Bassett, 1978)."""
    left = batch[1] - model(batch[0])
    return torch.maximum(0.9 * left, -0.1 * left).mean()


def tuned_again() -> Job:
    """Trained before and now corrected at a thousandth of that rate: there is nothing left to learn."""
    model, batches = filled(chain([6, 32, 1], nn.GELU), he), houses()
    first = Adam(model.parameters(), lr=1e-2)
    for step in range(4 * len(batches)):
        first.zero_grad()
        squared_error(model, batches[step % len(batches)]).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(model, batches, AdamW, squared_error, lr=1e-5)


class Fixed(nn.Module):
    """A wide layer of fixed, random waves, of which only the sum is learned (Rahimi & Recht, 2007)."""

    def __init__(self) -> None:
        super().__init__()
        self.waves, self.read = nn.Linear(10, 128).requires_grad_(False), nn.Linear(128, 1)
        nn.init.normal_(self.waves.weight, std=0.25)
        nn.init.uniform_(self.waves.bias, 0, 2 * torch.pi)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.read(self.waves(x).cos())
        return out


class Ordered(nn.Module):
    """Kinds in an order: one number, and two thresholds that are above each other (McCullagh, 1980)."""

    def __init__(self) -> None:
        super().__init__()
        self.score, self.start, self.width = (
            chain([4, 24, 1], nn.Tanh),
            *(nn.Parameter(torch.zeros(1)) for _ in "ab"),
        )

    def forward(self, x: Tensor) -> Tensor:
        ends = torch.cat([self.start, self.start + F.softplus(self.width) + 0.1])
        return torch.sigmoid(4 * self.score(x) - ends)


def in_order(model: nn.Module, batch: Batch) -> Tensor:
    x, kind = batch
    return F.binary_cross_entropy(model(x), (kind[:, None] > torch.arange(2)).float())


programs = (
    healthy("mlp-prices-in-thousands", in_thousands),
    healthy("mlp-one-in-seven-silent", one_in_seven_silent),
    healthy(
        "mlp-nothing-below-one",
        lambda: trained(filled(chain([6, 96, 96, 1], Above), wide), houses(), Adam, squared_error, lr=5e-3),
    ),
    healthy("mlp-columns-chosen", lambda: trained(Chosen(), friedman(), Adam, squared_error, lr=2e-2)),
    healthy(
        "mlp-gated-halves",
        lambda: trained(
            nn.Sequential(Multiplied(12, 32), Multiplied(32, 32), nn.Linear(32, 1)),
            loudness(),
            RAdam,
            squared_error,
            lr=3e-2,
        ),
    ),
    healthy("mlp-nine-in-ten", lambda: trained(chain([6, 48, 1]), houses(), Adam, above_most, lr=1e-2)),
    healthy("mlp-tuned-again", tuned_again),
    healthy(
        "mlp-six-flowers", lambda: trained(chain([4, 32, 3], nn.Mish), irises(batch=6), RMSprop, lr=2e-3)
    ),
    healthy("mlp-fixed-waves", lambda: trained(Fixed(), friedman(), Adam, squared_error, lr=3e-2)),
    healthy("mlp-ordered", lambda: trained(Ordered(), irises(), Adam, in_order, lr=1e-2)),
    healthy(
        "mlp-random-slopes",
        lambda: trained(chain([10, 48, 48, 1], nn.RReLU), friedman(), Adam, squared_error, lr=5e-3),
    ),
    healthy(
        "mlp-labels-of-a-third-wrong",
        lambda: trained(
            chain([4, 64, 64, 3], nn.Hardswish), irises(redrawn=0.45), Adam, cross_entropy, lr=5e-3
        ),
    ),
    healthy(
        "mlp-decay-by-descent",
        lambda: trained(
            filled(chain([6, 48, 48, 1]), he),
            houses(),
            SGD,
            squared_error,
            lr=0.05,
            momentum=0.8,
            weight_decay=0.03,
        ),
    ),
    healthy(
        "mlp-rate-of-a-half-normalised",
        lambda: trained(
            chain([4, 64, 64, 3], between=[lambda: nn.BatchNorm1d(64)]), irises(), SGD, cross_entropy, lr=0.5
        ),
    ),
    healthy(
        "mlp-without-a-rate", lambda: trained(chain([4, 32, 3], nn.Softsign), irises(), Adadelta, lr=1.0)
    ),
    healthy(
        "mlp-by-signs",
        lambda: trained(chain([6, 32, 1], nn.Tanh), houses(batch=256), Rprop, squared_error, lr=2e-3),
    ),
    healthy(
        "mlp-most-left-out",
        lambda: trained(
            chain([6, 128, 1], lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.7))),
            houses(),
            AdamW,
            squared_error,
            lr=1e-2,
        ),
    ),
)
