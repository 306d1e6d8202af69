"""Generators that make pulses of six of their numbers, and their judges."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he, weighted
from tests.faults.fourth.making import Fill
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import GROWTH, STEP, Loss, filled
from tests.faults.sixth.tasks import CHANNELS, COARSE, sketches


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Duel(nn.Module):
    """A generator and a judge, which the generator's part of the loss leaves as it is."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator, self.judge = generator, judge or chain([COARSE + CHANNELS, 32, 32, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        both = self.judge(torch.cat([torch.cat([x, y], 1), torch.cat([x, made.detach()], 1)]))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, both[: len(x)], both[len(x) :], caught


def usual(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    judged = (F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)).mean()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.05 * judged
    return out


def flat_where_real(model: nn.Module, batch: Batch) -> Tensor:
    """The judge is to be flat about what is real (Mescheder, Geiger & Nowozin, 2018)."""
    assert isinstance(model, Duel)
    x, y = batch
    near = torch.cat([x, y], 1).requires_grad_(True)
    (slope,) = torch.autograd.grad(model.judge(near).sum(), near, create_graph=True)
    return usual(model, batch) + 0.05 * slope.square().sum(1).mean()


def duel(
    generator: nn.Module, loss: Loss = usual, lr: float = 3e-3, judge: float = 1e-3, kind: Any = Adam
) -> Job:
    model = Duel(generator)
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": judge},
    ]
    return Job(model, kind(groups), sketches(), loss)


def small(activation: Any = nn.GELU) -> nn.Module:
    return chain([COARSE, 48, 48, CHANNELS], activation)


def tall(fill: Fill = he, lr: float = 2e-3) -> Job:
    return duel(filled(chain([COARSE, *[40] * 6, CHANNELS], leaky), fill), lr=lr)


def unit_normals(weight: Tensor) -> None:
    nn.init.normal_(weight)


def bounded_judge() -> Job:
    """Weights of the judge are divided by their greatest singular value (Miyato et al., 2018)."""
    job = duel(small(nn.SiLU))
    assert isinstance(job.model, Duel)
    for layer in weighted(job.model.judge):
        nn.utils.parametrizations.spectral_norm(layer)
    return Job(job.model, Adam(job.model.parameters(), lr=3e-3), job.batches, job.loss)


programs = (
    healthy("gan-pulses-seven-by-he", tall),
    healthy("gan-flat-where-real", lambda: duel(small(nn.Tanh), flat_where_real, lr=5e-3)),
    healthy("gan-judge-of-bounded-slope", bounded_judge),
    faulty(
        "gan-pulses-by-unit-normals",
        "exploding-gradient",
        lambda: tall(unit_normals),
        cause=GROWTH,
        twin="gan-pulses-seven-by-he",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "gan-pulses-at-rate-a-half",
        "unstable-updates",
        lambda: tall(lr=0.5),
        cause=STEP,
        twin="gan-pulses-seven-by-he",
        also=("exploding-activation", "exploding-gradient", "non-finite"),
    ),
)
