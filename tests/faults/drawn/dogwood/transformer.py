"""Transformers over words of subtitles, and over lamps of lighthouses."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make
from tests.faults.drawn.dogwood.tasks import LIGHTS, LINE, WORDS, flashes, subtitles
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    STEP,
    Fill,
    Warmed,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH, HEADS = 32, 4


def layer_norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


class Layer(nn.Module):
    """Attention over what came before, two layers, and a norm before each or none."""

    def __init__(
        self, activation: Make = nn.GELU, norm: Make = layer_norm, *, is_causal: bool = True
    ) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.one, self.two, self.is_causal = norm(), norm(), is_causal

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.ask(self.one(x)).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        said = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        x = x + self.mix(said.transpose(1, 2).flatten(2))
        out: Tensor = x + self.feed(self.two(x))
        return out


class Writer(nn.Module):
    """Words in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, words: int = WORDS) -> None:
        super().__init__()
        self.word, self.place = nn.Embedding(words, WIDTH), nn.Embedding(LINE, WIDTH)
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, WORDS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.word(x) + self.place.weight))
        return out


def plain(fill: Fill, lr: float = 3e-3) -> Job:
    """Three layers of rectifiers without a norm, filled in one way."""
    model = Writer(*(Layer(nn.ReLU, nn.Identity) for _ in range(3)))
    return trained(filled(model, fill), subtitles(), Adam, lr=lr)


class Watcher(nn.Module):
    """Light at moments in, the lighthouse out, by a word of its own that looks at all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(1, WIDTH), nn.Linear(WIDTH, LIGHTS)
        self.word = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.place = nn.Parameter(0.5 * torch.randn(15, WIDTH))
        self.layers = nn.Sequential(*(Layer(is_causal=False) for _ in range(2)))

    def forward(self, x: Tensor) -> Tensor:
        said = torch.cat([self.word.expand(len(x), 1, -1), self.enter(x)], 1) + self.place
        out: Tensor = self.last(self.layers(said)[:, 0])
        return out


def watched(fill: Fill) -> Job:
    return trained(filled(Watcher(), fill), flashes(), AdamW, lr=4e-3)


# Healthy trainings that look odd


def hidden(model: nn.Module, batch: Batch) -> Tensor:
    """One word in four is hidden by a word of its own, and is to be told (Devlin et al., 2019)."""
    x = batch[0]
    where = (torch.arange(x.numel()).view_as(x) * 7 + x[0, 0]) % 4 == 0
    said = model(torch.where(where, WORDS, x))
    return F.cross_entropy(said[where], x[where])


def warmed_up() -> Job:
    """Norms after the sums, in three layers of torch, whose rate rises for thirty steps."""
    layers = [nn.TransformerEncoderLayer(WIDTH, HEADS, 64, 0.0, batch_first=True) for _ in range(3)]
    return trained(Writer(Past(layers)), subtitles(), Warmed, lr=6e-3, steps=30)


class Past(nn.Module):
    """Layers of torch that see no word that is later."""

    def __init__(self, layers: list[nn.TransformerEncoderLayer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.register_buffer("later", nn.Transformer.generate_square_subsequent_mask(LINE))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, src_mask=self.later)
        return x


programs = (
    healthy("transformer-subtitles-plain-by-tenths", lambda: plain(normal(0.1))),
    healthy("transformer-flashes-word-that-looks", lambda: watched(normal(0.15))),
    healthy(
        "transformer-subtitles-one-in-four-hidden",
        lambda: trained(
            Writer(Layer(is_causal=False), words=WORDS + 1), subtitles(40), Adam, hidden, lr=1e-2
        ),
    ),
    healthy("transformer-subtitles-normed-after-warmed", warmed_up),
    faulty(
        "transformer-flashes-word-and-one-number",
        "symmetric-units",
        lambda: watched(constant(0.05)),
        cause=ALIKE,
        twin="transformer-flashes-word-that-looks",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-subtitles-plain-at-a-tenth",
        "unstable-updates",
        lambda: plain(normal(0.1), 0.1),
        cause=STEP,
        twin="transformer-subtitles-plain-by-tenths",
        also=(
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "dead-units",
            "stalled-layer",
        ),
    ),
    faulty(
        "transformer-subtitles-plain-by-units",
        "exploding-gradient",
        lambda: plain(normal(0.8)),
        cause=GROWTH,
        twin="transformer-subtitles-plain-by-tenths",
        also=("exploding-activation", "unstable-updates", "vanishing-gradient", "dead-units"),
    ),
)
