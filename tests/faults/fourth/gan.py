"""Generators that go on with tones, and their judges."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam, RMSprop

from tests.faults.building import chain, weighted
from tests.faults.fourth.making import ALIKE, STEP, WEIGHTS, Loss, trained
from tests.faults.fourth.tasks import halves_of_tones
from tests.faults.program import Batch, Job, faulty, healthy


class Even(nn.Linear):
    """Weights of deviation 1 or less, multiplied by He's deviation when used (Karras et al., 2018)."""

    def __init__(self, inputs: int, outputs: int, deviation: float = 1.0) -> None:
        super().__init__(inputs, outputs)
        nn.init.normal_(self.weight, std=deviation)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * (2 / self.in_features) ** 0.5, self.bias)


class Pair(nn.Module):
    """A generator that makes 24 numbers of 12, and a judge of both together."""

    def __init__(self, made_by: nn.Module, judge: Callable[[], nn.Module] | None = None) -> None:
        super().__init__()
        self.generator = made_by
        self.judge = judge() if judge else chain([36, 32, 1], nn.LeakyReLU)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        caught = functional_call(self.judge, still, torch.cat([x, made], 1))
        return made, real, fake, caught


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    judged = F.relu(1 - real).mean() + F.relu(1 + fake).mean() - caught.mean()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.02 * judged
    return out


def loud(model: nn.Module, batch: Batch) -> Tensor:
    """A judge that counts as much as the distance: what is lost goes up and down while both learn."""
    made, real, fake, caught = model(*batch)
    judged = F.softplus(-real).mean() + F.softplus(fake).mean() + 0.3 * F.softplus(-caught).mean()
    out: Tensor = 2 * F.mse_loss(made, batch[1]) + 0.3 * judged
    return out


def penalised(model: nn.Module, batch: Batch) -> Tensor:
    """The judge's slope at what is real is held small (Mescheder et al., 2018), by a second derivative."""
    assert isinstance(model, Pair)
    made, real, fake, caught = model(*batch)
    seen = torch.cat(batch, 1).requires_grad_(True)
    (slope,) = torch.autograd.grad(model.judge(seen).sum(), seen, create_graph=True)
    judged = F.softplus(-real).mean() + F.softplus(fake).mean() + F.softplus(-caught).mean()
    out: Tensor = F.l1_loss(made, batch[1]) + 0.05 * judged + 0.1 * slope.square().sum(1).mean()
    return out


def made(
    generator: nn.Module, loss: Loss = hinge, lr: float = 3e-3, kind: type = Adam, **settings: Any
) -> Job:
    model = Pair(generator)
    groups = [
        {"params": model.generator.parameters(), "lr": lr},
        {"params": model.judge.parameters(), "lr": 1e-3},
    ]
    return Job(model, kind(groups, **settings), halves_of_tones(), loss)


def even(*, is_drawn_small: bool) -> Job:
    """Six layers that are scaled when they are used; and when they are drawn, or not then."""
    sizes = [12, *[40] * 5, 24]
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        deviation = (2 / inputs) ** 0.5 if is_drawn_small else 1.0
        parts += [Even(inputs, outputs, deviation), nn.LeakyReLU(0.2)]
    return made(nn.Sequential(*parts[:-1]), lr=2e-2)


def loudly(lr: float) -> Job:
    return made(chain([12, 48, 24], nn.ELU), loud, lr, betas=(0.5, 0.9))


def alike(value: float | None) -> Job:
    generator = chain([12, 48, 24], nn.SiLU)
    for layer in weighted(generator):
        if value is not None:
            nn.init.constant_(layer.weight, value)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return made(generator, lr=5e-3)


class Shared(Pair):
    """The judge is not held still for the generator, so what helps the one hinders the other a little."""

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        both = torch.cat([torch.cat([x, y], 1), torch.cat([x, made.detach()], 1), torch.cat([x, made], 1)])
        real, fake, caught = self.judge(both).chunk(3)
        return made, real, fake, caught


def bounded() -> Job:
    """A judge whose slope is held at 1 by its largest singular value, and which learns faster."""
    layers = chain([36, 32, 1], nn.LeakyReLU)
    judge = nn.Sequential(*(spectral_norm(p) if isinstance(p, nn.Linear) else p for p in layers))
    model = Shared(chain([12, 64, 24], nn.PReLU), lambda: judge)
    groups = [
        {"params": model.generator.parameters(), "lr": 3e-3},
        {"params": model.judge.parameters(), "lr": 1e-2},
    ]
    return Job(model, Adam(groups, betas=(0.0, 0.9)), halves_of_tones(), hinge)


programs = (
    healthy("gan-even-rates", lambda: even(is_drawn_small=False)),
    healthy("gan-tones-silu", lambda: alike(None)),
    healthy("gan-tones-rmsprop", lambda: made(chain([12, 48, 24]), kind=RMSprop, lr=2e-3)),
    healthy("gan-loud-judge", lambda: loudly(3e-3)),
    healthy(
        "gan-slope-held-small",
        lambda: trained(Pair(chain([12, 48, 24], nn.SiLU)), halves_of_tones(), Adam, penalised, lr=5e-3),
    ),
    healthy("gan-slope-of-one", bounded),
    faulty(
        "gan-even-rates-drawn-small",
        "vanishing-gradient",
        lambda: even(is_drawn_small=True),
        cause=WEIGHTS,
        twin="gan-even-rates",
    ),
    faulty(
        "gan-generator-of-one-value",
        "symmetric-units",
        lambda: alike(0.05),
        cause=ALIKE,
        twin="gan-tones-silu",
    ),
    faulty(
        "gan-loud-rate-of-one",
        "unstable-updates",
        lambda: loudly(1.0),
        cause=STEP,
        twin="gan-loud-judge",
        also=("exploding-activation", "exploding-gradient"),
    ),
)
