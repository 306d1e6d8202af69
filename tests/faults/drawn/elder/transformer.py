"""Transformers that read comic strips and hear owls."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy, xavier
from tests.faults.drawn.elder.tasks import FRAMES, OWLS, STRIP, hoots, strips
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    STEP,
    UNDEFINED,
    Fill,
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


def drawn_by(fill: Fill) -> Job:
    """Two layers without a norm, all their weights drawn in one way."""
    model = Strip(Layer(), Layer())
    for table in (model.frame, model.place):
        nn.init.normal_(table.weight, std=0.4)
    return trained(filled(model, fill), strips(), Adam, lr=4e-3)


class Diverged:
    """How far what is said is from the next frame, by the formula of the divergence; shares have a floor."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        wanted = F.one_hot(batch[1], FRAMES).float()
        far: Tensor = wanted * (wanted.clamp(min=self.least).log() - model(batch[0]).log_softmax(-1))
        return far.sum(-1).mean()


def diverged(least: float, lr: float = 4e-3) -> Job:
    """A small GPT of a tutorial."""
    model = Strip(*(Layer(norm, nn.GELU) for _ in range(2)), end=norm)
    return trained(model, strips(), AdamW, Diverged(least), lr=lr)


# Healthy trainings that look odd


class Reader(nn.Module):
    """Numbers at hours in, one answer out, from a token of its own that is put before them."""

    place: Tensor

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
        is_hidden = (torch.arange(STRIP) + torch.arange(len(x))[:, None]) % 4 == 1
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


programs = (
    healthy("transformer-strips-two-by-glorot", lambda: drawn_by(xavier)),
    healthy("transformer-strips-divergence-with-floor", lambda: diverged(1e-6)),
    healthy(
        "transformer-strips-covered-frames", lambda: trained(Covered(), strips(28), Adam, Hidden(), lr=8e-3)
    ),
    healthy("transformer-hoots-by-torch-warmed", by_torch),
    faulty(
        "transformer-strips-two-of-one-number",
        "symmetric-units",
        lambda: drawn_by(constant(0.2)),
        cause=ALIKE,
        twin="transformer-strips-two-by-glorot",
        also=("exploding-activation", "exploding-gradient", "dead-units", "vanishing-gradient"),
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
        lambda: diverged(1e-6, 0.3),
        cause=STEP,
        twin="transformer-strips-divergence-with-floor",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-strips-divergence-by-hand",
        "non-finite",
        lambda: diverged(0.0),
        cause=UNDEFINED + "|target|label",
        twin="transformer-strips-divergence-with-floor",
    ),
)
