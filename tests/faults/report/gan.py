"""Generators and their judges; a target beside the judge tells in numbers how good the generator is."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam, RMSprop

from tests.faults.building import chain, he, weighted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.report.making import CUT, STEP, WEIGHTS, Initialise, Loss, normal
from tests.faults.report.tasks import outlines, rings


class Pair(nn.Module):
    """A generator of clean images from noisy ones, and a judge of the two together (pix2pix, in small)."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 1, 3, padding=1),
        )  # fmt: skip
        self.judge = nn.Sequential(
            nn.Conv2d(2, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 1, 4, 2, 1)
        )  # fmt: skip

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        return made, real, fake, judged(self.judge, torch.cat([x, made], 1))


def judged(judge: nn.Module, made: Tensor) -> Tensor:
    """What the judge says, without being trained by it."""
    still = {name: value.detach() for name, value in judge.named_parameters()}
    out: Tensor = functional_call(judge, still, made)
    return out


def pix2pix(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    made, real, fake, caught = model(x, y)
    judge = F.softplus(-real).mean() + F.softplus(fake).mean()
    out: Tensor = 0.1 * judge + 0.1 * F.softplus(-caught).mean() + (made - y).abs().mean()
    return out


def least_squares(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    made, real, fake, caught = model(x, y)
    judge = (real - 1).square().mean() + fake.square().mean()
    out: Tensor = 0.1 * judge + 0.1 * (caught - 1).square().mean() + F.mse_loss(made, y)
    return out


def by_logarithms(model: nn.Module, batch: Batch) -> Tensor:
    """The judge's probabilities and their logarithms, as the first paper writes them."""
    x, y = batch
    made, real, fake, caught = model(x, y)
    judge = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
    out: Tensor = F.mse_loss(made, y) - 0.1 * judge - 0.1 * caught.sigmoid().log().mean()
    return out


def images(
    loss: Loss = pix2pix, model: Pair | None = None, generator_rate: float = 4e-3, judge_rate: float = 1e-3
) -> Job:
    model = model or Pair()
    groups = [
        {"params": model.generator.parameters(), "lr": generator_rate},
        {"params": model.judge.parameters(), "lr": judge_rate},
    ]
    return Job(model, Adam(groups, betas=(0.5, 0.999)), outlines(), loss)


def sure(loss: Loss) -> Job:
    """A judge that is sure of itself beyond all measure."""
    job = images(loss)
    with torch.no_grad():
        for layer in weighted(job.model)[3:]:
            layer.weight *= 30
    return job


def hinge() -> Job:
    """A judge of bounded slope and margins: what it loses swings as the two overtake each other."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        made, real, fake, caught = model(x, y)
        judge = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        out: Tensor = 0.1 * judge - 0.05 * caught.mean() + F.mse_loss(made, y)
        return out

    model = Pair()
    for layer in (model.judge[0], model.judge[2]):
        spectral_norm(layer)
    return images(loss, model, judge_rate=1e-2)


class Points(nn.Module):
    """A generator of points of the plane from noise, and a judge by features whose means it is to match."""

    def __init__(self, *, is_cut: bool = False, layers: int = 2) -> None:
        super().__init__()
        self.generator = chain([8, *[32] * layers, 2])
        self.features, self.judge = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2)), nn.Linear(32, 1)
        self.is_cut = is_cut
        aim = weighted(self.generator)[-1].bias
        assert aim is not None
        nn.init.constant_(aim, 3)  # far from the rings

    def forward(self, noise: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        made = self.generator(noise)
        made = made.detach() if self.is_cut else made
        told = [self.judge(self.features(points)) for points in (real, made.detach())]
        apart = moments(made) - moments(real)
        return F.softplus(-told[0]).mean() + F.softplus(told[1]).mean(), apart.square().sum()


def moments(points: Tensor) -> Tensor:
    return torch.cat([points.mean(0), points.square().mean(0)])


def matching(model: nn.Module, batch: Batch) -> Tensor:
    noise, real = batch
    judge, apart = model(noise, real)
    out: Tensor = judge + 0.2 * apart
    return out


def points(
    *, is_cut: bool = False, layers: int = 2, fill: Initialise = he, kind: type = Adam, lr: float = 3e-3
) -> Job:
    model = Points(is_cut=is_cut, layers=layers)
    for layer in weighted(model.generator):
        fill(layer.weight)
    draw = torch.Generator().manual_seed(37)
    batches = [(torch.randn(64, 8, generator=draw), x) for x, _ in rings()]
    return Job(model, kind(model.parameters(), lr=lr), batches, matching)


programs = (
    healthy("gan-images", images),
    healthy("gan-least-squares", lambda: images(least_squares)),
    healthy("gan-hinge", hinge),
    healthy("gan-points", points),
    healthy("gan-points-deep", lambda: points(layers=4, lr=1e-3)),
    healthy("gan-points-rmsprop", lambda: points(kind=RMSprop, lr=1e-3)),
    faulty(
        "gan-thin-weights",
        "vanishing-gradient",
        lambda: points(layers=4, fill=normal(0.02), lr=1e-3),
        cause=WEIGHTS,
        twin="gan-points-deep",
    ),
    faulty(
        "gan-unit-normal-weights",
        "exploding-activation",
        lambda: points(layers=4, fill=normal(1.0), lr=1e-3),
        cause=WEIGHTS,
        twin="gan-points-deep",
        also=("exploding-gradient",),
    ),
    faulty(
        "gan-logarithm-of-0",
        "non-finite",
        lambda: sure(by_logarithms),
        cause="loss|\\blog",
        twin="gan-images",
    ),
    faulty(
        "gan-killed-generator",
        "dead-units",
        lambda: images(generator_rate=0.5),
        cause=STEP,
        twin="gan-images",
        also=("unstable-updates",),
    ),
    faulty(
        "gan-judge-rate",
        "unstable-updates",
        lambda: images(least_squares, judge_rate=1.0),
        cause=STEP,
        twin="gan-least-squares",
        also=("dead-units", "non-finite"),
    ),
    faulty(
        "gan-generator-detached",
        "stalled-layer",
        lambda: points(is_cut=True),
        cause=CUT,
        twin="gan-points",
        also=("vanishing-gradient",),
    ),
)
