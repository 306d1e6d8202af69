"""Transformers over lines of poems and over parts of a radio wave."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, xavier
from tests.faults.eighth.making import ALIKE, GROWTH, INPUT, STEP, Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import LINE, SIGNALS, WORDS, poems, radio
from tests.faults.tasks import generator
from tests.faults.tenth.making import OPERATION

WIDTH, HEADS = 32, 4
SKIPPED = -100  # the label of a word that is not to be guessed


def norm() -> nn.Module:
    return nn.LayerNorm(WIDTH)


class Look(nn.Module):
    """Each looks at those before it, or at all: by softmax, or by products alone, over their sum or not."""

    def __init__(self, way: str = "softmax", *, is_causal: bool = True) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.way, self.is_causal = way, is_causal

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = self.ask(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        if self.way == "softmax":
            found = F.scaled_dot_product_attention(q, k, v, is_causal=self.is_causal)
        else:
            scores = ((F.elu(q) + 1) @ (F.elu(k) + 1).mT).tril()
            scores = scores / scores.sum(-1, keepdim=True) if self.way == "shares" else scores
            found = scores @ v
        out: Tensor = self.mix(found.transpose(1, 2).flatten(2))
        return out


class Layer(nn.Module):
    """A look and two linear layers, with norms before both or none."""

    def __init__(self, look: nn.Module | None = None, activation: Make = nn.GELU, norm: Make = norm) -> None:
        super().__init__()
        self.look = look or Look()
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(norm() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.look(self.norms[0](x))
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Poet(nn.Module):
    """Words in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, words: int = WORDS) -> None:
        super().__init__()
        self.word, self.place = nn.Embedding(words, WIDTH), nn.Parameter(0.3 * torch.randn(LINE, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, WORDS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.word(x) + self.place))
        return out


def written(model: nn.Module, lr: float = 5e-3, kind: Any = Adam, **settings: Any) -> Job:
    return trained(model, poems(), kind, lr=lr, **settings)


def hidden() -> list[Batch]:
    """Lines of which some words are hidden by one more, and what they were; in some batches none is."""
    draw = generator(1721)
    batches: list[Batch] = []
    for place, (x, _) in enumerate(poems(batch=40)):
        is_hidden = (torch.rand(x.shape, generator=draw) < 0.2) & (place % 9 != 8)
        batches.append((x.where(~is_hidden, WORDS), x.where(is_hidden, SKIPPED)))
    return batches


class Guessed:
    """The error on hidden words: over how many there are, or over at least one."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        missed = F.cross_entropy(model(x).flatten(0, 1), y.flatten(), ignore_index=SKIPPED, reduction="sum")
        return missed / (y != SKIPPED).sum().clamp(min=self.least)


def guessed(least: float) -> Job:
    model = Poet(Layer(Look(is_causal=False)), Layer(Look(is_causal=False)), words=WORDS + 1)
    nn.init.normal_(model.place)
    return trained(model, hidden(), Adam, Guessed(least), lr=1e-2)


def by_products(way: str) -> Job:
    return written(Poet(*(Layer(Look(way), norm=nn.Identity) for _ in range(3))), 3e-3)


class Rising(Adam):
    """A rate that rises for twelve steps and falls as a root: by a power of the width (Vaswani, 2017)."""

    def __init__(self, parameters: Any, lr: float, power: float) -> None:
        group = {"params": list(parameters), "full": lr * WIDTH**power, "taken": 0}
        super().__init__([group], lr=lr, betas=(0.9, 0.98), eps=1e-9)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            group["taken"] += 1
            group["lr"] = group["full"] * min(group["taken"] ** -0.5, group["taken"] * 12**-1.5)
        return super().step(closure)


class Hearer(nn.Module):
    """Steps of a wave in, how it was modulated out; the mean over all steps is read."""

    def __init__(self, *layers: nn.Module, enter: nn.Module | None = None, length: int = 16) -> None:
        super().__init__()
        self.enter = enter or nn.Linear(2, WIDTH)
        self.place = nn.Parameter(0.2 * torch.randn(length, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, SIGNALS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.enter(x) + self.place).mean(1))
        return out


def heard(model: nn.Module, scale: float = 1.0, lr: float = 8e-3) -> Job:
    """Samples of unit size, or as the card gives them, in whole numbers of sixteen bits."""
    return trained(model, seen_through(lambda x: x * scale, radio()), Adam, lr=lr)


def both_ways() -> nn.Module:
    return Layer(Look(is_causal=False), nn.ReLU)


def heard_by(fill: Fill) -> Job:
    return heard(filled(Hearer(both_ways(), both_ways()), fill))


def over_width(weight: Tensor) -> None:
    """All weights are one over the number of inputs, so that each unit begins as their mean."""
    nn.init.constant_(weight, 1 / weight.shape[1])


# Healthy trainings that look odd


class Turned(nn.Module):
    """Questions and keys are turned by their places (Su et al., 2021); both are made of length one."""

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH, bias=False), nn.Linear(WIDTH, WIDTH)
        angle = torch.arange(LINE)[:, None] / 30 ** (torch.arange(4) / 4)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())
        self.sharp = nn.Parameter(torch.tensor(6.0))

    def turn(self, x: Tensor) -> Tensor:
        one, other = F.normalize(x, dim=-1).chunk(2, -1)
        return torch.cat([one * self.cos - other * self.sin, one * self.sin + other * self.cos], -1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.ask(x).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        scores = self.sharp * self.turn(q) @ self.turn(k).mT
        scores = scores.masked_fill(torch.ones(LINE, LINE, dtype=torch.bool).triu(1), -math.inf)
        out: Tensor = self.mix((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        return out


class Asked(nn.Module):
    """A vector of its own, which starts at 0, asks all steps what to read."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.who = nn.Linear(8, WIDTH), nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.look = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.place, self.last = nn.Parameter(0.2 * torch.randn(4, WIDTH)), nn.Linear(WIDTH, SIGNALS)

    def forward(self, x: Tensor) -> Tensor:
        steps = F.gelu(self.enter(x.reshape(len(x), 4, 8)) + self.place)
        out: Tensor = self.last(self.look(self.who.expand(len(x), 1, WIDTH), steps, steps)[0][:, 0])
        return out


class Capped(Poet):
    """Logits that a hyperbolic tangent keeps between -12 and 12, and no norm after the layers."""

    def forward(self, x: Tensor) -> Tensor:
        return 12 * torch.tanh(super().forward(x) / 12)


class Squared(nn.Module):
    """The square of what is above 0 (So et al., 2021)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu().square()


def fixed_words() -> Job:
    """Vectors of words are fixed by design, as they came from elsewhere; the output has its own."""
    model = Poet(Layer(), Layer())
    model.word.weight.requires_grad_(False)
    return written(model, 6e-3, AdamW)


def smoothed(model: nn.Module, batch: Batch) -> Tensor:
    """A tenth of each label is shared among all words, and the greatest logits cost a little."""
    said = model(batch[0]).flatten(0, 1)
    missed = F.cross_entropy(said, batch[1].flatten(), label_smoothing=0.1)
    return missed + 1e-3 * said.logsumexp(1).square().mean()


programs = (
    healthy("transformer-poems-some-hidden-one-at-least", lambda: guessed(1.0)),
    healthy("transformer-poems-products-over-sum", lambda: by_products("shares")),
    healthy("transformer-poems-rate-over-root", lambda: written(Poet(Layer(), Layer()), 0.12, Rising, power=-0.5)),
    healthy("transformer-radio-of-unit-size", lambda: heard(Hearer(both_ways()))),
    healthy("transformer-radio-two-by-glorot", lambda: heard_by(xavier)),
    healthy("transformer-poems-turned-by-place", lambda: written(Poet(Layer(Turned()), Layer(Turned())), 6e-3)),
    healthy("transformer-radio-asked-by-one", lambda: heard(Asked(), lr=1e-2)),
    healthy("transformer-poems-logits-capped", lambda: written(Capped(Layer()), 8e-3)),
    healthy("transformer-poems-squares-of-rectified", lambda: written(Poet(Layer(activation=Squared)), 8e-3)),
    healthy("transformer-poems-words-fixed", fixed_words),
    healthy(
        "transformer-poems-labels-shared", lambda: trained(Poet(Layer()), poems(), AdamW, smoothed, lr=8e-3)
    ),
    faulty(
        "transformer-poems-none-hidden-in-some",
        "non-finite",
        lambda: guessed(0.0),
        cause=OPERATION + "|mask|label|target|empty|count|ignore",
        twin="transformer-poems-some-hidden-one-at-least",
    ),
    faulty(
        "transformer-poems-products-as-they-are",
        "exploding-activation",
        lambda: by_products("products"),
        cause=GROWTH + "|attention|scale|sum|softmax",
        twin="transformer-poems-products-over-sum",
        also=("exploding-gradient", "unstable-updates", "non-finite"),
    ),
    faulty(
        "transformer-poems-rate-times-root",
        "unstable-updates",
        lambda: written(Poet(Layer(), Layer()), 0.12, Rising, power=0.5),
        cause=STEP + "|schedul|warm",
        twin="transformer-poems-rate-over-root",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-radio-in-sixteen-bits",
        "unscaled-input",
        lambda: heard(Hearer(both_ways()), 9000.0),
        cause=INPUT + "|scale",
        twin="transformer-radio-of-unit-size",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-radio-two-of-means",
        "symmetric-units",
        lambda: heard_by(over_width),
        cause=ALIKE,
        twin="transformer-radio-two-by-glorot",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "exploding-activation"),
    ),
)
