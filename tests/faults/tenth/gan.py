"""Generators that make recordings finer, and judges that see coarse and fine ones together."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam, RMSprop

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import CUT, WEIGHTS, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.tasks import recordings

COARSE, FINE = 10, 20


class Game(nn.Module):
    """A generator and a judge; what was made is used again as it is, or as it was cut off for the judge."""

    def __init__(self, generator: nn.Module, *, is_cut: bool = False) -> None:
        super().__init__()
        self.generator = generator
        self.judge = chain([COARSE + FINE, 32, 32, 1], lambda: nn.LeakyReLU(0.2))
        self.is_cut = is_cut

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_cut else made
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def finer(model: nn.Module, batch: Batch) -> Tensor:
    """Near what it should be, and taken for real (Ledig et al., 2017)."""
    made, real, fake, caught = model(*batch)
    judged = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = F.mse_loss(made, batch[1]) + 0.05 * judged.mean()
    return out


def wasserstein(model: nn.Module, batch: Batch) -> Tensor:
    """The judge's scores go up and down, and are kept small (Arjovsky et al., 2017)."""
    made, real, fake, caught = model(*batch)
    score = fake.mean() - real.mean() - caught.mean() + 0.1 * (real.square() + fake.square()).mean()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.03 * score
    return out


def played(game: Game, loss: Loss = finer, lr: float = 5e-3, kind: type = Adam, **settings: object) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": 2e-3},
    ]
    return Job(game, kind(groups, **settings), recordings(), loss)


def tower(fill: Fill, activation: Make, layers: int, lr: float = 4e-3) -> Job:
    return played(Game(filled(chain([COARSE, *[40] * layers, FINE], activation), fill)), lr=lr)


def below(weight: Tensor) -> None:
    """Evenly between minus two tenths and 0."""
    nn.init.uniform_(weight, -0.2, 0.0)


programs = (
    healthy("gan-recordings-silu", lambda: played(Game(chain([COARSE, 48, FINE], nn.SiLU)))),
    healthy("gan-recordings-six-tanh", lambda: tower(xavier, nn.Tanh, 6)),
    healthy("gan-recordings-relu", lambda: tower(he, nn.ReLU, 3)),
    healthy(
        "gan-recordings-wasserstein",
        lambda: played(Game(chain([COARSE, 48, FINE], nn.ELU)), wasserstein, kind=RMSprop, lr=3e-3),
    ),
    healthy(
        "gan-recordings-without-momentum",
        lambda: played(Game(chain([COARSE, 48, 48, FINE], nn.GELU)), betas=(0.0, 0.9)),
    ),
    faulty(
        "gan-made-once-and-cut",
        "stalled-layer",
        lambda: played(Game(chain([COARSE, 48, FINE], nn.SiLU), is_cut=True)),
        cause=CUT,
        twin="gan-recordings-silu",
        also=("vanishing-gradient",),
    ),
    faulty(
        "gan-recordings-six-tanh-too-strong",
        "exploding-gradient",
        lambda: tower(normal(0.8), nn.Tanh, 6),
        cause=WEIGHTS + "|saturat",
        twin="gan-recordings-six-tanh",
        also=("saturated-units", "unstable-updates"),
    ),
    faulty(
        "gan-recordings-drawn-below-0",
        "dead-units",
        lambda: tower(below, nn.ReLU, 3),
        cause=WEIGHTS + "|negative|below 0|pre-activation|born",
        twin="gan-recordings-relu",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
