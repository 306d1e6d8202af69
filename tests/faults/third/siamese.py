"""Siamese networks: scans of digits that match or not, and players of whom one wins."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam

from tests.faults.building import Make, chain, he, initialised, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.third.making import CUT, GROWTH, INPUT, STEP, WEIGHTS, trained
from tests.faults.third.tasks import duels, scans

PIXELS, CODE = 64, 8


def perceptron(activation: Make = nn.ReLU, layers: int = 1) -> nn.Sequential:
    layers_of = initialised(chain([PIXELS, *[48] * layers, CODE], activation))
    return nn.Sequential(nn.Flatten(), *layers_of.children())


def distance(model: nn.Module, batch: Batch) -> Tensor:
    """Whether two are of one number, by how far apart their codes are."""
    a, b, same = batch
    apart = (model(a) - model(b)).square().mean(1)
    return F.binary_cross_entropy_with_logits(2 - apart, same)


class Angle(nn.Module):
    """The angle of two codes; its slope is infinite where they are one, as of a scan paired with itself."""

    def __init__(self, edge: float) -> None:
        super().__init__()
        self.encode, self.edge = perceptron(), edge

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        cosine = F.cosine_similarity(self.encode(a), self.encode(b))
        return cosine.clamp(-1 + self.edge, 1 - self.edge).acos()


def angles(model: nn.Module, batch: Batch) -> Tensor:
    a, b, same = batch
    return F.binary_cross_entropy_with_logits(3 * (1.2 - model(a, b)), same)


def turned(edge: float) -> Job:
    batches: list[Batch] = [
        (a, torch.cat([a[:3], b[3:]]), torch.cat([torch.ones(3), same[3:]])) for a, b, same in scans()
    ]
    return trained(Angle(edge), batches, Adam, angles, lr=3e-3)


def scanned(factor: float = 1.0, offset: float = 0.0) -> Job:
    """Scans on unit scale, or as bytes."""
    batches: list[Batch] = [(a * factor + offset, b * factor + offset, same) for a, b, same in scans()]
    return trained(perceptron(), batches, SGD, distance, lr=0.05, momentum=0.5)


def rated(model: nn.Module, batch: Batch) -> Tensor:
    """Who wins, by the difference of what one network thinks of either (RankNet; Burges et al., 2005)."""
    a, b, won = batch
    return F.binary_cross_entropy_with_logits((model(a) - model(b))[:, 0], won)


def ranked(lr: float = 1e-2, kind: type = NAdam, **settings: float) -> Job:
    return trained(chain([10, 32, 32, 1], nn.SiLU), duels(), kind, rated, lr=lr, **settings)


def softsign(std: float | None, layers: int = 7) -> Job:
    """Drawn by Glorot's rule, or evenly within a twentieth."""
    model = initialised(chain([10, *[32] * layers, 1], nn.Softsign), xavier)
    for layer in weighted(model):
        if std is not None:
            nn.init.uniform_(layer.weight, -std, std)
    return trained(model, duels(), Adam, rated, lr=5e-3)


def bare(gain: float) -> Job:
    """Ten layers between the traits and what is thought of them, drawn by He's rule times a gain."""
    model = initialised(chain([10, *[32] * 9, 1]), lambda weight: he(weight, gain))
    return trained(model, duels(), AdamW, rated, lr=6e-3)


class Held(nn.Module):
    """Predicts one side's code from the other's; the side that is to be met is held still, or both are."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.encode, self.predict = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 3)), chain([3, 32, 16])
        self.aim = deepcopy(chain([PIXELS, 32, 16], nn.Tanh)).requires_grad_(False)
        for layer in weighted(self.aim):
            nn.init.normal_(layer.weight, std=2 / layer.weight.shape[1] ** 0.5)
        self.is_cut = is_cut

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        code = self.encode(a)
        code = code.detach() if self.is_cut else code
        return F.mse_loss(self.predict(code), self.aim(b.flatten(1)).detach())


def held(*, is_cut: bool) -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        a, _, _ = batch
        out: Tensor = model(a, a)
        return out

    return trained(Held(is_cut=is_cut), scans(), Adam, loss, lr=1e-2)


class Images(nn.Module):
    """A convolutional encoder, normalised, whose codes have length 1."""

    def __init__(self) -> None:
        super().__init__()
        parts = [nn.Conv2d(1, 8, 3, 2), nn.GroupNorm(2, 8), nn.ReLU(), nn.Flatten(), nn.Linear(72, 16)]
        self.inner = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.inner(x), dim=1)


def margins(model: nn.Module, batch: Batch) -> Tensor:
    """Matches within one margin and others beyond another: most pairs soon have no gradient."""
    a, b, same = batch
    cosine = (model(a) * model(b)).sum(1)
    out: Tensor = (same * F.relu(0.8 - cosine) + (1 - same) * F.relu(cosine - 0.3)).mean()
    return out


def decorrelated(model: nn.Module, batch: Batch) -> Tensor:
    """Codes of matches that agree unit by unit and differ between units (Barlow twins)."""
    a, b, same = batch
    one, two = (F.batch_norm(model(x[same > 0]), None, None, training=True) for x in (a, b))
    cross = one.t() @ two / len(one)
    off = cross - torch.diag_embed(cross.diagonal())
    return ((1 - cross.diagonal()).square().sum() + 0.02 * off.square().sum()) / CODE


programs = (
    healthy("siamese-angle-clamped", lambda: turned(1e-3)),
    healthy("siamese-scans", scanned),
    healthy("siamese-duels", ranked),
    healthy("siamese-duels-softsign", lambda: softsign(None)),
    healthy("siamese-duels-deep", lambda: bare(1.0)),
    healthy("siamese-held-side", lambda: held(is_cut=False)),
    healthy("siamese-margins", lambda: trained(Images(), scans(), Adam, margins, lr=5e-3)),
    healthy("siamese-decorrelated", lambda: trained(perceptron(), scans(), Adam, decorrelated, lr=3e-3)),
    faulty(
        "siamese-angle-at-its-end",
        "non-finite",
        lambda: turned(0.0),
        cause="deriv|slope|acos|arc|cosine|undefined|divi|operation|loss|last site",
        twin="siamese-angle-clamped",
    ),
    faulty(
        "siamese-scans-in-bytes",
        "unscaled-input",
        lambda: scanned(90.0, 80.0),
        cause=INPUT,
        twin="siamese-scans",
        also=("non-finite", "unstable-updates", "dead-units"),
    ),
    faulty(
        "siamese-within-a-twentieth",
        "vanishing-gradient",
        lambda: softsign(0.05),
        cause=WEIGHTS,
        twin="siamese-duels-softsign",
    ),
    faulty(
        "siamese-he-times-three",
        "exploding-gradient",
        lambda: bare(3.0),
        cause=GROWTH,
        twin="siamese-duels-deep",
        also=("exploding-activation",),
    ),
    faulty(
        "siamese-rate-of-two",
        "unstable-updates",
        lambda: ranked(2.0),
        cause=STEP,
        twin="siamese-duels",
    ),
    faulty(
        "siamese-both-sides-held",
        "stalled-layer",
        lambda: held(is_cut=True),
        cause=CUT,
        twin="siamese-held-side",
        also=("vanishing-gradient",),
    ),
)
