"""Transformers that cook: what goes into a pot next, and which of four words was said."""

import math

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error, xavier
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    STEP,
    Fill,
    Warmed,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.fourteenth.tasks import INGREDIENTS, RECIPE, SONGS, birdsong, glucose, recipes
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 32, 4


class Layer(nn.Module):
    """Attention by hand and two linear layers, with norms before both or none."""

    def __init__(self, activation: Make = nn.GELU, *, norm: Make = nn.Identity, hidden: float = -1e9) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms, self.hidden = nn.ModuleList(norm() for _ in range(2)), hidden

    def attend(self, x: Tensor, far: Tensor | None) -> Tensor:
        batch, length, _ = x.shape
        asked = self.ask(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = asked[0] @ asked[1].mT / math.sqrt(WIDTH / HEADS)
        scores = scores if far is None else scores.masked_fill(far, self.hidden)
        out: Tensor = self.mix((scores.softmax(-1) @ asked[2]).transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor, far: Tensor | None = None) -> Tensor:
        x = x + self.attend(self.norms[0](x), far)
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


class Cook(nn.Module):
    """Ingredients in, the logits of each next one out; what comes later is hidden."""

    def __init__(self, *layers: nn.Module, from_: int = 1, is_tied: bool = False) -> None:
        super().__init__()
        self.thing, self.place = nn.Embedding(INGREDIENTS, WIDTH), nn.Embedding(RECIPE, WIDTH)
        self.layers, self.last = nn.ModuleList(layers), nn.Linear(WIDTH, INGREDIENTS)
        self.far = torch.ones(RECIPE, RECIPE, dtype=torch.bool).triu(from_)
        if is_tied:
            nn.init.normal_(self.thing.weight, std=WIDTH**-0.5)
            self.last.weight = self.thing.weight

    def forward(self, x: Tensor) -> Tensor:
        said = self.thing(x) + self.place.weight
        for layer in self.layers:
            said = layer(said, self.far)
        out: Tensor = self.last(said)
        return out


def cooked(model: nn.Module, lr: float = 5e-3, kind: type = Adam) -> Job:
    return trained(model, recipes(), kind, lr=lr)


def hidden(from_: int) -> Job:
    """What comes later is hidden by minus infinity; from 0 on, what is there now too: all from the first."""
    return cooked(Cook(Layer(hidden=-math.inf, norm=norm), from_=from_))


def filled_by(fill: Fill, norm: Make = nn.Identity, layers: int = 2, lr: float = 4e-3) -> Job:
    return cooked(filled(Cook(*(Layer(nn.ReLU, norm=norm) for _ in range(layers))), fill), lr)


class Listener(nn.Module):
    """Numbers at steps in, what they come to out: the last step is read, or the mean over all."""

    def __init__(self, inputs: int, outputs: int, *layers: nn.Module, is_mean: bool = False) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(inputs, WIDTH), nn.Parameter(0.3 * torch.randn(14, WIDTH))
        self.layers, self.last, self.is_mean = nn.Sequential(*layers), nn.Linear(WIDTH, outputs), is_mean

    def forward(self, x: Tensor) -> Tensor:
        said = self.layers(self.enter(x) + self.place)
        out: Tensor = self.last(said.mean(1) if self.is_mean else said[:, -1])
        return out


def sugared(unit: float, offset: float) -> Job:
    """Sugar about its mean on unit scale, or in milligrams; meals and doses as they are."""
    scale, shift = torch.tensor([unit, 1.0, 1.0]), torch.tensor([offset, 0.0, 0.0])
    batches = seen_through(lambda x: x * scale + shift, glucose())
    return trained(Listener(3, 1, Layer(norm=norm)), batches, Adam, squared_error, lr=5e-3)


# Healthy trainings that look odd


class Ranked(nn.Module):
    """A fixed linear layer, and a product of two thin ones beside it that starts at 0 (Hu et al., 2022)."""

    def __init__(self, fixed: nn.Linear) -> None:
        super().__init__()
        self.fixed = fixed.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(4, fixed.in_features) / 6)
        self.up = nn.Parameter(torch.zeros(fixed.out_features, 4))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fixed(x) + 2 * x @ self.down.T @ self.up.T
        return out


def ranked() -> Job:
    model = Cook(Layer(norm=norm), Layer(norm=norm))
    for layer in model.layers:
        layer.ask, layer.mix = Ranked(layer.ask), Ranked(layer.mix)  # type: ignore[arg-type]
        layer.feed.requires_grad_(False)
    return cooked(model, 1e-2, AdamW)


def of_torch() -> Job:
    """Torch's own layers, normed after the sums, with a rate that rises for 25 steps."""
    layers = [nn.TransformerEncoderLayer(WIDTH, HEADS, 64, dropout=0.1, batch_first=True) for _ in range(2)]
    return trained(Listener(5, SONGS, *layers, is_mean=True), birdsong(), Warmed, lr=6e-3, steps=25)


def partly_met() -> Job:
    """A table of 400 words, of which these recipes have twelve."""
    model = Cook(Layer(norm=norm))
    model.thing = nn.Embedding(400, WIDTH)
    return cooked(model, 6e-3)


programs = (
    healthy("transformer-recipes-first-sees-itself", lambda: hidden(1)),
    healthy("transformer-recipes-two-by-glorot", lambda: filled_by(xavier)),
    healthy("transformer-recipes-three-normed", lambda: filled_by(normal(0.15), norm, 3)),
    healthy("transformer-glucose-about-usual", lambda: sugared(1.0, 0.0)),
    healthy("transformer-recipes-thin-beside-fixed", ranked),
    healthy("transformer-birdsong-by-torch-warmed", of_torch),
    healthy("transformer-recipes-of-400-words", partly_met),
    healthy(
        "transformer-recipes-tied-and-normed", lambda: cooked(Cook(Layer(norm=norm), is_tied=True), 6e-3)
    ),
    faulty(
        "transformer-recipes-first-sees-nothing",
        "non-finite",
        lambda: hidden(0),
        cause=OPERATION + MASKED,
        twin="transformer-recipes-first-sees-itself",
    ),
    faulty(
        "transformer-recipes-two-of-one-number",
        "symmetric-units",
        lambda: filled_by(constant(0.05)),
        cause=ALIKE,
        twin="transformer-recipes-two-by-glorot",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "transformer-recipes-rate-of-a-tenth",
        "unstable-updates",
        lambda: filled_by(xavier, lr=0.15),
        cause=STEP,
        twin="transformer-recipes-two-by-glorot",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-recipes-feeds-driven-out",
        "dead-units",
        lambda: filled_by(normal(0.15), norm, 3, lr=0.1),
        cause=DRIVEN,
        twin="transformer-recipes-three-normed",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-recipes-two-of-unit-normals",
        "exploding-activation",
        lambda: filled_by(normal(1.0)),
        cause=GROWTH,
        twin="transformer-recipes-two-by-glorot",
        also=("exploding-gradient", "unstable-updates", "vanishing-gradient", "dead-units"),
    ),
    faulty(
        "transformer-glucose-in-milligrams",
        "unscaled-input",
        lambda: sugared(60.0, 150.0),
        cause=INPUT + "|scale|offset",
        twin="transformer-glucose-about-usual",
        also=("exploding-activation", "exploding-gradient", "unstable-updates", "vanishing-gradient"),
    ),
)
