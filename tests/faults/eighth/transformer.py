"""Transformers with attention by hand, that tell the next symbol of one of two dialects."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import Make
from tests.faults.eighth.making import (
    GROWTH,
    RATE,
    STEP,
    UNDEFINED,
    Warmed,
    trained,
)
from tests.faults.eighth.tasks import LENGTH, SYMBOLS, dialects
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH, HEADS = 32, 4
LATER = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)


class Attention(nn.Module):
    """Several heads that see what came before."""

    def __init__(self, scale: float = (WIDTH / HEADS) ** -0.5, *, has_softmax: bool = True) -> None:
        super().__init__()
        self.all, self.leave = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.scale, self.has_softmax = scale, has_softmax

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in self.all(x).chunk(3, -1))
        scores = self.scale * q @ k.transpose(-1, -2)
        if self.has_softmax:
            weights = scores.masked_fill(LATER, -torch.inf).softmax(-1)
        else:
            weights = scores.masked_fill(LATER, 0.0)
        out: Tensor = self.leave((weights @ v).transpose(1, 2).flatten(2))
        return out


class Padded(Attention):
    """Symbols that are padding are not looked at; of a row that sees nothing else, nothing may be left."""

    def __init__(self, hidden: float) -> None:
        super().__init__()
        self.hidden = hidden
        self.seen = torch.ones(LENGTH, dtype=torch.bool)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.all(x).chunk(3, -1)
        scores = WIDTH**-0.5 * q @ k.transpose(-1, -2)
        weights = scores.masked_fill(LATER | ~self.seen[:, None], self.hidden).softmax(-1)
        out: Tensor = self.leave(weights @ v)
        return out


class Block(nn.Module):
    """Attention and two layers, normalised before or not at all."""

    def __init__(self, attention: nn.Module, activation: Make = nn.GELU, *, has_norm: bool = True) -> None:
        super().__init__()
        self.attention = attention
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if has_norm else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norms[0](x))
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Speaker(nn.Module):
    """Symbols in, the logits of each next one out; the head may be the table of symbols."""

    def __init__(self, *blocks: nn.Module, is_tied: bool = False) -> None:
        super().__init__()
        self.symbol, self.place = nn.Embedding(SYMBOLS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks, self.norm = nn.Sequential(*blocks), nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, SYMBOLS)
        if is_tied:
            self.head.weight = self.symbol.weight
            nn.init.normal_(self.symbol.weight, std=0.2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.norm(self.blocks(self.symbol(x) + self.place.weight)))
        return out


def next_symbol(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())


def spoken(*blocks: nn.Module, lr: float = 5e-3, kind: type = Adam, is_tied: bool = False) -> Job:
    return trained(Speaker(*blocks, is_tied=is_tied), dialects(), kind, next_symbol, lr=lr)


def told(*, has_softmax: bool) -> Job:
    blocks = (Block(Attention(has_softmax=has_softmax), has_norm=False) for _ in range(4))
    return spoken(*blocks, lr=2e-3)


def padded(hidden: float) -> Job:
    """The first two symbols are padding."""
    attention = Padded(hidden)
    attention.seen[:2] = False
    return spoken(Block(attention))


def frozen_rate(rate: float) -> Job:
    """Vectors and blocks in a group with a rate of its own, which a schedule has or has not yet set."""
    model = Speaker(Block(Attention()))
    head = {"params": [*model.head.parameters(), *model.norm.parameters()], "lr": 5e-3}
    body = [*model.symbol.parameters(), *model.place.parameters(), *model.blocks.parameters()]
    return Job(model, AdamW([head, {"params": body, "lr": rate}]), dialects(), next_symbol)


class Saturating(nn.Module):
    """A feed-forward part of tanh."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.block = Block(Attention(), nn.Tanh)
        nn.init.normal_(self.block.feed[0].weight, std=deviation)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.block(x)
        return out


def with_rate(lr: float) -> Job:
    """A warm-up of six steps to a rate."""
    model = Speaker(Block(Attention()), Block(Attention()))
    return Job(model, Warmed(model.parameters(), lr, 6), dialects(), next_symbol)


class Gated(nn.Module):
    """Two layers of which one opens the other (Shazeer, 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.tell, self.leave = nn.Linear(32, 48), nn.Linear(32, 48), nn.Linear(48, 32)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.leave(F.silu(self.open(x)) * self.tell(x))
        return out


class Parallel(nn.Module):
    """Attention and a gated feed-forward part beside each other, and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.attention, self.feed = nn.LayerNorm(WIDTH), Attention(), Gated()
        self.drop = nn.Dropout(0.2)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.norm(x)
        out: Tensor = x + self.drop(self.attention(seen) + self.feed(seen))
        return out


class Turned(Attention):
    """Places are told by turning what is asked and offered (Su et al., 2021)."""

    def forward(self, x: Tensor) -> Tensor:
        angle = torch.arange(LENGTH)[:, None] * 10.0 ** -torch.arange(0, 2, 0.5)
        sine, cosine = angle.sin(), angle.cos()
        q, k, v = (one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in self.all(x).chunk(3, -1))
        q, k = (
            torch.cat([a * cosine - b * sine, a * sine + b * cosine], -1)
            for a, b in (one.chunk(2, -1) for one in (q, k))
        )
        scores = (self.scale * q @ k.transpose(-1, -2)).masked_fill(LATER, -torch.inf)
        out: Tensor = self.leave((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        return out


def smoothed(model: nn.Module, batch: Batch) -> Tensor:
    """Softened targets, and a penalty on logits that grow (Chowdhery et al., 2022)."""
    logits = model(batch[0]).flatten(0, 1)
    kept = F.cross_entropy(logits, batch[1].flatten(), label_smoothing=0.1)
    out: Tensor = kept + 1e-3 * logits.logsumexp(-1).square().mean()
    return out


class Same(nn.Module):
    """One block three times over (Dehghani et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block(Attention(), nn.ReLU)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = self.block(x)
        return x


programs = (
    healthy("transformer-scores-through-softmax", lambda: told(has_softmax=True)),
    healthy("transformer-padding-far-below", lambda: padded(-1e9)),
    healthy("transformer-body-with-a-rate", lambda: frozen_rate(3e-3)),
    healthy("transformer-tanh-feed-small", lambda: spoken(Saturating(0.15))),
    healthy("transformer-warm-to-a-small-rate", lambda: with_rate(5e-3)),
    healthy("transformer-side-by-side", lambda: spoken(Parallel(), Parallel())),
    healthy("transformer-places-turned", lambda: spoken(Block(Turned()), kind=RMSprop, lr=2e-3)),
    healthy("transformer-head-is-the-table", lambda: spoken(Block(Attention()), is_tied=True, lr=1e-2)),
    healthy(
        "transformer-soft-targets",
        lambda: trained(Speaker(Block(Attention())), dialects(), AdamW, smoothed, lr=5e-3),
    ),
    healthy("transformer-one-block-thrice", lambda: spoken(Same())),
    faulty(
        "transformer-scores-as-they-are",
        "exploding-activation",
        lambda: told(has_softmax=False),
        cause=GROWTH + "|attention|score|softmax|product",
        twin="transformer-scores-through-softmax",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "transformer-padding-of-infinity",
        "non-finite",
        lambda: padded(-torch.inf),
        cause=UNDEFINED + "|softmax|mask|inf|attention|score",
        twin="transformer-padding-far-below",
    ),
    faulty(
        "transformer-body-at-rate-0",
        "stalled-layer",
        lambda: frozen_rate(0.0),
        cause=RATE,
        twin="transformer-body-with-a-rate",
    ),
    faulty(
        "transformer-warm-to-a-great-rate",
        "unstable-updates",
        lambda: with_rate(0.3),
        cause=STEP,
        twin="transformer-warm-to-a-small-rate",
        also=("exploding-activation", "exploding-gradient", "dead-units"),
    ),
)
