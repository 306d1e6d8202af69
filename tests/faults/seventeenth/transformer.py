"""Transformers over lines of poems and over parts of a radio wave."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import xavier
from tests.faults.eighth.making import ALIKE, GROWTH, INPUT, STEP, Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.attention import WIDTH, Asked, Hearer, Layer, Look, Poet, Squared, Turned
from tests.faults.seventeenth.sequences import WORDS, poems, radio
from tests.faults.tasks import generator
from tests.faults.tenth.making import OPERATION

SKIPPED = -100  # the label of a word that is not to be guessed


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
        out: Tensor = missed / (y != SKIPPED).sum().clamp(min=self.least)
        return out


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


def heard(model: nn.Module, scale: float = 1.0, lr: float = 5e-3) -> Job:
    """Samples of unit size, or of that which a card gives them in sixteen bits."""
    return trained(model, seen_through(lambda x: x * scale, radio()), Adam, lr=lr)


def both_ways() -> nn.Module:
    return Layer(Look(is_causal=False), nn.ReLU)


def heard_by(fill: Fill, scale: float = 1.0) -> Job:
    return heard(filled(Hearer(both_ways(), both_ways()), fill), scale)


def over_width(weight: Tensor) -> None:
    """All weights are one over the number of inputs, so that each unit begins as their mean."""
    nn.init.constant_(weight, 1 / weight.shape[1])


def fixed_words() -> Job:
    """Vectors of words are fixed by design, as they came from elsewhere; the output has its own."""
    model = Poet(Layer(), Layer())
    model.word.weight.requires_grad_(False)
    return written(model, 6e-3, AdamW)


programs = (
    healthy("transformer-poems-some-hidden-one-at-least", lambda: guessed(1.0)),
    healthy("transformer-poems-products-over-sum", lambda: by_products("shares")),
    healthy(
        "transformer-poems-rate-over-root", lambda: written(Poet(Layer(), Layer()), 0.12, Rising, power=-0.5)
    ),
    healthy("transformer-radio-two-by-glorot", lambda: heard_by(xavier)),
    healthy(
        "transformer-poems-turned-by-place", lambda: written(Poet(Layer(Turned()), Layer(Turned())), 6e-3)
    ),
    healthy("transformer-radio-asked-by-one", lambda: heard(Asked(), lr=1e-2)),
    healthy("transformer-poems-squares-of-rectified", lambda: written(Poet(Layer(activation=Squared)), 8e-3)),
    healthy("transformer-poems-words-fixed", fixed_words),
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
        lambda: heard_by(xavier, 9000.0),
        cause=INPUT + "|scale",
        twin="transformer-radio-two-by-glorot",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-radio-two-of-means",
        "symmetric-units",
        lambda: heard_by(over_width),
        cause=ALIKE,
        twin="transformer-radio-two-by-glorot",
        also=("vanishing-gradient", "dead-units", "unstable-updates", "exploding-activation"),
    ),
)
