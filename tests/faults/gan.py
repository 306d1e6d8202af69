"""Pairs of a generator and a judge.

The generator is held to a target as well, so the loss tells how good it is.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from tests.faults.building import Make, biased, chain, he, initialised, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import translations

SIZE, WIDTH = 8, 48


class Pair(nn.Module):
    """A generator that translates vectors, and a judge of translations."""

    def __init__(self, activation: Make = nn.LeakyReLU, layers: int = 2) -> None:
        super().__init__()
        self.generator = initialised(chain([SIZE, *[WIDTH] * layers, SIZE], activation))
        self.judge = initialised(chain([2 * SIZE, WIDTH, 1], nn.LeakyReLU))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        judged = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, real, fake, judged


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    """What the judge gets wrong, what the generator is caught at, and how far it is from its target."""
    x, y = batch
    made, real, fake, judged = model(x, y)
    judge = F.softplus(-real).mean() + F.softplus(fake).mean()
    return 0.1 * judge + 0.1 * F.softplus(-judged).mean() + F.mse_loss(made, y)


def alternating(model: nn.Module, batch: Batch) -> Tensor:
    """The judge learns on even batches, the generator on odd ones."""
    x, y, turn = batch
    made, real, fake, judged = model(x, y)
    if turn:
        return F.softplus(-judged).mean() * 0.1 + F.mse_loss(made, y)
    return 0.1 * (F.softplus(-real).mean() + F.softplus(fake).mean()) + F.mse_loss(made, y).detach()


def net(model: Pair | None = None, *, generator_rate: float = 3e-3, judge_rate: float = 1e-3) -> Job:
    model = model or Pair()
    groups = [
        {"params": model.generator.parameters(), "lr": generator_rate},
        {"params": model.judge.parameters(), "lr": judge_rate},
    ]
    return Job(model, torch.optim.Adam(groups, betas=(0.5, 0.999)), translations(), hinge)


def in_turns() -> Job:
    job = net()
    batches = [(*batch, place % 2) for place, batch in enumerate(job.batches)]
    return Job(job.model, job.optimizer, batches, alternating)


def dead() -> Job:
    model = Pair(nn.ReLU)
    biased(model.generator, -10, [1])
    return net(model)


def saturated(gain: float) -> Job:
    model = Pair(nn.Tanh)
    initialised(model.generator, lambda weight: xavier(weight, gain))
    return net(model)


def sigmoid() -> Job:
    model = Pair(nn.Sigmoid, layers=8)
    initialised(model.generator, xavier)
    return net(model)


def large_weights() -> Job:
    model = Pair(layers=8)
    initialised(model.generator, lambda weight: he(weight, 4))
    return net(model)


def forgotten() -> Job:
    """The generator was left out of the optimiser."""
    model = Pair()
    return Job(model, torch.optim.Adam(model.judge.parameters(), 1e-3), translations(), hinge)


programs = (
    healthy("gan-paired", net),
    healthy("gan-in-turns", in_turns),
    healthy("gan-relu", lambda: net(Pair(nn.ReLU))),
    healthy("gan-tanh", lambda: saturated(1.0)),
    healthy("gan-deep", lambda: net(Pair(layers=8))),
    faulty(
        "gan-sigmoid-generator",
        "vanishing-gradient",
        sigmoid,
        cause="slope of sigmoid|flat ends of sigmoid",
        twin="gan-deep",
    ),
    faulty(
        "gan-large-weights",
        "exploding-activation",
        large_weights,
        cause="weights are (too )?large",
        twin="gan-deep",
        also=("exploding-gradient",),
    ),
    faulty(
        "gan-saturated-generator",
        "saturated-units",
        lambda: saturated(30.0),
        cause="weights are (too )?large",
        twin="gan-tanh",
    ),
    faulty("gan-dead-generator", "dead-units", dead, cause="bias", twin="gan-relu"),
    faulty(
        "gan-adam-rate-1",
        "unstable-updates",
        lambda: net(generator_rate=1.0),
        cause="learning rate|too large",
        twin="gan-paired",
    ),
    faulty(
        "gan-forgotten-generator",
        "stalled-layer",
        forgotten,
        cause="optimi[sz]er|update|learning rate",
        twin="gan-paired",
    ),
)
