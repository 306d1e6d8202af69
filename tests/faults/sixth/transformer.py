"""Transformers that tag words and foresee demand."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy, squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import (
    ALIKE,
    CUT,
    DATA,
    DRAWN,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    WEIGHTS,
    Loss,
    PacedAdam,
    seen_through,
    trained,
    weighted,
)
from tests.faults.sixth.tasks import TAGS, VOCABULARY, demand, tagged

WIDTH = 24


class Block(nn.Module):
    """Attention of two heads and a feed-forward network, each beside a free way or in its place."""

    def __init__(
        self,
        activation: Make = nn.GELU,
        *,
        has_skip: bool = True,
        has_norm: bool = True,
        is_post: bool = False,
    ) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), activation(), nn.Linear(2 * WIDTH, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if has_norm else nn.Identity() for _ in range(2))
        self.has_skip, self.is_post = has_skip, is_post

    def attend(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(q, k, v)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor) -> Tensor:
        parts: tuple[Callable[[Tensor], Tensor], ...] = (self.attend, self.feed)
        for norm, part in zip(self.norms, parts, strict=True):
            x = norm(x + part(x)) if self.is_post else self.has_skip * x + part(norm(x))
        return x


class Tagger(nn.Module):
    """Vectors of words and places, blocks, and a tag of each word."""

    def __init__(self, blocks: int = 2, *, is_cut: bool = False, **settings: Any) -> None:
        super().__init__()
        self.word, self.place = nn.Embedding(VOCABULARY, WIDTH), nn.Parameter(0.5 * torch.randn(12, WIDTH))
        self.mix = nn.Linear(2 * WIDTH, WIDTH)
        self.blocks = nn.Sequential(*(Block(**settings) for _ in range(blocks)))
        self.head, self.is_cut = nn.Linear(WIDTH, TAGS), is_cut

    def forward(self, x: Tensor) -> Tensor:
        words = self.word(x)
        seen = self.mix(torch.cat([words, words.roll(1, 1)], -1)) + self.place
        if self.is_cut:
            seen = torch.tensor(seen.detach().numpy())
        out: Tensor = self.head(self.blocks(seen))
        return out


class Foresees(nn.Module):
    """Hours as tokens of two numbers, and what is used after the last one."""

    def __init__(self, blocks: int = 2, **settings: Any) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(2, WIDTH), nn.Parameter(0.1 * torch.randn(14, WIDTH))
        self.blocks = nn.Sequential(*(Block(**settings) for _ in range(blocks)))
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.blocks(self.enter(x) + self.place)[:, -1])
        return out


def tags(lr: float = 5e-3, loss: Loss = cross_entropy, **settings: Any) -> Job:
    return trained(Tagger(**settings), tagged(), Adam, loss, lr=lr)


def in_watts(*, is_scaled: bool) -> Job:
    """What was used, in watts about 52 000, and degrees, or both on unit scale."""

    def measured(x: Tensor) -> Tensor:
        return x if is_scaled else x * torch.tensor([8000.0, 9]) + torch.tensor([52000.0, 11])

    return trained(Foresees(), seen_through(measured, demand()), Adam, squared_error, lr=3e-3)


def known(least: float) -> Loss:
    """The mean over words whose tag is known; in some batches there is none."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        each = F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum", ignore_index=-100)
        out: Tensor = each / (y != -100).sum().clamp(min=least)
        return out

    return loss


def partly_known(least: float) -> Job:
    batches = [(x, y.clone()) for x, y in tagged()]
    for number, (_, y) in enumerate(batches):
        y[number % 3 :: 3] = -100
        if number in (11, 37):
            y[:] = -100
    return trained(Tagger(), batches, Adam, known(least), lr=1e-2)


def read(bias: tuple[float, float] | None = None, value: float | None = None, *, is_cut: bool = False) -> Job:
    """Tags of words; feed-forward networks may have biases drawn otherwise, or weights of one value."""
    model = Tagger(activation=nn.ReLU, is_cut=is_cut)
    for block in model.blocks:
        for layer in weighted(block.feed):  # type: ignore[arg-type]
            if value is not None:
                nn.init.constant_(layer.weight, value)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        if bias:
            nn.init.uniform_(block.feed[0].bias, *bias)  # type: ignore[index, union-attr]
    return trained(model, tagged(), Adam, cross_entropy, lr=1e-2)


def drawn(deviation: float) -> Job:
    """All matrices of five blocks without normalisation, of a deviation."""
    model = Foresees(5, has_norm=False)
    for layer in weighted(model)[1:-1]:
        nn.init.normal_(layer.weight, 0.0, deviation)
    return trained(model, demand(), AdamW, squared_error, lr=1e-3)


def noam(factor: float) -> Job:
    """The rate of the first transformer (Vaswani et al., 2017), with a slope of 30 steps, times a factor."""
    model = Tagger(3, is_post=True)
    paced = [factor * WIDTH**-0.5 * min(n**-0.5, n * 30**-1.5) for n in range(1, 61)]
    return Job(
        model, PacedAdam(model.parameters(), paced, betas=(0.9, 0.98), eps=1e-9), tagged(), cross_entropy
    )


programs = (
    healthy("transformer-ways-past", lambda: tags(blocks=5, activation=nn.Tanh)),
    healthy("transformer-demand-on-unit-scale", lambda: in_watts(is_scaled=True)),
    healthy("transformer-one-known-at-least", lambda: partly_known(1.0)),
    healthy("transformer-tags-drawn", read),
    healthy("transformer-five-of-a-tenth", lambda: drawn(0.1)),
    healthy("transformer-noam-of-a-tenth", lambda: noam(0.1)),
    faulty(
        "transformer-no-way-past",
        "vanishing-gradient",
        lambda: tags(blocks=5, activation=nn.Tanh, has_skip=False),
        cause=WEIGHTS + "|residual|skip|depth|attention|branch",
        twin="transformer-ways-past",
        also=("stalled-layer",),
    ),
    faulty(
        "transformer-demand-in-watts",
        "unscaled-input",
        lambda: in_watts(is_scaled=False),
        cause=INPUT,
        twin="transformer-demand-on-unit-scale",
        also=("unstable-updates", "exploding-gradient"),
    ),
    faulty(
        "transformer-none-known-at-all",
        "non-finite",
        lambda: partly_known(0.0),
        cause=UNDEFINED + "|" + DATA + "|target|label|ignore|mean|empty",
        twin="transformer-one-known-at-least",
    ),
    faulty(
        "transformer-feed-below-0",
        "dead-units",
        lambda: read((-15.0, 0.0)),
        cause=DRAWN,
        twin="transformer-tags-drawn",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-tags-of-one-value",
        "symmetric-units",
        lambda: read(value=0.05),
        cause=ALIKE,
        twin="transformer-tags-drawn",
    ),
    faulty(
        "transformer-five-of-a-half",
        "exploding-activation",
        lambda: drawn(0.5),
        cause=GROWTH,
        twin="transformer-five-of-a-tenth",
        also=("exploding-gradient", "unstable-updates", "non-finite"),
    ),
    faulty(
        "transformer-noam-of-twenty",
        "unstable-updates",
        lambda: noam(20.0),
        cause=STEP + "|warm|schedul",
        twin="transformer-noam-of-a-tenth",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "transformer-words-by-way-of-numpy",
        "stalled-layer",
        lambda: read(is_cut=True),
        cause=CUT,
        twin="transformer-tags-drawn",
        also=("vanishing-gradient",),
    ),
)
