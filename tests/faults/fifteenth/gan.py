"""Generators that draw outlines of pebbles, and judges whose gradients are turned round on the way back."""

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.eighth.making import ALIKE, CUT, STEP, UNDEFINED, Fill, Loss, filled, normal
from tests.faults.fifteenth.tasks import PEBBLE, TRAITS, pebbles
from tests.faults.program import Batch, Job, faulty, healthy


class Turned(Function):
    """What comes in, and the opposite of the gradient (Ganin & Lempitsky, 2015)."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return -gradient


class Beach(nn.Module):
    """A generator and a judge; what was made may be cut off from its generator."""

    def __init__(self, fill: Fill, *, is_cut: bool = False) -> None:
        super().__init__()
        self.generator = filled(chain([TRAITS, 48, 48, PEBBLE]), fill)
        self.judge = chain([TRAITS + PEBBLE, 40, 1], nn.SiLU)
        self.is_cut = is_cut

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_cut else made
        turned = Turned.apply(made)  # type: ignore[no-untyped-call]
        fake = self.judge(torch.cat([x, turned], 1))
        return made, self.judge(torch.cat([x, y], 1)), fake


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake = model(*batch)
    out: Tensor = 2 * F.mse_loss(made, batch[1]) + 0.1 * (F.softplus(-real) + F.softplus(fake)).mean()
    return out


class ByHand:
    """The logarithms as the paper has them, of what a sigmoid makes of scores or of the scores."""

    def __init__(self, *, is_squashed: bool) -> None:
        self.is_squashed = is_squashed

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        made, *scores = model(*batch)
        real, fake = (score.sigmoid() if self.is_squashed else score for score in scores)
        said = (real + 1e-6).log() + (1 - fake + 1e-6).log()
        out: Tensor = 2 * F.l1_loss(made, batch[1]) - 0.2 * said.mean()
        return out


def played(
    fill: Fill = nn.init.xavier_normal_, lr: float = 5e-3, loss: Loss = entropy, *, is_cut: bool = False
) -> Job:
    game = Beach(fill, is_cut=is_cut)
    generator, judge = [*game.generator.parameters()], [*game.judge.parameters()]
    groups = [{"params": generator, "lr": lr}, {"params": judge, "lr": 2e-3}]
    return Job(game, Adam(groups, betas=(0.5, 0.99)), pebbles(), loss)


def one_number(weight: Tensor) -> None:
    """A constant where a normal was meant, whose names are near to each other."""
    nn.init.constant_(weight, 0.05)


# Healthy trainings that look odd


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    """Scores that are far enough cost nothing (Miyato et al., 2018); most are not yet."""
    made, real, fake = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu()
    out: Tensor = 2 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def squares(model: nn.Module, batch: Batch) -> Tensor:
    """Scores as near as can be to 1 and -1 (Mao et al., 2017)."""
    made, real, fake = model(*batch)
    said = (real - 1).square() + (fake + 1).square()
    out: Tensor = 2 * F.smooth_l1_loss(made, batch[1]) + 0.05 * said.mean()
    return out


def together(model: nn.Module, batch: Batch) -> Tensor:
    """Real ones are to be more real than made ones (Jolicoeur-Martineau, 2019)."""
    made, real, fake = model(*batch)
    out: Tensor = 2 * (made - batch[1]).abs().mean() + 0.2 * F.softplus(fake - real).mean()
    return out


programs = (
    healthy("gan-pebbles-turned-round", played),
    healthy("gan-pebbles-logarithms-of-sigmoids", lambda: played(loss=ByHand(is_squashed=True))),
    healthy("gan-pebbles-hinged", lambda: played(he, loss=hinged)),
    healthy("gan-pebbles-squares-of-scores", lambda: played(loss=squares)),
    healthy("gan-pebbles-real-against-made", lambda: played(normal(0.15), loss=together)),
    faulty(
        "gan-pebbles-constant-for-normal",
        "symmetric-units",
        lambda: played(one_number),
        cause=ALIKE,
        twin="gan-pebbles-turned-round",
        also=("vanishing-gradient", "dead-units"),
    ),
    faulty(
        "gan-pebbles-detached-for-both",
        "stalled-layer",
        lambda: played(is_cut=True),
        cause=CUT,
        twin="gan-pebbles-turned-round",
        also=("vanishing-gradient",),
    ),
    faulty(
        "gan-pebbles-rate-of-the-paper-times-a-thousand",
        "unstable-updates",
        lambda: played(lr=0.3),
        cause=STEP,
        twin="gan-pebbles-turned-round",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-pebbles-logarithms-of-scores",
        "non-finite",
        lambda: played(loss=ByHand(is_squashed=False)),
        cause=UNDEFINED + "|negative|sigmoid",
        twin="gan-pebbles-logarithms-of-sigmoids",
    ),
)
