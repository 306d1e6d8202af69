"""Siamese networks: one encoder for two inputs, and how far apart they come out."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import Initialise, Make, adam, biased, chain, he, initialised, sgd, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import FEATURES, matches

WIDTH, CODE = 32, 8


class Siamese(nn.Module):
    """The logit that two inputs match, from the distance of their codes."""

    def __init__(self, activation: Make, layers: int, safe: float | None = None) -> None:
        super().__init__()
        self.encode: nn.Module = chain([FEATURES, *[WIDTH] * layers, CODE], activation)
        self.offset, self.scale, self.safe = (
            nn.Parameter(torch.tensor(1.0)),
            nn.Parameter(torch.ones(())),
            safe,
        )

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        apart = (self.encode(a) - self.encode(b)).square().mean(1)
        if self.safe is not None:
            apart = (apart + self.safe).sqrt()
        return self.offset - self.scale * apart


def matched(model: nn.Module, batch: Batch) -> Tensor:
    a, b, same = batch
    return F.binary_cross_entropy_with_logits(model(a, b), same)


def net(
    activation: Make = nn.ReLU,
    layers: int = 2,
    hidden: Initialise = he,
    lr: float = 3e-3,
    safe: float | None = None,
) -> Job:
    model = Siamese(activation, layers, safe)
    initialised(model.encode, hidden)
    return Job(model, adam(model, lr), matches(), matched)


def changed(job: Job, change: Callable[[nn.Module], object]) -> Job:
    assert isinstance(job.model, Siamese)
    change(job.model.encode)
    return job


def descent(scale: float = 1.0) -> Job:
    job = net()
    batches = [(a * scale, b * scale, same) for a, b, same in job.batches]
    return Job(job.model, sgd(job.model, 0.05), batches, job.loss)


def with_copies(safe: float) -> Job:
    """Some pairs are one point twice: the slope of the root of their distance is infinite."""
    job = net(safe=safe)
    batches = [
        (a, torch.cat([a[:4], b[4:]]), torch.cat([torch.ones(4), same[4:]])) for a, b, same in job.batches
    ]
    return Job(job.model, job.optimizer, batches, job.loss)


def triplet(model: nn.Module, batch: Batch) -> Tensor:
    """Squared distances compared: the match is to be nearer than a point of the batch's other end."""
    assert isinstance(model, Siamese)
    a, b, same = batch
    a, b = a[same > 0], b[same > 0]
    one, two = model.encode(a), model.encode(b)
    near, far = (one - two).square().mean(1), (one - two.roll(1, 0)).square().mean(1)
    return F.softplus(near - far).mean()


def of_triplets() -> Job:
    job = net()
    return Job(job.model, job.optimizer, job.batches, triplet)


def constant() -> Job:
    def fill(weight: Tensor) -> None:
        nn.init.constant_(weight, 0.05)

    return changed(net(), lambda encode: initialised(encode, fill, fill))


programs = (
    healthy("siamese-relu", net),
    healthy("siamese-deep", lambda: net(layers=8)),
    healthy("siamese-tanh", lambda: net(nn.Tanh, 3, xavier)),
    healthy("siamese-descent", descent),
    healthy("siamese-safe-root", lambda: with_copies(1e-4)),
    healthy("siamese-triplets", of_triplets),
    faulty(
        "siamese-sigmoid-deep",
        "vanishing-gradient",
        lambda: net(nn.Sigmoid, 8, xavier),
        cause="slope of sigmoid|flat ends of sigmoid",
        twin="siamese-deep",
    ),
    faulty(
        "siamese-tanh-saturated",
        "saturated-units",
        lambda: net(nn.Tanh, 3, lambda weight: xavier(weight, 20)),
        cause="weights are (too )?large",
        twin="siamese-tanh",
    ),
    faulty(
        "siamese-dead-bias",
        "dead-units",
        lambda: changed(net(), lambda encode: biased(encode, -10, [0])),
        cause="bias",
        twin="siamese-relu",
    ),
    faulty(
        "siamese-root-of-zero",
        "non-finite",
        lambda: with_copies(0.0),
        cause="the derivative|root",
        twin="siamese-safe-root",
    ),
    faulty(
        "siamese-unscaled",
        "unscaled-input",
        lambda: descent(100.0),
        cause="input|scale",
        twin="siamese-descent",
    ),
    faulty(
        "siamese-constant-weights",
        "symmetric-units",
        constant,
        cause="same|constant|equal|identical",
        twin="siamese-relu",
    ),
)
