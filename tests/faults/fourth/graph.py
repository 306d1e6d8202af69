"""Graph convolutions: who belongs to which community, by what everyone and their acquaintances say."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam

from tests.faults.building import Make, he, weighted, xavier
from tests.faults.fourth.making import ALIKE, GROWTH, INPUT, STEP, WEIGHTS, filled, seen_through, trained
from tests.faults.fourth.tasks import COMMUNITIES, members, network
from tests.faults.program import Job, faulty, healthy

NUMBERS, WIDTH = 8, 24


class Gather(nn.Module):
    """What acquaintances say, summed with weights that are given."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("weights", weights)
        self.weights: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return self.weights @ x


def means(power: float = 1.0, *, is_first_alone: bool = False) -> Tensor:
    """The network, each row divided by a power of how many there are in it; one may know itself alone."""
    known = network()
    if is_first_alone:
        known[0] = torch.eye(len(known))[0]
    return known / known.sum(1, keepdim=True) ** power


def convolutions(weights: Tensor, layers: int, activation: Make = nn.ReLU) -> nn.Sequential:
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Linear(NUMBERS if place == 0 else WIDTH, WIDTH), Gather(weights), activation()]
    return nn.Sequential(*parts, nn.Linear(WIDTH, COMMUNITIES))


def divided(power: float) -> Job:
    """Four layers by He's rule on sums, on means, or on means divided once more."""
    return trained(filled(convolutions(means(power), 4), he), members(), Adam, lr=1e-2)


class Spread(nn.Module):
    """How far apart acquaintances are, as a deviation (Corso et al., 2020): its slope is infinite at 0."""

    def __init__(self, safe: float) -> None:
        super().__init__()
        self.gather, self.safe = Gather(means(is_first_alone=True)), safe

    def forward(self, x: Tensor) -> Tensor:
        mean = self.gather(x)
        variance = (self.gather(x.square()) - mean.square()).clamp(min=0)
        return torch.cat([mean, (variance + self.safe).sqrt()], -1)


def deviating(safe: float) -> Job:
    parts = [nn.Linear(NUMBERS, WIDTH), nn.ReLU(), Spread(safe), nn.Linear(2 * WIDTH, WIDTH), nn.ReLU()]
    return trained(nn.Sequential(*parts, nn.Linear(WIDTH, COMMUNITIES)), members(), NAdam, lr=1e-2)


def shares(scale: float) -> Job:
    """Shares of a whole in parts of one, or in units in which they are about 1."""
    model = convolutions(means(), 2)
    batches = seen_through(lambda x: scale * x, members())
    return trained(model, batches, SGD, lr=0.2, momentum=0.9)


def begun(value: float | None, lr: float = 1e-2) -> Job:
    """Two layers filled with one value, or drawn by Glorot's rule."""
    model = filled(convolutions(means(), 2, nn.Tanh), xavier)
    for layer in weighted(model):
        if value is not None:
            nn.init.constant_(layer.weight, value)
    return trained(model, members(), AdamW, lr=lr)


class Attentive(nn.Module):
    """Acquaintances weighed by a softmax over a leaky score (Velickovic et al., 2018); ties are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.ask, self.answer = (
            nn.Linear(NUMBERS, WIDTH),
            nn.Linear(WIDTH, 1),
            nn.Linear(WIDTH, 1),
        )
        self.head = nn.Linear(2 * WIDTH, COMMUNITIES)
        self.register_buffer("known", network() > 0)
        self.known: Tensor

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        scores = F.leaky_relu(self.ask(x) + self.answer(x).t(), 0.2)
        kept = self.known
        if self.training:
            kept = kept & ((torch.rand(kept.shape) < 0.7) | torch.eye(len(kept), dtype=torch.bool))
        weights = scores.masked_fill(~kept, -torch.inf).softmax(1)
        out: Tensor = self.head(torch.cat([F.elu(weights @ x), x], 1))
        return out


def only_told() -> Job:
    """One member in four is labelled, in every batch the same ones; the loss leaves out the others."""

    def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        x, y = batch
        told = torch.arange(len(y)) % 5 == 0
        return F.cross_entropy(model(x)[told], y[told])

    return trained(convolutions(means(), 2, nn.PReLU), members(), Adam, loss, lr=1e-2)


programs = (
    healthy("graph-means", lambda: divided(1.0)),
    healthy("graph-safe-deviation", lambda: deviating(1e-3)),
    healthy("graph-shares-of-unit-scale", lambda: shares(1.0)),
    healthy("graph-drawn-by-glorot", lambda: begun(None)),
    healthy("graph-attentive", lambda: trained(Attentive(), members(), Adam, lr=1e-2)),
    healthy("graph-only-some-told", only_told),
    faulty(
        "graph-divided-twice",
        "vanishing-gradient",
        lambda: divided(2.0),
        cause=WEIGHTS + "|normali[sz]|degree|aggregat|divi|shrink|scale",
        twin="graph-means",
        also=("dead-units", "stalled-layer"),
    ),
    faulty(
        "graph-sums",
        "exploding-activation",
        lambda: divided(0.0),
        cause=GROWTH + "|sum|degree|aggregat",
        twin="graph-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "graph-deviation-of-equals",
        "non-finite",
        lambda: deviating(0.0),
        cause="deriv|slope|root|sqrt|undefined|divi|operation|\\b0\\b|zero",
        twin="graph-safe-deviation",
    ),
    faulty(
        "graph-shares-in-parts-of-one",
        "unscaled-input",
        lambda: shares(1e-4),
        cause=INPUT,
        twin="graph-shares-of-unit-scale",
        also=("vanishing-gradient", "stalled-layer", "dead-units"),
    ),
    faulty(
        "graph-weights-of-one-value",
        "symmetric-units",
        lambda: begun(0.1),
        cause=ALIKE,
        twin="graph-drawn-by-glorot",
    ),
    faulty(
        "graph-adam-rate-of-two",
        "unstable-updates",
        lambda: begun(None, lr=2.0),
        cause=STEP,
        twin="graph-drawn-by-glorot",
        also=("saturated-units", "exploding-activation", "vanishing-gradient"),
    ),
)
