"""Generators that draw the outline of a loaf from an oven's settings, and judges that see both."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import ALIKE, GROWTH, SIGMOID, STEP, Fill, Loss, constant, filled
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import LOAF, OVEN, loaves


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Bakery(nn.Module):
    """A generator and a judge, which stands still where the generator is judged."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator, self.judge = generator, judge or chain([OVEN + LOAF, 40, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: p.detach() for name, p in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    """What judge and generator lose, and how far what is made lies from what there was (Isola, 2017)."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 3 * F.l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    """Only those that are judged within a margin count (Lim & Ye, 2017)."""
    made, real, fake, caught = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu() - 0.3 * caught
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def ranked(model: nn.Module, batch: Batch) -> Tensor:
    """A real one is to be judged above that made for the same oven (Jolicoeur-Martineau, 2019)."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(fake - real) + F.softplus(real.detach() - caught)
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def ratio(model: nn.Module, batch: Batch) -> Tensor:
    """The judge tells how many times as likely a loaf is real, by least squares (Kanamori et al., 2009)."""
    made, real, fake, caught = model(*batch)
    said = 0.5 * F.softplus(fake).square() - F.softplus(real) - 0.3 * F.softplus(caught).clamp(max=3)
    out: Tensor = 3 * F.smooth_l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def baked(model: Bakery, lr: float = 6e-3, loss: Loss = entropy, kind: Any = Adam, **settings: Any) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": 2e-3},
    ]
    return Job(model, kind(groups, **settings), loaves(), loss)


def of_layers(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 6e-3) -> Job:
    return baked(Bakery(filled(chain([OVEN, *[36] * layers, LOAF], activation), fill)), lr, betas=(0.5, 0.99))


def about_one(weight: Tensor) -> None:
    """What is meant for the weights of norms was done to all: a mean of 1 and a deviation of 0.02."""
    nn.init.normal_(weight, 1.0, 0.02)


# Healthy trainings that look odd


class Told(nn.Module):
    """Normed numbers are scaled and shifted as the oven's settings say; both are none at first."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.inner, self.last = nn.Linear(OVEN, 40), nn.Linear(40, 40), nn.Linear(40, LOAF)
        self.say = nn.Linear(OVEN, 80)
        nn.init.zeros_(self.say.weight)

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.say(x).chunk(2, 1)
        inner = F.layer_norm(self.inner(F.silu(self.enter(x))), (40,))
        out: Tensor = self.last(F.silu((1 + scale) * inner + shift))
        return out


class Paired(nn.Module):
    """A judge that also sees how much the loaves of a batch differ (Karras et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = chain([OVEN + LOAF + 1, 40, 1], leaky)

    def forward(self, x: Tensor) -> Tensor:
        spread = (x.var(0) + 1e-4).sqrt().mean().expand(len(x), 1)
        out: Tensor = self.rest(torch.cat([x, spread], 1))
        return out


programs = (
    healthy("gan-loaves-five-by-he", lambda: of_layers(5, he, lr=3e-3)),
    healthy("gan-loaves-two-tanh-by-glorot", lambda: of_layers(2, xavier, nn.Tanh)),
    healthy("gan-loaves-rated-by-hinge", lambda: baked(Bakery(chain([OVEN, 48, LOAF], nn.SiLU)), 1e-2, hinge)),
    healthy("gan-loaves-above-each-other", lambda: baked(Bakery(chain([OVEN, 48, LOAF])), 1e-2, ranked)),
    healthy("gan-loaves-times-as-likely", lambda: baked(Bakery(chain([OVEN, 48, LOAF], nn.GELU)), 1.2e-2, ratio)),
    healthy("gan-loaves-norms-told", lambda: baked(Bakery(Told()), 8e-3)),
    healthy(
        "gan-loaves-spread-seen",
        lambda: baked(Bakery(chain([OVEN, 48, LOAF], nn.ELU), Paired()), 6e-3, kind=RMSprop, alpha=0.95),
    ),
    faulty(
        "gan-loaves-five-squashed",
        "vanishing-gradient",
        lambda: of_layers(5, he, nn.Sigmoid, 3e-3),
        cause=SIGMOID,
        twin="gan-loaves-five-by-he",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "gan-loaves-five-about-one",
        "exploding-activation",
        lambda: of_layers(5, about_one, lr=3e-3),
        cause=GROWTH,
        twin="gan-loaves-five-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "gan-loaves-two-tanh-all-alike",
        "symmetric-units",
        lambda: of_layers(2, constant(0.1), nn.Tanh),
        cause=ALIKE,
        twin="gan-loaves-two-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "gan-loaves-two-noughts-lost",
        "unstable-updates",
        lambda: of_layers(2, xavier, nn.Tanh, 0.6),
        cause=STEP,
        twin="gan-loaves-two-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
)
