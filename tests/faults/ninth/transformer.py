"""Attention: brackets that have to be closed, and scans cut into pieces."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy
from tests.faults.eighth.making import (
    ALIKE,
    INPUT,
    RATE,
    STEP,
    UNDEFINED,
    Fill,
    Warmed,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.ninth.tasks import BRACKETS, SCANS, TEXT, brackets, scans
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH, HEADS = 24, 3
EARLIER = torch.ones(TEXT, TEXT).tril()


def masked(scores: Tensor) -> Tensor:
    return scores.masked_fill(EARLIER == 0, -torch.inf)


def by_product(scores: Tensor) -> Tensor:
    """Ones where it may not look, times minus infinity; and nothing, times minus infinity."""
    return scores + (1 - EARLIER) * -torch.inf


def anywhere(scores: Tensor) -> Tensor:
    return scores


class Attention(nn.Module):
    def __init__(self, mask: object = masked, *, is_normed: bool = False) -> None:
        super().__init__()
        self.all, self.leave = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mask, self.is_normed = mask, is_normed

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in self.all(x).chunk(3, -1))
        if self.is_normed:  # asked and offered are of length 1 (Henry et al., 2020)
            q, k = 8 * F.normalize(q, dim=-1), F.normalize(k, dim=-1)
        scores = self.mask(q @ k.mT / (WIDTH / HEADS) ** 0.5)  # type: ignore[operator]
        out: Tensor = self.leave((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """Attention, then a network at each place, with normalisation before both."""

    def __init__(
        self, attention: nn.Module, activation: Make = nn.GELU, feed: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.attention = attention
        self.feed = feed or nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norms[0](x))
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Text(nn.Module):
    """Symbols and places, blocks, and the symbol after each."""

    def __init__(self, *blocks: nn.Module, is_tied: bool = False) -> None:
        super().__init__()
        self.symbol = nn.Embedding(BRACKETS + 1, WIDTH)
        self.place = nn.Parameter(0.3 * torch.randn(TEXT, WIDTH))
        self.body, self.head = nn.Sequential(*blocks), nn.Linear(WIDTH, BRACKETS + 1, bias=False)
        if is_tied:
            nn.init.normal_(self.symbol.weight, std=WIDTH**-0.5)
            self.head.weight = self.symbol.weight

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(self.symbol(x) + self.place))
        return out


def closed(model: nn.Module, lr: float = 5e-3, kind: type = Adam, **settings: object) -> Job:
    return trained(model, brackets(), kind, cross_entropy, lr=lr, **settings)


def two(mask: object = masked) -> Text:
    return Text(Block(Attention(mask)), Block(Attention(mask)))


class Pieces(nn.Module):
    """Pictures cut into pieces of 4 x 4, and one more token that is read (Dosovitskiy et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.cut, self.token = nn.Conv2d(1, WIDTH, 4, 4), nn.Parameter(0.1 * torch.randn(1, 1, WIDTH))
        self.place = nn.Parameter(0.1 * torch.randn(10, WIDTH))
        self.body = nn.Sequential(*(Block(Attention(anywhere)) for _ in range(2)))
        self.head = nn.Linear(WIDTH, SCANS)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.cat([self.token.expand(len(x), -1, -1), self.cut(x).flatten(2).mT], 1)
        out: Tensor = self.head(self.body(seen + self.place)[:, 0])
        return out


def seen(change: object = None, fill: Fill | None = None, lr: float = 4e-3) -> Job:
    batches = seen_through(change, scans()) if callable(change) else scans()
    model = Pieces()
    if fill is not None:
        filled(model.body, fill)
    return trained(model, batches, AdamW, lr=lr)


def used_up(*, is_list: bool) -> Job:
    """The body's parameters are counted before they are handed over: an iterator is empty then."""
    model = Pieces()
    filled(model.body, normal(0.15))
    body: Iterator[nn.Parameter] | list[nn.Parameter] = model.body.parameters()
    body = list(body) if is_list else body
    assert sum(p.numel() for p in body) > 0
    others = [model.token, model.place, *model.cut.parameters(), *model.head.parameters()]
    groups: list[dict[str, Any]] = [{"params": body}, {"params": others}]
    return Job(model, AdamW(groups, lr=4e-3), scans(), cross_entropy)


def guessed(model: nn.Module, batch: Batch) -> Tensor:
    """One symbol in five is hidden and guessed by those on both sides (Devlin et al., 2019)."""
    x, _ = batch
    hidden = torch.rand(x.shape) < 0.2
    logits = model(x.masked_fill(hidden, BRACKETS))
    return F.cross_entropy(logits[hidden], x[hidden])


class Low(nn.Module):
    """A layer that stays as it was, and two thin ones that are learned (Hu et al., 2022)."""

    def __init__(self, layer: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Linear(layer.in_features, rank, bias=False)
        self.up = nn.Linear(rank, layer.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x) + 2 * self.up(self.down(x))
        return out


def adapted() -> Job:
    """What could say brackets backwards learns to say them forwards; all but thin layers is frozen."""
    model = two()
    first = Adam(model.parameters(), lr=5e-3)
    for x, _ in brackets():
        first.zero_grad()
        back = x.flip(1)
        cross_entropy(model, (back[:, :], F.pad(back[:, 1:], (0, 1)))).backward()  # type: ignore[no-untyped-call]
        first.step()
    model.requires_grad_(False)
    for block in model.body:
        for part, name in ((block.attention, "all"), (block.feed, "0"), (block.feed, "2")):
            setattr(part, name, Low(getattr(part, name)))
    model.head.requires_grad_(True)
    return closed(model, 2e-2)


class Squared(nn.Module):
    """A rectifier, squared (So et al., 2021): most of what comes out is 0."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu().square()


def squared() -> nn.Module:
    return nn.Sequential(nn.Linear(WIDTH, 64, bias=False), Squared(), nn.Linear(64, WIDTH, bias=False))


class Gate(nn.Module):
    """A product of two layers, one through SiLU (Shazeer, 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.up = nn.Linear(WIDTH, 40, bias=False), nn.Linear(WIDTH, 40, bias=False)
        self.down = nn.Linear(40, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(F.silu(self.open(x)) * self.up(x))
        return out


def after() -> Job:
    """PyTorch's own blocks, normalised after each part, with a rate that rises."""
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 64, 0.1, batch_first=True)
    model = Pieces()
    model.body = nn.Sequential(layer, nn.TransformerEncoderLayer(WIDTH, HEADS, 64, 0.1, batch_first=True))
    return Job(model, Warmed(model.parameters(), 5e-3, 20), scans(), cross_entropy)


programs = (
    healthy("transformer-brackets", lambda: closed(two())),
    healthy("transformer-scans-body-as-a-list", lambda: used_up(is_list=True)),
    healthy("transformer-scans-on-scale", lambda: seen()),
    healthy(
        "transformer-brackets-hidden-and-guessed",
        lambda: trained(two(anywhere), brackets(), AdamW, guessed, lr=8e-3),
    ),
    healthy("transformer-brackets-thin-layers", adapted),
    healthy(
        "transformer-brackets-rectified-squares",
        lambda: closed(Text(Block(Attention(), feed=squared()), Block(Attention(), feed=squared()))),
    ),
    healthy(
        "transformer-brackets-gated-and-tied",
        lambda: closed(Text(Block(Attention(is_normed=True), feed=Gate()), is_tied=True), 8e-3),
    ),
    healthy("transformer-scans-normed-after", after),
    faulty(
        "transformer-brackets-mask-by-product",
        "non-finite",
        lambda: closed(two(by_product)),
        cause=UNDEFINED + "|softmax|mask|inf|attention|score|product",
        twin="transformer-brackets",
    ),
    faulty(
        "transformer-brackets-second-beta-of-a-tenth",
        "unstable-updates",
        lambda: closed(two(), betas=(0.9, 0.1)),
        cause=STEP + "|beta|second moment",
        twin="transformer-brackets",
        also=("exploding-activation", "exploding-gradient", "dead-units", "vanishing-gradient"),
    ),
    faulty(
        "transformer-scans-of-one-value",
        "symmetric-units",
        lambda: seen(fill=constant(0.02)),
        cause=ALIKE,
        twin="transformer-scans-on-scale",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-scans-iterator-used-up",
        "stalled-layer",
        lambda: used_up(is_list=False),
        cause=RATE,
        twin="transformer-scans-body-as-a-list",
    ),
    faulty(
        "transformer-scans-rate-of-a-fifth",
        "unstable-updates",
        lambda: seen(lr=0.2),
        cause=STEP + "|warm",
        twin="transformer-scans-on-scale",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-scans-in-bytes",
        "unscaled-input",
        lambda: seen(lambda x: (90 + 55 * x).clamp(0, 255).round()),
        cause=INPUT,
        twin="transformer-scans-on-scale",
        also=("exploding-activation", "unstable-updates", "vanishing-gradient"),
    ),
)
