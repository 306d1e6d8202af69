"""Transformers over tunes and over keys that are hit."""

import math

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, xavier
from tests.faults.drawn.alder.tasks import JINGLE, NOTES, TYPISTS, jingles, keystrokes, openings
from tests.faults.eighth.making import ALIKE, Fill, Warmed, constant, filled, normal, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 32, 4


class Layer(nn.Module):
    """Attention and two linear layers, each after a norm and with a way past it."""

    def __init__(self, activation: Make = nn.GELU) -> None:
        super().__init__()
        self.key, self.query, self.value = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(3))
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def attend(self, x: Tensor, far: Tensor | None) -> Tensor:
        parts = (
            layer(x).unflatten(2, (HEADS, -1)).transpose(1, 2) for layer in (self.key, self.query, self.value)
        )
        key, query, value = parts
        scores = query @ key.mT / math.sqrt(WIDTH / HEADS)
        scores = scores if far is None else scores.masked_fill(far, -math.inf)
        out: Tensor = self.mix((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor, far: Tensor | None = None) -> Tensor:
        x = x + self.attend(self.norms[0](x), far)
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Bard(nn.Module):
    """Notes in, the logits of each next one out; what comes later is hidden."""

    def __init__(self, *layers: nn.Module, is_turned: bool = False) -> None:
        super().__init__()
        self.note, self.place = nn.Embedding(NOTES, WIDTH), nn.Embedding(JINGLE, WIDTH)
        self.layers, self.last = nn.ModuleList(layers), nn.Linear(WIDTH, NOTES)
        seen = torch.ones(JINGLE, JINGLE, dtype=torch.bool).tril(-1 if is_turned else 0)
        self.register_buffer("far", ~seen)

    def forward(self, x: Tensor) -> Tensor:
        said = self.note(x) + self.place.weight
        for layer in self.layers:
            said = layer(said, self.far)
        out: Tensor = self.last(said)
        return out


def two(lr: float = 4e-3, *, is_turned: bool = False) -> Job:
    """Two layers that are drawn with a deviation of a tenth."""
    model = Bard(Layer(nn.ReLU), Layer(nn.ReLU), is_turned=is_turned)
    return trained(filled(model, normal(0.1)), jingles(), Adam, lr=lr)


class Asked(nn.Module):
    """A token of its own stands before the steps and is read at the end (Devlin et al., 2019)."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.enter = nn.Linear(4, WIDTH)
        self.own, self.place = (
            nn.Parameter(torch.zeros(1, 1, WIDTH)),
            nn.Parameter(0.2 * torch.randn(17, WIDTH)),
        )
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, TYPISTS)

    def forward(self, x: Tensor) -> Tensor:
        said = torch.cat([self.own.expand(len(x), 1, -1), self.enter(x)], 1)
        out: Tensor = self.last(self.layers(said + self.place[: said.shape[1]])[:, 0])
        return out


def told_apart(fill: Fill) -> Job:
    """Every layer is drawn in one way."""
    return trained(filled(Asked(Layer(nn.ReLU)), fill), openings(), Adam, lr=5e-3)


# Healthy trainings that look odd


class Again(nn.Module):
    """One layer is run three times (Dehghani et al., 2019), and waves tell the places."""

    def __init__(self) -> None:
        super().__init__()
        self.note, self.layer = nn.Embedding(NOTES, WIDTH), Layer()
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, NOTES)
        slow = 10 ** (-torch.arange(WIDTH // 2) / 6)
        at = torch.arange(JINGLE)[:, None] * slow
        self.register_buffer("place", torch.cat([at.sin(), at.cos()], 1))
        self.register_buffer("far", torch.ones(JINGLE, JINGLE, dtype=torch.bool).triu(1))

    def forward(self, x: Tensor) -> Tensor:
        said = self.note(x) + self.place
        for _ in range(3):
            said = self.layer(said, self.far)
        out: Tensor = self.last(self.norm(said))
        return out


def of_torch() -> Job:
    layers = [
        nn.TransformerEncoderLayer(WIDTH, HEADS, 64, 0.1, "gelu", batch_first=True, norm_first=True)
        for _ in range(2)
    ]
    return trained(Asked(*layers), keystrokes(), Warmed, lr=5e-3, steps=20)


programs = (
    healthy("transformer-shortcuts-each-drawn", lambda: told_apart(xavier)),
    healthy("transformer-jingles-two-of-tenths", lambda: two()),
    healthy("transformer-jingles-one-layer-thrice", lambda: trained(Again(), jingles(), AdamW, lr=6e-3)),
    healthy("transformer-keystrokes-token-by-torch", of_torch),
    faulty(
        "transformer-jingles-mask-off-by-one",
        "non-finite",
        lambda: two(is_turned=True),
        cause=OPERATION + MASKED,
        twin="transformer-jingles-two-of-tenths",
    ),
    faulty(
        "transformer-shortcuts-all-of-one-number",
        "symmetric-units",
        lambda: told_apart(constant(0.03)),
        cause=ALIKE,
        twin="transformer-shortcuts-each-drawn",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "transformer-jingles-feeds-driven-out",
        "dead-units",
        lambda: two(0.1),
        cause=DRIVEN,
        twin="transformer-jingles-two-of-tenths",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
