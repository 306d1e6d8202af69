"""Generators that draw glyphs of a typeface, and judges that see both."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, xavier
from tests.faults.eighth.making import ENDS, GROWTH, STEP, Fill, Loss, filled, normal
from tests.faults.fourteenth.tasks import CODE, GLYPH, glyphs
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Game(nn.Module):
    """A generator and a judge; the judge stands still where the generator is judged."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.judge = chain([CODE + GLYPH, 48, 1], leaky)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, torch.cat([x, made], 1))


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    """Goodfellow et al. (2014), with the generator's loss that does not flatten, and a distance."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(-real) + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def smooth(model: nn.Module, batch: Batch) -> Tensor:
    """Real ones are told as nine tenths real (Salimans et al., 2016)."""
    made, real, fake, caught = model(*batch)
    said = F.softplus(-real) + 0.1 * real + F.softplus(fake) + F.softplus(-caught)
    out: Tensor = 3 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def played(game: Game, lr: float = 5e-3, loss: Loss = entropy, judge_lr: float = 2e-3) -> Job:
    groups = [
        {"params": [*game.generator.parameters()], "lr": lr},
        {"params": [*game.judge.parameters()], "lr": judge_lr},
    ]
    return Job(game, Adam(groups, betas=(0.5, 0.999)), glyphs(), loss)


def drawn(layers: int, activation: Make, fill: Fill, lr: float = 5e-3) -> Job:
    return played(Game(filled(chain([CODE, *[40] * layers, GLYPH], activation), fill)), lr)


class Followed(Game):
    """A slow copy of the generator is kept beside it, as one keeps it to draw with."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__(generator)
        self.slow = deepcopy(generator).requires_grad_(False)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.generator.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
        return super().forward(x, y)


programs = (
    healthy("gan-glyphs-four-by-glorot", lambda: drawn(4, nn.ReLU, xavier, 6e-3)),
    healthy("gan-glyphs-tanh-by-glorot", lambda: drawn(2, nn.Tanh, xavier, 8e-3)),
    healthy(
        "gan-glyphs-labels-smoothed", lambda: played(Game(chain([CODE, 64, GLYPH], nn.GELU)), 8e-3, smooth)
    ),
    healthy(
        "gan-glyphs-generator-followed", lambda: played(Followed(chain([CODE, 64, GLYPH], nn.SiLU)), 8e-3)
    ),
    faulty(
        "gan-glyphs-four-of-two-hundredths",
        "vanishing-gradient",
        lambda: drawn(4, nn.ReLU, normal(0.02), 6e-3),
        cause="weights?|initiali[sz]",
        twin="gan-glyphs-four-by-glorot",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "gan-glyphs-four-of-unit-normals",
        "exploding-activation",
        lambda: drawn(4, nn.ReLU, normal(1.0), 6e-3),
        cause=GROWTH,
        twin="gan-glyphs-four-by-glorot",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "gan-glyphs-tanh-drawn-wide",
        "saturated-units",
        lambda: drawn(2, nn.Tanh, normal(1.8), 8e-3),
        cause=ENDS,
        twin="gan-glyphs-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-glyphs-tanh-at-a-half",
        "unstable-updates",
        lambda: drawn(2, nn.Tanh, xavier, 0.5),
        cause=STEP,
        twin="gan-glyphs-tanh-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
)
