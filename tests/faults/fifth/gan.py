"""Generators that make fine spectra of coarse ones, and their judges."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import chain, weighted, xavier
from tests.faults.fifth.making import GROWTH, STEP, UNDEFINED, WEIGHTS, Loss, filled, normal
from tests.faults.fifth.tasks import CHANNELS, coarse
from tests.faults.program import Batch, Job, faulty, healthy


class Pair(nn.Module):
    """A generator, and a judge that sees coarse and fine spectra together."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator = generator
        self.judge = judge or chain([8 + CHANNELS, 32, 32, 1], lambda: nn.LeakyReLU(0.2))

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, real, fake, caught


def critic(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    out: Tensor = (
        F.mse_loss(made, batch[1])
        + 0.05 * (F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)).mean()
    )
    return out


def relative(model: nn.Module, batch: Batch) -> Tensor:
    """Which of both is real (Jolicoeur-Martineau, 2019): what is won by the one is lost by the other."""
    made, real, fake, caught = model(*batch)
    judged = F.softplus(fake - real).mean() + F.softplus(real.detach() - caught).mean()
    out: Tensor = 2 * F.l1_loss(made, batch[1]) + 0.2 * judged
    return out


def sloped(least: float) -> Loss:
    """A critic whose slope is to be 1 between what is real and what is made (Gulrajani et al., 2017)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(model, Pair)
        made, real, fake, caught = model(*batch)
        x, y = batch
        share = torch.rand(len(x), 1)
        between = torch.cat([x, share * y + (1 - share) * made.detach()], 1).requires_grad_(True)
        (slope,) = torch.autograd.grad(model.judge(between).sum(), between, create_graph=True)
        length = (slope.square().sum(1) + least).sqrt()
        judged = fake.mean() - real.mean() - 0.2 * caught.mean() + 2 * (length - 1).square().mean()
        out: Tensor = F.mse_loss(made, y) + 0.03 * judged
        return out

    return loss


def made(
    model: Pair, loss: Loss = critic, lr: float = 3e-3, judge: float = 1e-3, kind: Any = Adam, **settings: Any
) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": judge},
    ]
    return Job(model, kind(groups, **settings), coarse(), loss)


def from_zero(least: float) -> Job:
    """The last layer of the critic begins at 0, so that its slope is 0 everywhere."""
    model = Pair(chain([8, 48, CHANNELS], nn.GELU))
    for tensor in weighted(model.judge)[-1].parameters():
        nn.init.zeros_(tensor)
    return made(model, sloped(least), lr=1e-2)


def of_tanh(deviation: float) -> Job:
    """Three layers of tanh whose weights are of a deviation."""
    generator = filled(chain([8, 64, 64, 64, CHANNELS], nn.Tanh), normal(deviation))
    nn.init.normal_(weighted(generator)[-1].weight, std=0.125)
    return made(Pair(generator), lr=2e-3)


def stretched(gain: float) -> Job:
    """Seven layers of leaky rectifiers, by Glorot's rule and a gain."""
    generator = filled(chain([8, *[40] * 6, CHANNELS], lambda: nn.LeakyReLU(0.2)), lambda w: xavier(w, gain))
    return made(Pair(generator), lr=2e-3)


def judged_at(rate: float) -> Job:
    generator = chain([8, 48, CHANNELS], nn.ELU)
    return made(Pair(generator), hinged, lr=3e-3, judge=rate, betas=(0.5, 0.9))


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    judged = F.relu(1 - real).mean() + F.relu(1 + fake).mean() - 0.1 * caught.mean()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.2 * judged
    return out


class Averaged(Pair):
    """A judge that also sees what a slow copy of the generator makes (Yaz et al., 2019)."""

    def __init__(self) -> None:
        super().__init__(chain([8, 48, CHANNELS], nn.SiLU))
        self.slow = chain([8, 48, CHANNELS], nn.SiLU).requires_grad_(False)
        self.slow.load_state_dict(self.generator.state_dict())

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.generator.parameters(), strict=True):
                slow.lerp_(fast, 0.1)
        made, real, _, caught = super().forward(x, y)
        return made, real, self.judge(torch.cat([x, self.slow(x)], 1)), caught


def matched(model: nn.Module, batch: Batch) -> Tensor:
    """What is made is to look the same to the judge's inner layers (Salimans et al., 2016)."""
    assert isinstance(model, Pair)
    made, real, fake, _ = model(*batch)
    x, y = batch
    eyes = model.judge[:2]  # type: ignore[index]
    still = {name: value.detach() for name, value in eyes.named_parameters()}
    seen = (functional_call(eyes, still, torch.cat([x, one], 1)).mean(0) for one in (made, y))
    near = (next(seen) - next(seen)).square().mean()
    out: Tensor = F.l1_loss(made, y) + near + 0.05 * (F.softplus(-real) + F.softplus(fake)).mean()
    return out


programs = (
    healthy("gan-slope-above-0", lambda: from_zero(1e-8)),
    healthy("gan-tanh-of-an-eighth", lambda: of_tanh(0.125)),
    healthy("gan-seven-by-glorot", lambda: stretched(1.4)),
    healthy("gan-judge-slowly", lambda: judged_at(1e-3)),
    healthy("gan-relative", lambda: made(Pair(chain([8, 48, CHANNELS])), relative, 1e-2, 5e-3)),
    healthy("gan-slow-copy", lambda: made(Averaged(), lr=5e-3, kind=RMSprop)),
    healthy("gan-features-matched", lambda: made(Pair(chain([8, 48, CHANNELS], nn.GELU)), matched, 5e-3)),
    faulty(
        "gan-slope-of-nothing",
        "non-finite",
        lambda: from_zero(0.0),
        cause=UNDEFINED + "|norm|penalt",
        twin="gan-slope-above-0",
    ),
    faulty(
        "gan-tanh-of-unit-normals",
        "saturated-units",
        lambda: of_tanh(1.0),
        cause=WEIGHTS + "|pre-activation",
        twin="gan-tanh-of-an-eighth",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-seven-by-gain-of-five",
        "exploding-gradient",
        lambda: stretched(5.0),
        cause=GROWTH + "|gain",
        twin="gan-seven-by-glorot",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "gan-judge-at-one",
        "unstable-updates",
        lambda: judged_at(1.0),
        cause=STEP,
        twin="gan-judge-slowly",
        also=("exploding-activation", "exploding-gradient", "non-finite", "dead-units"),
    ),
)
