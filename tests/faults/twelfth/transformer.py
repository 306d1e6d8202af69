"""Transformers that spell names, with torch's attention."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy, xavier
from tests.faults.eighth.making import (
    ALIKE,
    RATE,
    STEP,
    Fill,
    Warmed,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.report.making import refilled
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import MASKED
from tests.faults.twelfth.tasks import LETTERS, NAME, names

WIDTH, HEADS = 32, 4


class Layer(nn.Module):
    """Attention of torch and two linear layers, normalised before, after, or not at all."""

    def __init__(self, activation: Make = nn.GELU, norm: str = "before", dropped: float = 0.0) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if norm else nn.Identity() for _ in range(2))
        self.drop, self.norm = nn.Dropout(dropped), norm

    def attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        out: Tensor = self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]
        return out

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.norm == "after":
            x = self.norms[0](x + self.drop(self.attend(x, mask)))
            return self.norms[1](x + self.drop(self.feed(x)))  # type: ignore[no-any-return]
        x = x + self.drop(self.attend(self.norms[0](x), mask))
        return x + self.drop(self.feed(self.norms[1](x)))  # type: ignore[no-any-return]


def causal() -> Tensor:
    return torch.full((NAME, NAME), -torch.inf).triu(1)


def by_product(far: float) -> Tensor:
    """What is hidden is told by 1, times a number far below; of minus infinity, 0 times it is none."""
    return torch.ones(NAME, NAME).triu(1) * far


class Speller(nn.Module):
    """Letters in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, mask: Tensor | None = None, is_tied: bool = False) -> None:
        super().__init__()
        self.letter, self.place = nn.Embedding(LETTERS, WIDTH), nn.Embedding(NAME, WIDTH)
        self.layers, self.last = nn.ModuleList(layers), nn.Linear(WIDTH, LETTERS)
        self.mask = causal() if mask is None else mask
        if is_tied:
            nn.init.normal_(self.letter.weight, std=WIDTH**-0.5)
            self.last.weight = self.letter.weight

    def forward(self, x: Tensor) -> Tensor:
        said = self.letter(x) + self.place.weight
        for layer in self.layers:
            said = layer(said, self.mask)
        out: Tensor = self.last(said)
        return out


def spelled(*layers: nn.Module, lr: float = 5e-3, mask: Tensor | None = None) -> Job:
    return trained(Speller(*layers, mask=mask), names(), Adam, lr=lr)


def all_by(fill: Fill, lr: float = 6e-3) -> Job:
    """Every matrix and table is filled in one way."""
    model = filled(refilled(Speller(Layer(nn.ReLU), Layer(nn.ReLU)), fill), fill)
    return trained(model, names(), Adam, lr=lr)


def of_all(*, is_all: bool) -> Job:
    """The optimiser knows the model, or only what was there before places and layers were put in."""
    model = Speller(Layer(norm=""))
    refilled(model, normal(0.1))
    some = [*model.letter.parameters(), *model.last.parameters()]
    known = [*model.parameters()] if is_all else some
    return Job(model, Adam(known, lr=6e-3), names(), cross_entropy)


class Ranked(nn.Module):
    """A fixed linear layer and a product of two thin ones that learn beside it (Hu et al., 2022)."""

    def __init__(self, fixed: nn.Linear) -> None:
        super().__init__()
        self.fixed = fixed.requires_grad_(False)
        self.down, self.up = (
            nn.Linear(fixed.in_features, 6, bias=False),
            nn.Linear(6, fixed.out_features, bias=False),
        )
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fixed(x) + 2 * self.up(self.down(x))
        return out


def ranked() -> Job:
    """Only thin products and the head are tuned."""
    layer = Layer()
    layer.feed[0], layer.feed[2] = Ranked(layer.feed[0]), Ranked(layer.feed[2])  # type: ignore[arg-type]
    layer.attention.requires_grad_(False)
    return trained(Speller(layer), names(), AdamW, lr=2e-2)


programs = (
    healthy("transformer-names-product-far-below", lambda: spelled(Layer(), mask=by_product(-1e9))),
    healthy("transformer-names-all-by-glorot", lambda: all_by(xavier)),
    healthy("transformer-names-layers-known", lambda: of_all(is_all=True)),
    healthy("transformer-names-thin-products", ranked),
    healthy(
        "transformer-names-tied", lambda: trained(Speller(Layer(), is_tied=True), names(), Adam, lr=8e-3)
    ),
    healthy(
        "transformer-names-after-and-warmed",
        lambda: trained(
            Speller(*(Layer(norm="after") for _ in range(3))), names(), Warmed, lr=5e-3, steps=20
        ),
    ),
    healthy(
        "transformer-names-a-quarter-dropped",
        lambda: trained(Speller(Layer(dropped=0.25)), names(), AdamW, lr=8e-3),
    ),
    faulty(
        "transformer-names-product-of-infinity",
        "non-finite",
        lambda: spelled(Layer(), mask=by_product(-torch.inf)),
        cause=OPERATION + MASKED,
        twin="transformer-names-product-far-below",
    ),
    faulty(
        "transformer-names-rate-of-a-seventh",
        "unstable-updates",
        lambda: all_by(xavier, lr=0.15),
        cause=STEP,
        twin="transformer-names-all-by-glorot",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-names-all-of-one-number",
        "symmetric-units",
        lambda: all_by(constant(0.02)),
        cause=ALIKE,
        twin="transformer-names-all-by-glorot",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "transformer-names-layers-not-known",
        "stalled-layer",
        lambda: of_all(is_all=False),
        cause=RATE,
        twin="transformer-names-layers-known",
    ),
)
