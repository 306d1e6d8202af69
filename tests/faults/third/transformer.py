"""Transformers: text letter by letter, and numbers over time."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, NAdam

from tests.faults.building import Make, squared_error
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.third.making import ALIKE, CUT, INPUT, STEP, seen_through, trained
from tests.faults.third.tasks import LETTERS, letters, tides

WIDTH, LENGTH, CODES = 32, 16, len(LETTERS)


class Block(nn.Module):
    """Attention to what came before, and two layers; both are normalised first."""

    def __init__(self, activation: Make = nn.GELU, dropout: float = 0.0) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.attention = nn.MultiheadAttention(WIDTH, 4, dropout, batch_first=True)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norms[0](x)
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        x = x + self.attention(y, y, y, attn_mask=mask, need_weights=False)[0]
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Text(nn.Module):
    """Letters in, the logits of each next letter out; vectors of letters may be taken without a gradient."""

    def __init__(self, blocks: int = 2, *, is_cut: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(CODES, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block(dropout=dropout) for _ in range(blocks)))
        self.norm, self.head, self.is_cut = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CODES), is_cut
        nn.init.normal_(self.place.weight, std=0.3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_cut):
            read = self.embed(x)
        out: Tensor = self.head(self.norm(self.blocks(read + self.place(torch.arange(x.shape[1])))))
        return out


def text(kind: type = AdamW, lr: float = 5e-3, dropout: float = 0.0) -> Job:
    return trained(Text(dropout=dropout), letters(), kind, lr=lr)


def near_vectors(*, is_cut: bool) -> Job:
    """Letters that begin as nearly one vector."""
    model = Text(is_cut=is_cut)
    with torch.no_grad():
        model.embed.weight[:, 1:] = 0
        model.embed.weight[:, 0] *= 0.1
    return trained(model, letters(), AdamW, lr=1e-2)


def diverging(safe: float) -> Job:
    """Kullback and Leibler's divergence from a target that is certain, by its formula."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        p = F.one_hot(y, CODES).float()
        out: Tensor = (p * ((p + safe).log() - model(x).log_softmax(-1))).sum(-1).mean()
        return out

    return trained(Text(1), letters(), Adam, loss, lr=5e-3)


class Series(nn.Module):
    """Numbers in, a guess at the next one out."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(1, WIDTH), nn.Parameter(0.3 * torch.randn(12, WIDTH))
        self.block, self.head = Block(nn.ReLU), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.block(self.enter(x) + self.place)[:, -1])
        return out


def of_prices(level: float, spread: float) -> Job:
    """Prices as they are, or how far they are from their usual level."""
    batches = seen_through(lambda x: level + spread * x, tides())
    return trained(Series(), batches, AdamW, squared_error, lr=3e-3)


def zeroed(*, is_all: bool) -> Job:
    """Every weight of attention and of the layers between begins at 0, or the last one of each branch."""
    model = Text(2)
    for block in model.blocks:
        assert isinstance(block, Block)
        for name, parameter in block.named_parameters():
            last = "out_proj" in name or "feed.2" in name
            if "norms" not in name and (is_all or last):
                nn.init.zeros_(parameter)
    return trained(model, letters(), Adam, lr=5e-3)


class Adapted(nn.Module):
    """A layer that is never trained, and beside it a narrow pair that is, and begins as nothing (LoRA)."""

    def __init__(self, fixed: nn.Linear, rank: int = 8) -> None:
        super().__init__()
        self.fixed = fixed.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, fixed.in_features) / fixed.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(fixed.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fixed(x) + F.linear(F.linear(x, self.down), self.up)
        return out


def adapted() -> Job:
    """All of the blocks are frozen but for what adapts them; vectors and head are trained."""
    model = Text(2)
    for block in model.blocks:
        assert isinstance(block, Block)
        block.requires_grad_(False)
        for place in (0, 2):
            layer = block.feed[place]
            assert isinstance(layer, nn.Linear)
            block.feed[place] = Adapted(layer)
    return trained(model, letters(), Adam, lr=1e-2)


class Pooled(nn.Module):
    """A word that stands for the whole gathers by a softmax; a sigmoid tells if there are many vowels."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.query = nn.Embedding(CODES, WIDTH), nn.Parameter(torch.randn(1, WIDTH) / WIDTH**0.5)
        self.head = nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        words = self.embed(x)
        weights = (words @ self.query.t()).softmax(1)
        out: Tensor = self.head((weights * words).sum(1))[:, 0]
        return out


def vowels() -> Job:
    codes = torch.tensor([LETTERS.index(letter) for letter in "aeiou" if letter in LETTERS])

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, _ = batch
        many = (torch.isin(x, codes).float().sum(1) > 4).float()
        return F.binary_cross_entropy(model(x), many)

    return trained(Pooled(), letters(), Adam, loss, lr=2e-2)


programs = (
    healthy("transformer-letters", text),
    healthy("transformer-letters-dropped", lambda: text(dropout=0.2, lr=1e-2)),
    healthy("transformer-near-vectors", lambda: near_vectors(is_cut=False)),
    healthy("transformer-safe-divergence", lambda: diverging(1e-9)),
    healthy("transformer-deviations-of-prices", lambda: of_prices(0.0, 1.0)),
    healthy("transformer-branches-from-nothing", lambda: zeroed(is_all=False)),
    healthy("transformer-adapted", adapted),
    healthy("transformer-vowels", vowels),
    faulty(
        "transformer-divergence-of-certainty",
        "non-finite",
        lambda: diverging(0.0),
        cause="loss|\\blog",
        twin="transformer-safe-divergence",
    ),
    faulty(
        "transformer-prices",
        "unscaled-input",
        lambda: of_prices(4000.0, 60.0),
        cause=INPUT + "|mean|offset|centr",
        twin="transformer-deviations-of-prices",
        also=("dead-units",),
    ),
    faulty(
        "transformer-blocks-of-zero",
        "symmetric-units",
        lambda: zeroed(is_all=True),
        cause=ALIKE,
        twin="transformer-branches-from-nothing",
        also=("stalled-layer", "vanishing-gradient"),
    ),
    faulty(
        "transformer-rate-of-descent",
        "unstable-updates",
        lambda: text(NAdam, lr=0.3),
        cause=STEP,
        twin="transformer-letters",
    ),
    faulty(
        "transformer-vectors-without-gradient",
        "stalled-layer",
        lambda: near_vectors(is_cut=True),
        cause=CUT,
        twin="transformer-near-vectors",
        also=("vanishing-gradient",),
    ),
)
