"""A generator that gives grey values two colours, and a judge that sees both."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import ENDS, STEP, Fill, filled, normal
from tests.faults.eleventh.tasks import GREY, TINT, tinted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.gan import Game, finer


class Colours(Game):
    """The game of another part, with a judge for grey values and colours."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__(generator)
        self.judge = chain([GREY + TINT, 32, 32, 1], lambda: nn.LeakyReLU(0.2))


def played(
    generator: nn.Module,
    lr: float = 5e-3,
    kind: type = Adam,
    judge: float = 1e-3,
    **settings: object,
) -> Job:
    game = Colours(generator)
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": judge},
    ]
    return Job(game, kind(groups, **settings), tinted(), finer)


def bounded(fill: Fill) -> nn.Module:
    """Colours are between -1 and 1, by a tanh at the end."""
    return nn.Sequential(filled(chain([GREY, 40, 40, TINT], nn.Tanh), fill), nn.Tanh())


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    """What is beyond the margin counts for nothing (Lim & Ye, 2017)."""
    made, real, fake, caught = model(*batch)
    judged = F.relu(1 - real) + F.relu(1 + fake) - caught
    out: Tensor = F.l1_loss(made, batch[1]) + 0.03 * judged.mean()
    return out


def by_hinge() -> Job:
    job = played(chain([GREY, 48, TINT], nn.SiLU))
    return Job(job.model, job.optimizer, job.batches, hinge)


class Noisy(nn.Module):
    """Noise goes in beside the grey values."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([GREY + 4, 48, TINT], nn.ELU)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(torch.cat([x, torch.randn(len(x), 4)], 1))
        return out


programs = (
    healthy("gan-tints-within-ends", lambda: played(bounded(xavier))),
    healthy("gan-tints-judged-by-hinge", by_hinge),
    healthy("gan-tints-noise-goes-in", lambda: played(Noisy(), kind=AdamW, betas=(0.5, 0.99))),
    healthy(
        "gan-tints-by-descent", lambda: played(chain([GREY, 48, TINT], nn.Mish), 0.3, SGD, 0.1, momentum=0.9)
    ),
    faulty(
        "gan-tints-ends-reached-at-once",
        "saturated-units",
        lambda: played(bounded(normal(1.0))),
        cause=ENDS,
        twin="gan-tints-within-ends",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-tints-at-three-tenths",
        "unstable-updates",
        lambda: played(bounded(xavier), 0.3),
        cause=STEP,
        twin="gan-tints-within-ends",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
)
