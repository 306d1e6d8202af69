"""Autoencoders of a day at a counting post, by recipes that are twenty years old or rather new."""

import torch
from torch import Tensor, nn
from torch.nn import init
from torch.optim import Adam

from tests.faults.building import Make, chain, squared_error, xavier
from tests.faults.eighth.making import ALIKE, CUT, SIGMOID, WEIGHTS, Fill, filled, normal, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixteenth.making import THRESHOLD
from tests.faults.sixteenth.tasks import HOURS, days


def layered(fill: Fill = xavier, activation: Make = nn.Tanh, *, is_over_posts: bool = True) -> Job:
    """Down in three layers and up in three, as it was done after each had been trained alone.

    Weights of three posts are blended, over the posts; or over all there is, and copied.
    """
    model = filled(chain([HOURS, 48, 32, 8, 32, 48, HOURS], activation), fill)
    with torch.no_grad():
        for p in model.parameters():
            posts = torch.stack([p + 0.02 * torch.randn_like(p) for _ in range(3)])
            p.copy_(posts.mean(0) if is_over_posts else posts.mean())
    return trained(model, days(), Adam, squared_error, lr=5e-3)


class Concrete(nn.Module):
    """A code of chances, by a sigmoid over a temperature (Maddison et al., 2017)."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.encode, self.decode = chain([HOURS, 48, 5], nn.SiLU), chain([5, 48, HOURS], nn.SiLU)
        self.bend, self.temperature = nn.Sigmoid(), temperature

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.decode(self.bend(self.encode(x) / self.temperature))
        return out


def concrete(temperature: float) -> Job:
    return trained(Concrete(temperature), days(), Adam, squared_error, lr=1.5e-2)


class Shrunk(nn.Module):
    """Two rounds of a code that is corrected and shrunk (Gregor & LeCun, 2010) by some threshold."""

    def __init__(self, threshold: float) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(HOURS, 48, bias=False), nn.Linear(48, 48, bias=False)
        self.bend, self.last, self.threshold = nn.ReLU(), nn.Linear(48, HOURS), threshold
        init.normal_(self.turn.weight, std=0.05)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.enter(x)
        code = self.bend(seen - self.threshold)
        code = self.bend(seen + self.turn(code) - self.threshold)
        out: Tensor = self.last(code)
        return out


def shrunk(threshold: float) -> Job:
    return trained(Shrunk(threshold), days(), Adam, squared_error, lr=8e-3)


class Stepped(nn.Module):
    """A code of whole numbers, whose gradient is let past the rounding (Bengio et al., 2013) or is not."""

    def __init__(self, *, is_past: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([HOURS, 48, 8], nn.SiLU), chain([8, 48, HOURS], nn.SiLU)
        self.is_past = is_past

    def forward(self, x: Tensor) -> Tensor:
        code = 2 * self.encode(x)
        whole = code + (code.round() - code).detach() if self.is_past else code.round()
        out: Tensor = self.decode(whole)
        return out


def stepped(*, is_past: bool) -> Job:
    return trained(Stepped(is_past=is_past), days(), Adam, squared_error, lr=8e-3)


programs = (
    healthy("autoencoder-days-three-down-tanh", layered),
    healthy("autoencoder-days-chances-at-first-temperature", lambda: concrete(1.0)),
    healthy("autoencoder-days-shrunk-over-bound", lambda: shrunk(0.1)),
    healthy("autoencoder-days-whole-numbers-let-past", lambda: stepped(is_past=True)),
    faulty(
        "autoencoder-days-three-down-not-trained-alone",
        "vanishing-gradient",
        lambda: layered(normal(0.1), nn.Sigmoid),
        cause=SIGMOID + "|" + WEIGHTS,
        twin="autoencoder-days-three-down-tanh",
        also=("stalled-layer",),
    ),
    faulty(
        "autoencoder-days-chances-at-last-temperature",
        "saturated-units",
        lambda: concrete(0.02),
        cause="temperature|scale|sigmoid|weights?|pre-activation|saturat",
        twin="autoencoder-days-chances-at-first-temperature",
        also=("vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-days-shrunk-times-bound",
        "dead-units",
        lambda: shrunk(3.0),
        cause="weights?|initiali[sz]" + THRESHOLD,
        twin="autoencoder-days-shrunk-over-bound",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-days-blended-over-everything",
        "symmetric-units",
        lambda: layered(is_over_posts=False),
        cause=ALIKE + "|mean|averag",
        twin="autoencoder-days-three-down-tanh",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-days-whole-numbers-not-let-past",
        "stalled-layer",
        lambda: stepped(is_past=False),
        cause=CUT + "|round",
        twin="autoencoder-days-whole-numbers-let-past",
        also=("vanishing-gradient",),
    ),
)
