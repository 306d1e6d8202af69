"""Transformers that read comic strips and rooms: which frame comes next, how warm it will be."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy, squared_error, xavier
from tests.faults.drawn.elder.tasks import FRAMES, OWLS, STRIP, heating, hoots, strips
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    STEP,
    UNDEFINED,
    Fill,
    Loss,
    Warmed,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH, HEADS = 32, 4


class Layer(nn.Module):
    """Attention and two linear layers, each added to what came in, with a norm before both or none."""

    def __init__(self, norm: Make = nn.Identity, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.mix, self.one, self.two = nn.Linear(WIDTH, WIDTH), norm(), norm()
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))

    def forward(self, x: Tensor, *, is_causal: bool = False) -> Tensor:
        inner = self.one(x)
        asked = [
            of(inner).unflatten(-1, (HEADS, -1)).transpose(1, 2) for of in (self.query, self.key, self.value)
        ]
        seen = F.scaled_dot_product_attention(asked[0], asked[1], asked[2], is_causal=is_causal)
        x = x + self.mix(seen.transpose(1, 2).flatten(2))
        out: Tensor = x + self.feed(self.two(x))
        return out


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


class Strip(nn.Module):
    """Frames in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, end: Make = nn.Identity) -> None:
        super().__init__()
        self.frame, self.place = nn.Embedding(FRAMES, WIDTH), nn.Embedding(STRIP, WIDTH)
        self.layers, self.end, self.last = nn.ModuleList(layers), end(), nn.Linear(WIDTH, FRAMES)

    def forward(self, x: Tensor) -> Tensor:
        said = self.frame(x) + self.place.weight
        for layer in self.layers:
            said = layer(said, is_causal=True)
        out: Tensor = self.last(self.end(said))
        return out


def drawn_by(fill: Fill, layers: int = 2) -> Job:
    """Layers without a norm, all their weights drawn in one way."""
    return trained(filled(Strip(*(Layer() for _ in range(layers))), fill), strips(), Adam, lr=4e-3)


def at_rate(lr: float) -> Job:
    """A small GPT of a tutorial."""
    model = Strip(*(Layer(norm, nn.GELU) for _ in range(2)), end=norm)
    return trained(model, strips(), AdamW, lr=lr)


class Diverged:
    """How far what is said is from the next frame, which is nine tenths sure, by a formula of one's own.

    The frame that is there now never comes again by rule, and is given no share at all.
    """

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        next_one, now = F.one_hot(y, FRAMES).float(), F.one_hot(x, FRAMES).float()
        wanted = 0.9 * next_one + 0.1 * (1 - now) * (1 - next_one) / (FRAMES - 2)
        far = wanted * (wanted.clamp(min=self.least).log() - model(x).log_softmax(-1))
        return far.sum(-1).mean()


def diverged(loss: Loss) -> Job:
    return trained(Strip(Layer(norm)), strips(), Adam, loss, lr=6e-3)


# Healthy trainings that look odd


class Reader(nn.Module):
    """Numbers at hours in, one answer out, from a token of its own that is put before them."""

    def __init__(self, inputs: int, outputs: int, length: int, *layers: nn.Module) -> None:
        super().__init__()
        self.enter, self.token = nn.Linear(inputs, WIDTH), nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        at = torch.arange(length + 1)[:, None] / 100.0 ** (torch.arange(0, WIDTH, 2) / WIDTH)
        self.register_buffer("place", torch.cat([at.sin(), at.cos()], 1))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        said = torch.cat([self.token.expand(len(x), -1, -1), self.enter(x)], 1) + self.place
        out: Tensor = self.last(self.layers(said)[:, 0])
        return out


class Hidden:
    """One frame in four is covered, and only those are to be told (Devlin et al., 2019)."""

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, _ = batch
        is_hidden = (torch.arange(STRIP) + x[:, :1]) % 4 == 1
        said = model(torch.where(is_hidden, FRAMES, x))
        return F.cross_entropy(said[is_hidden], x[is_hidden])


class Covered(nn.Module):
    """Both sides of a frame are read; the table has one row more, for what is covered."""

    def __init__(self) -> None:
        super().__init__()
        self.frame, self.place = nn.Embedding(FRAMES + 1, WIDTH), nn.Embedding(STRIP, WIDTH)
        self.layers, self.last = nn.Sequential(Layer(norm), Layer(norm)), nn.Linear(WIDTH, FRAMES)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.frame(x) + self.place.weight))
        return out


def by_torch() -> Job:
    """Torch's layers with norms behind the sums, whose rate rises for twenty steps."""
    layers = [nn.TransformerEncoderLayer(WIDTH, HEADS, 48, 0.0, "gelu", batch_first=True) for _ in range(2)]
    return trained(Reader(4, OWLS, 16, *layers), hoots(), Warmed, cross_entropy, lr=6e-3, steps=20)


def small_ends() -> Job:
    """Weights of two hundredths, and of less where they are added, as GPT-2 has them."""
    layers = [Layer(norm, nn.GELU) for _ in range(3)]
    model = filled(Strip(*layers, end=norm), normal(0.02))
    for layer in layers:
        for part in (layer.mix, layer.feed[-1]):
            nn.init.normal_(part.weight, std=0.02 / math.sqrt(6))  # type: ignore[arg-type]
    return trained(model, strips(), AdamW, lr=5e-3, betas=(0.9, 0.95), weight_decay=0.1)


programs = (
    healthy("transformer-strips-two-by-glorot", lambda: drawn_by(xavier)),
    healthy("transformer-strips-rate-of-a-tutorial", lambda: at_rate(4e-3)),
    healthy("transformer-strips-divergence-with-floor", lambda: diverged(Diverged(1e-6))),
    healthy(
        "transformer-strips-covered-frames", lambda: trained(Covered(), strips(28), Adam, Hidden(), lr=8e-3)
    ),
    healthy("transformer-hoots-by-torch-warmed", by_torch),
    healthy("transformer-strips-small-ends", small_ends),
    healthy(
        "transformer-rooms-token-in-front",
        lambda: trained(Reader(3, 1, 12, Layer(norm, nn.SiLU)), heating(), Adam, squared_error, lr=8e-3),
    ),
    faulty(
        "transformer-strips-two-of-one-number",
        "symmetric-units",
        lambda: drawn_by(constant(0.2)),
        cause=ALIKE,
        twin="transformer-strips-two-by-glorot",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "transformer-strips-two-by-randn",
        "exploding-activation",
        lambda: drawn_by(normal(1.0)),
        cause=GROWTH,
        twin="transformer-strips-two-by-glorot",
        also=("exploding-gradient", "unstable-updates", "vanishing-gradient", "dead-units"),
    ),
    faulty(
        "transformer-strips-rate-of-three-tenths",
        "unstable-updates",
        lambda: at_rate(0.3),
        cause=STEP,
        twin="transformer-strips-rate-of-a-tutorial",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-strips-divergence-by-hand",
        "non-finite",
        lambda: diverged(Diverged(0.0)),
        cause=UNDEFINED + "|target|label",
        twin="transformer-strips-divergence-with-floor",
    ),
)
