"""Denoisers, networks over time by convolutions, values of what was done, and outlines of squares."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import DATA, GROWTH, STEP, UNDEFINED, Fill, filled, normal, trained
from tests.faults.seventh.tasks import BEATS, heartbeats, lander, outlines, rows

STEPS = 20  # of noise


class Denoiser(nn.Module):
    """A noisy point and at which step it is in, the noise out."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = chain([2 + 8, 64, 64, 2], nn.SiLU)
        self.register_buffer("speed", torch.tensor([0.5, 1.0, 2.0, 4.0]))

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        assert isinstance(self.speed, Tensor)
        at = step[:, None] / STEPS * self.speed
        out: Tensor = self.layers(torch.cat([x, at.sin(), at.cos()], 1))
        return out


def denoised(least: float) -> Job:
    """Each step counts by how little noise there is in it; in step 0 there is none."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, noise, step = batch
        kept = torch.cos(step / STEPS * torch.pi / 2)
        mixed = 1 - kept.square()
        weight = 1 / mixed.clamp(min=least)
        said = model(kept[:, None] * x + mixed.clamp(min=0).sqrt()[:, None] * noise, step)
        out: Tensor = (weight / weight.mean() * (said - noise).square().mean(1)).mean()
        return out

    return trained(Denoiser(), rows(), Adam, loss, lr=5e-3)


class Over(nn.Module):
    """Convolutions over time whose reach doubles (van den Oord et al., 2016), one after another."""

    def __init__(self, layers: int = 6, width: int = 16) -> None:
        super().__init__()
        reach = [1, 2, 4, 1, 2, 4][:layers]
        self.layers = nn.ModuleList(
            nn.Conv2d(width if place else 1, width, (1, 3), dilation=(1, far), padding=(0, far))
            for place, far in enumerate(reach)
        )
        self.activation, self.head = nn.LeakyReLU(0.1), nn.Linear(2 * width, BEATS)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)[:, :, None]
        for layer in self.layers:
            x = self.activation(layer(x))
        out: Tensor = self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))
        return out


def over(fill: Fill, lr: float = 3e-3) -> Job:
    model = Over()
    filled(model.layers, fill)
    return trained(model, heartbeats(), AdamW, lr=lr)


def he_out(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="leaky_relu")


class Duel(nn.Module):
    """What a state is worth, and how much better each action is than their mean (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(7, 64), nn.ReLU())
        self.worth, self.better = nn.Linear(64, 1), nn.Linear(64, 4)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x)
        better = self.better(seen)
        out: Tensor = self.worth(seen) + better - better.mean(1, keepdim=True)
        return out


def valued(model: nn.Module, batch: Batch) -> Tensor:
    x, did, won = batch
    return F.smooth_l1_loss(model(x).gather(1, did[:, None])[:, 0], won)


class Bottle(nn.Module):
    """Down, up, and what was seen before going down beside it (Ronneberger et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.down = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, 2, padding=1)
        self.up, self.after = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        one = F.relu(self.before(x))
        other = F.relu(self.up(F.relu(self.down(one))))
        out: Tensor = self.head(F.relu(self.after(torch.cat([one, other], 1))))
        return out


def overlapping(model: nn.Module, batch: Batch) -> Tensor:
    """How little overlaps, with a bit above and below, and the cross entropy."""
    said, y = model(batch[0]), batch[1]
    chance = said.sigmoid()
    both, sums = (chance * y).sum((1, 2, 3)), (chance + y).sum((1, 2, 3))
    dice = 1 - (2 * both + 1) / (sums + 1)
    out: Tensor = dice.mean() + F.binary_cross_entropy_with_logits(said, y)
    return out


programs = (
    healthy("denoiser-step-nought-bounded", lambda: denoised(0.2)),
    healthy("tcn-by-he", lambda: over(he_out)),
    healthy("values-dueling", lambda: trained(Duel(), lander(), Adam, valued, lr=1e-2)),
    healthy("unet-overlapping", lambda: trained(Bottle(), outlines(), Adam, overlapping, lr=1e-2)),
    faulty(
        "denoiser-step-nought-counts",
        "non-finite",
        lambda: denoised(0.0),
        cause=UNDEFINED + "|" + DATA + "|noise|infini|step",
        twin="denoiser-step-nought-bounded",
    ),
    faulty(
        "tcn-of-unit-normals",
        "exploding-activation",
        lambda: over(normal(1.0)),
        cause=GROWTH,
        twin="tcn-by-he",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "tcn-at-a-third",
        "unstable-updates",
        lambda: over(he_out, 0.3),
        cause=STEP,
        twin="tcn-by-he",
        also=("exploding-activation", "exploding-gradient", "non-finite", "vanishing-gradient", "dead-units"),
    ),
)
