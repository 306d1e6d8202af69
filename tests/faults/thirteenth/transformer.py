"""Transformers that go on with a song, and that see tiles in patches."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    STEP,
    Fill,
    Warmed,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.report.making import refilled
from tests.faults.tenth.making import OPERATION
from tests.faults.thirteenth.tasks import LANDS, PHRASE, SYLLABLES, lands, phrases
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 24, 3


class Layer(nn.Module):
    """Attention written out, and two linear layers; normalised before, or not at all."""

    def __init__(
        self, activation: Make = nn.GELU, norm: Make = lambda: nn.LayerNorm(WIDTH), dropped: float = 0.0
    ) -> None:
        super().__init__()
        self.ask, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 48), activation(), nn.Linear(48, WIDTH))
        self.norms, self.drop = nn.ModuleList(norm() for _ in range(2)), nn.Dropout(dropped)

    def attend(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        parts = self.ask(x).unflatten(-1, (3, HEADS, WIDTH // HEADS)).movedim(-3, 0).transpose(-3, -2)
        query, key, value = parts.unbind(0)
        scores = query @ key.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5
        scores = scores if hidden is None else scores + hidden
        out: Tensor = self.out((scores.softmax(-1) @ value).transpose(-3, -2).flatten(-2))
        return out

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        x = x + self.drop(self.attend(self.norms[0](x), hidden))
        out: Tensor = x + self.drop(self.feed(self.norms[1](x)))
        return out


class After(Layer):
    """Normalised after each sum, as at first (Vaswani et al., 2017)."""

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        x = self.norms[0](x + self.attend(x, hidden))
        out: Tensor = self.norms[1](x + self.feed(x))
        return out


def causal(far: float = -torch.inf, diagonal: int = 1) -> Tensor:
    """What is added to scores; of diagonal 0, the first syllable is left nothing to attend to."""
    return torch.full((PHRASE, PHRASE), far).triu(diagonal)


class Singer(nn.Module):
    """Syllables in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, hidden: Tensor | None = None, is_tied: bool = False) -> None:
        super().__init__()
        self.said: nn.Module = nn.Embedding(SYLLABLES, WIDTH)
        self.place = nn.Embedding(PHRASE, WIDTH)
        self.layers, self.last = nn.ModuleList(layers), nn.Linear(WIDTH, SYLLABLES)
        self.hidden = causal() if hidden is None else hidden
        if is_tied:
            self.said = nn.Embedding(SYLLABLES, WIDTH)
            nn.init.normal_(self.last.weight, std=WIDTH**-0.5)
            self.said.weight = self.last.weight

    def forward(self, x: Tensor) -> Tensor:
        sung = self.said(x) + self.place.weight
        for layer in self.layers:
            sung = layer(sung, self.hidden)
        out: Tensor = self.last(sung)
        return out


def sung(*layers: nn.Module, lr: float = 6e-3, hidden: Tensor | None = None) -> Job:
    return trained(Singer(*layers, hidden=hidden), phrases(), Adam, lr=lr)


def bert(fill: Fill, lr: float = 6e-3) -> Job:
    """Every matrix and table is drawn as in BERT, or by a line that was meant for something else."""
    model = filled(refilled(Singer(Layer(), Layer()), fill), fill)
    return trained(model, phrases(), Adam, lr=lr)


def bare(fill: Fill, layers: int = 6) -> Job:
    """Layers without any norm."""
    model = filled(Singer(*(Layer(nn.ReLU, nn.Identity) for _ in range(layers))), fill)
    return trained(model, phrases(), Adam, lr=3e-3)


class Patched(nn.Module):
    """Sixteen patches of a tile, each of 2 x 2 of 3 colours, and their mean in the end."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(12, WIDTH), nn.Parameter(0.2 * torch.randn(16, WIDTH))
        self.layers = nn.ModuleList(layers)
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, LANDS)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.enter(F.unfold(x, 2, stride=2).transpose(1, 2)) + self.place
        for layer in self.layers:
            seen = layer(seen)
        out: Tensor = self.last(self.norm(seen.mean(1)))
        return out


def patched(by: float, *layers: nn.Module) -> Job:
    batches = seen_through(lambda x: by * x if by > 1 else (x - 0.45) / 0.2, lands())
    return trained(Patched(*layers), batches, Adam, lr=6e-3)


class Prompted(Singer):
    """A fixed model that reads a few vectors before the song; only those and the head learn."""

    def __init__(self) -> None:
        super().__init__(Layer(), hidden=F.pad(causal(), (3, 0, 3, 0)))
        self.prompt = nn.Parameter(0.5 * torch.randn(3, WIDTH))
        for part in (self.said, self.place, self.layers):
            part.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        sung = torch.cat([self.prompt.expand(len(x), -1, -1), self.said(x) + self.place.weight], 1)
        out: Tensor = self.last(self.layers[0](sung, self.hidden)[:, 3:])
        return out


def after() -> list[nn.Module]:
    return [After() for _ in range(4)]


programs = (
    healthy("transformer-songs-as-bert", lambda: bert(normal(0.08))),
    healthy("transformer-songs-each-sees-itself", lambda: sung(Layer())),
    healthy("transformer-songs-six-bare-small", lambda: bare(normal(0.08))),
    healthy("transformer-tiles-in-patches", lambda: patched(1.0, Layer(), Layer())),
    healthy(
        "transformer-songs-after-and-warmed",
        lambda: trained(Singer(*after()), phrases(), Warmed, lr=6e-3, steps=15),
    ),
    healthy(
        "transformer-songs-tied", lambda: trained(Singer(Layer(), is_tied=True), phrases(), Adam, lr=1e-2)
    ),
    healthy("transformer-songs-prompted", lambda: trained(Prompted(), phrases(), AdamW, lr=2e-2)),
    faulty(
        "transformer-songs-all-of-zero",
        "symmetric-units",
        lambda: bert(nn.init.zeros_),
        cause=ALIKE,
        twin="transformer-songs-as-bert",
        also=("vanishing-gradient", "stalled-layer", "exploding-activation", "dead-units"),
    ),
    faulty(
        "transformer-songs-at-a-seventh",
        "unstable-updates",
        lambda: bert(normal(0.08), lr=0.15),
        cause=STEP,
        twin="transformer-songs-as-bert",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-songs-first-sees-nothing",
        "non-finite",
        lambda: sung(Layer(), hidden=causal(diagonal=0)),
        cause=OPERATION + MASKED,
        twin="transformer-songs-each-sees-itself",
    ),
    faulty(
        "transformer-songs-six-bare-by-normal",
        "exploding-activation",
        lambda: bare(normal(0.5)),
        cause=GROWTH,
        twin="transformer-songs-six-bare-small",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "transformer-tiles-in-bytes",
        "unscaled-input",
        lambda: patched(255.0, Layer(), Layer()),
        cause=INPUT + "|scale",
        twin="transformer-tiles-in-patches",
        also=("exploding-activation", "unstable-updates", "vanishing-gradient"),
    ),
)
