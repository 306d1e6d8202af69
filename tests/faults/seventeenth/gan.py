"""Generators that draw the outline of a loaf from an oven's settings, and judges that see both."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import ALIKE, ENDS, STEP, Fill, Loss, constant, filled, weighted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import LOAF, OVEN, loaves


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Bakery(nn.Module):
    """A generator and a judge, which stands still where the generator is judged."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator, self.judge = generator, chain([OVEN + LOAF, 40, 1], leaky)

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


def ratio(model: nn.Module, batch: Batch) -> Tensor:
    """The judge tells how many times as likely a loaf is real, by least squares (Kanamori et al., 2009)."""
    made, real, fake, caught = model(*batch)
    said = 0.5 * F.softplus(fake).square() - F.softplus(real) - 0.3 * F.softplus(caught).clamp(max=3)
    out: Tensor = 3 * F.smooth_l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def baked(model: Bakery, lr: float = 6e-3, loss: Loss = entropy, **settings: Any) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": 2e-3},
    ]
    return Job(model, Adam(groups, **settings), loaves(), loss)


def of_two(fill: Fill = xavier, lr: float = 6e-3, bias: float = 0.0) -> Job:
    """Two bounded layers, drawn in one way, with biases of some deviation."""
    model = filled(chain([OVEN, 36, 36, LOAF], nn.Tanh), fill)
    for layer in weighted(model)[:-1]:
        nn.init.normal_(layer.bias, std=bias)  # type: ignore[arg-type]
    return baked(Bakery(model), lr, betas=(0.5, 0.99))


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


programs = (
    healthy("gan-loaves-two-tanh-by-glorot", of_two),
    healthy(
        "gan-loaves-rated-by-hinge", lambda: baked(Bakery(chain([OVEN, 48, LOAF], nn.SiLU)), 1e-2, hinge)
    ),
    healthy(
        "gan-loaves-times-as-likely", lambda: baked(Bakery(chain([OVEN, 48, LOAF], nn.GELU)), 1.2e-2, ratio)
    ),
    healthy("gan-loaves-norms-told", lambda: baked(Bakery(Told()), 8e-3)),
    faulty(
        "gan-loaves-two-tanh-all-alike",
        "symmetric-units",
        lambda: of_two(constant(0.1)),
        cause=ALIKE,
        twin="gan-loaves-two-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "gan-loaves-two-noughts-lost",
        "unstable-updates",
        lambda: of_two(lr=0.6),
        cause=STEP,
        twin="gan-loaves-two-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "gan-loaves-two-tanh-biases-wide",
        "saturated-units",
        lambda: of_two(bias=6.0),
        cause=ENDS + "|bias",
        twin="gan-loaves-two-tanh-by-glorot",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
