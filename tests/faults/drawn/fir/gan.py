"""Generators of what is cast in a mould, and judges that see mould and cast."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.drawn.fir.tasks import CAST, MOULD, casts
from tests.faults.eighth.making import CUT, GROWTH, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Foundry(nn.Module):
    """A generator and a judge; what the judge learns from is cut off, and by a slip what both do."""

    def __init__(self, generator: nn.Module, *, is_cut: bool = False) -> None:
        super().__init__()
        self.generator, self.judge = generator, chain([MOULD + CAST, 48, 1], leaky)
        self.is_cut = is_cut

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_cut else made
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    """The loss that does not flatten (Goodfellow et al., 2014), beside a distance (Isola et al., 2017)."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 2 * F.l1_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    """The judge stops at a margin (Lim & Ye, 2017); the generator wants its score alone."""
    made, real, fake, caught = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu() - caught
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.05 * said.mean()
    return out


def played(game: Foundry, loss: Loss = entropy, lr: float = 4e-3) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": 1e-3},
    ]
    return Job(game, Adam(groups, betas=(0.5, 0.99)), casts(), loss)


def poured(fill: Fill = he, *, is_cut: bool = False) -> Job:
    """Four hidden layers of rectifiers."""
    return played(Foundry(filled(chain([MOULD, *[48] * 4, CAST]), fill), is_cut=is_cut))


class Stepped(nn.Module):
    """A rough cast by a straight layer, and what a network adds to it, which starts at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.rough, self.fine = nn.Linear(MOULD, CAST), chain([MOULD, 64, 64, CAST], nn.SiLU)
        last = self.fine[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rough(x) + self.fine(x)
        return out


programs = (
    healthy("gan-casts-four-by-he", poured),
    healthy("gan-casts-judge-with-a-hinge", lambda: played(Foundry(chain([MOULD, 96, CAST])), hinged, 8e-3)),
    healthy("gan-casts-rough-then-fine", lambda: played(Foundry(Stepped()), lr=6e-3)),
    faulty(
        "gan-casts-cut-for-both",
        "stalled-layer",
        lambda: poured(is_cut=True),
        cause=CUT,
        twin="gan-casts-four-by-he",
        also=("vanishing-gradient",),
    ),
    faulty(
        "gan-casts-four-of-unit-normals",
        "exploding-activation",
        lambda: poured(normal(1.0)),
        cause=GROWTH,
        twin="gan-casts-four-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
)
