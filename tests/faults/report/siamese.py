"""Siamese networks: contrastive, by triplets, by cosine, and those that teach themselves."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, chain, he, initialised, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.report.making import ALIKE, CUT, INPUT, STEP, WEIGHTS, Initialise, Loss, normal, trained
from tests.faults.report.tasks import views

INPUTS, CODE = 20, 6


def contrastive(model: nn.Module, batch: Batch) -> Tensor:
    """Matches are to be near, others at least a margin apart (Hadsell, Chopra & LeCun, 2006)."""
    a, b, same = batch
    squared = (model(a) - model(b)).square().sum(1)
    apart = (squared + 1e-6).sqrt()
    out: Tensor = (same * squared + (1 - same) * F.relu(2 - apart).square()).mean()
    return out


def encoder(activation: Make = nn.ReLU, layers: int = 2, fill: Initialise = he) -> nn.Module:
    return initialised(chain([INPUTS, *[40] * layers, CODE], activation), fill)


def net(model: nn.Module | None = None, kind: type = Adam, loss: Loss = contrastive, lr: float = 2e-3) -> Job:
    return trained(model or encoder(), views(), kind, loss, lr=lr)


def measured(factor: float) -> Job:
    """One of twenty sensors tells thousandths of what the others do, or the same."""
    factors = torch.ones(INPUTS)
    factors[3] = factor
    job = net(kind=SGD, lr=0.02)
    batches = [(a * factors, b * factors, same) for a, b, same in job.batches]
    return Job(job.model, job.optimizer, batches, job.loss)


class Cosine(nn.Module):
    """Codes behind a ReLU, compared by their angle; a code may be 0 throughout."""

    def __init__(self, safe: float) -> None:
        super().__init__()
        self.inner, self.safe = nn.Sequential(encoder(), nn.ReLU()), safe

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        a, b = self.inner(a), self.inner(b)
        lengths = [(code.square().sum(1) + self.safe).sqrt() for code in (a, b)]
        out: Tensor = (a * b).sum(1) / (lengths[0] * lengths[1])
        return out


def angle(model: nn.Module, batch: Batch) -> Tensor:
    a, b, same = batch
    return F.binary_cross_entropy_with_logits(6 * model(a, b) - 3, same)


class Hashing(nn.Module):
    """A code of nearly binary numbers: tanh, as steep as asked for."""

    def __init__(self, steepness: float) -> None:
        super().__init__()
        self.inner, self.squash, self.steepness = encoder(), nn.Tanh(), steepness

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.squash(self.steepness * self.inner(x))
        return out


class Tuned(nn.Module):
    """Encodes under no_grad, or not, before a projection that is trained."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.body, self.is_cut = chain([INPUTS, 40, 2]), is_cut
        self.project = nn.Linear(2, CODE)

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_cut):
            x = self.body(x)
        out: Tensor = self.project(x)
        return out


class Teaching(nn.Module):
    """SimSiam (Chen & He, 2021): one side is held still by design, the other one predicts it."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(INPUTS, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.Linear(40, 16))
        self.predict = chain([16, 8, 16])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, two = self.encode(a), self.encode(b)
        left = F.cosine_similarity(self.predict(one), two.detach()).mean()
        right = F.cosine_similarity(self.predict(two), one.detach()).mean()
        return 1 - (left + right) / 2


def teaching(model: nn.Module, batch: Batch) -> Tensor:
    a, b, same = batch
    out: Tensor = model(a[same > 0], b[same > 0])
    return out


class Distilled(nn.Module):
    """A student that learns what a frozen teacher makes of each input."""

    def __init__(self) -> None:
        super().__init__()
        self.student = encoder(nn.GELU)
        self.teacher = deepcopy(initialised(encoder(nn.Tanh), xavier)).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = F.mse_loss(self.student(x), self.teacher(x))
        return out


def distilling(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = model(batch[0]) + model(batch[1])
    return out


def in_batch(model: nn.Module, batch: Batch) -> Tensor:
    """Each match is to be found among all matches of its batch, by cosine (InfoNCE)."""
    a, b, same = batch
    one, two = F.normalize(model(a[same > 0])), F.normalize(model(b[same > 0]))
    return F.cross_entropy(one @ two.t() / 0.2, torch.arange(len(one)))


def copied() -> Job:
    """A first layer that is one unit forty times over, and layers above that treat all alike."""
    model = encoder(nn.Tanh)
    first, *above = weighted(model)
    with torch.no_grad():
        first.weight.copy_(first.weight[:1].expand_as(first.weight))
        for layer in above:
            layer.weight.fill_(1 / layer.weight.shape[1])
    return net(model)


programs = (
    healthy("siamese-contrastive", net),
    healthy("siamese-contrastive-deep", lambda: net(encoder(layers=7))),
    healthy("siamese-contrastive-tanh", lambda: net(encoder(nn.Tanh, fill=xavier))),
    healthy("siamese-contrastive-descent", lambda: measured(1.0)),
    healthy("siamese-angle", lambda: net(Cosine(1e-4), loss=angle)),
    healthy("siamese-hashing", lambda: net(Hashing(0.5))),
    healthy("siamese-tuned", lambda: net(Tuned(is_cut=False), lr=1e-2)),
    healthy("siamese-teaches-itself", lambda: net(Teaching(), SGD, teaching, lr=0.1)),
    healthy("siamese-distilled", lambda: net(Distilled(), loss=distilling, lr=5e-3)),
    healthy("siamese-in-batch", lambda: net(encoder(nn.ReLU6), AdamW, in_batch)),
    faulty(
        "siamese-thin-tanh",
        "vanishing-gradient",
        lambda: net(encoder(nn.Tanh, 7, normal(0.02))),
        cause=WEIGHTS,
        twin="siamese-contrastive-deep",
    ),
    faulty(
        "siamese-unit-normal-weights",
        "exploding-gradient",
        lambda: net(encoder(layers=7, fill=normal(1.0))),
        cause=WEIGHTS,
        twin="siamese-contrastive-deep",
        also=("exploding-activation",),
    ),
    faulty(
        "siamese-steep-hashing",
        "saturated-units",
        lambda: net(Hashing(200.0)),
        cause=WEIGHTS + "|slope|steep|scale|pre-activation|input",
        twin="siamese-hashing",
    ),
    faulty(
        "siamese-killed-by-rmsprop",
        "dead-units",
        lambda: net(kind=RMSprop, lr=0.1),
        cause=STEP,
        twin="siamese-contrastive",
        also=("unstable-updates",),
    ),
    faulty(
        "siamese-angle-of-nothing",
        "non-finite",
        lambda: net(Cosine(0.0), loss=angle),
        cause="divi|undefined|zero|\\b0\\b|root|deriv|operation",
        twin="siamese-angle",
    ),
    faulty(
        "siamese-sensor-in-thousandths",
        "unscaled-input",
        lambda: measured(1000.0),
        cause=INPUT,
        twin="siamese-contrastive-descent",
        also=("non-finite", "dead-units"),
    ),
    faulty(
        "siamese-copied-unit",
        "symmetric-units",
        copied,
        cause=ALIKE + "|cop(y|ies)|repeat",
        twin="siamese-contrastive-tanh",
    ),
    faulty(
        "siamese-encoder-without-gradient",
        "stalled-layer",
        lambda: net(Tuned(is_cut=True), lr=1e-2),
        cause=CUT,
        twin="siamese-tuned",
        also=("vanishing-gradient",),
    ),
)
