"""Attention over peals, whose first bell tells the last one, and over runes, choirs and harbours."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make
from tests.faults.eighteenth import odd_attention
from tests.faults.eighteenth.scenes import RINGERS, peals
from tests.faults.eighth.making import ALIKE, CUT, STEP, constant, filled, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 32, 4
Look = Literal["softmax", "greatest", "rectified", "rectified-less-greatest"]


class Layer(nn.Module):
    """Questions and answers in heads, nearer ones first; then two layers at each step by itself."""

    def __init__(self, look: Look = "softmax", *, is_past: bool = True, least: float = 1.0) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.give, self.rectify = nn.Linear(WIDTH, WIDTH), nn.ReLU()
        self.feed = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if is_past else nn.Identity() for _ in range(2))
        nn.init.normal_(self.ask.weight, std=0.25)
        self.look, self.is_past, self.least = look, is_past, least

    def shares(self, scores: Tensor) -> Tensor:
        """How much each step takes from each other one."""
        match self.look:
            case "softmax":
                return scores.softmax(-1)
            case "greatest":  # by its index, which has no slope
                return nn.functional.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores)
            case "rectified":
                return self.rectify(scores) / scores.shape[-1]  # type: ignore[no-any-return]
            case _:  # less the greatest, as one does it before an exponential
                return self.rectify(scores - scores.amax(-1, keepdim=True)) / scores.shape[-1]  # type: ignore[no-any-return]

    def attend(self, x: Tensor) -> Tensor:
        asked, known = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in self.ask(x).chunk(2, -1))
        given = self.give(x).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        at = torch.arange(x.shape[1])
        far = (at - at[:, None]).abs() + self.least  # its logarithm is taken off
        scores = 2 * asked @ known.mT / math.sqrt(WIDTH / HEADS) - 0.2 * far.log()
        out: Tensor = self.mix((self.shares(scores) @ given).transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor) -> Tensor:
        if not self.is_past:
            out: Tensor = self.feed(self.attend(x))
            return out
        x = x + self.attend(self.norms[0](x))
        return x + self.feed(self.norms[1](x))  # type: ignore[no-any-return]


class Ringer(nn.Module):
    """Bells in, what the last step makes of them out."""

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(RINGERS, WIDTH), nn.Parameter(0.3 * torch.randn(14, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, RINGERS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.enter(x) + self.place)[:, -1])
        return out


def rung(make: Make, lr: float = 6e-3) -> Job:
    return trained(Ringer(*(make() for _ in range(3))), peals(), Adam, lr=lr)  # type: ignore[arg-type]


def ported() -> Job:
    """Every weight was set to one number to compare with another framework, and was left so."""
    model = filled(Ringer(*(Layer() for _ in range(3))), constant(0.02))
    return trained(model, peals(), Adam, lr=6e-3)


programs = (
    healthy("transformer-peals-three-softmax", lambda: rung(Layer)),
    healthy("transformer-peals-three-rectified", lambda: rung(lambda: Layer("rectified"))),
    *odd_attention.programs,
    faulty(
        "transformer-peals-three-nothing-past",
        "vanishing-gradient",
        lambda: rung(lambda: Layer(is_past=False)),
        cause=r"residual|skip|past|normali[sz]|depth|initiali[sz]|weights?",
        twin="transformer-peals-three-softmax",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "transformer-peals-three-by-index",
        "stalled-layer",
        lambda: rung(lambda: Layer("greatest")),
        cause=CUT + "|argmax|index|one.?hot|optimi[sz]er|not updated",
        twin="transformer-peals-three-softmax",
        also=("vanishing-gradient",),
    ),
    faulty(
        "transformer-peals-three-at-a-tenth",
        "unstable-updates",
        lambda: rung(Layer, 0.1),
        cause=STEP,
        twin="transformer-peals-three-softmax",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-peals-three-of-a-test-of-a-port",
        "symmetric-units",
        ported,
        cause=ALIKE,
        twin="transformer-peals-three-softmax",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "unstable-updates"),
    ),
    faulty(
        "transformer-peals-three-logarithm-of-no-distance",
        "non-finite",
        lambda: rung(lambda: Layer(least=0.0)),
        cause=OPERATION + MASKED + "|distance",
        twin="transformer-peals-three-softmax",
    ),
    faulty(
        "transformer-peals-three-rectified-less-greatest",
        "dead-units",
        lambda: rung(lambda: Layer("rectified-less-greatest")),
        cause=r"max|greatest|subtract|negative|pre-activation|below|shift|scores?|attention",
        twin="transformer-peals-three-rectified",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
