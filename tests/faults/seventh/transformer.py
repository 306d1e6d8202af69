"""Transformers that read clocks, sort requests, and look at heartbeats piece by piece."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, NAdam

from tests.faults.building import Make, cross_entropy
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventh.making import (
    ALIKE,
    CUT,
    DATA,
    GROWTH,
    INPUT,
    LEFT_OUT,
    STEP,
    UNDEFINED,
    Warmed,
    constant,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.seventh.tasks import (
    BEATS,
    HOURS,
    INTENTS,
    RUN,
    VOCABULARY,
    clocks,
    heartbeats,
    requests,
)

WIDTH = 32


class Attention(nn.Module):
    """Two heads, by hand or by PyTorch's function, over what is not padding."""

    def __init__(self, *, is_causal: bool = False) -> None:
        super().__init__()
        self.ask, self.leave = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.is_causal = is_causal

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = self.ask(x).unflatten(-1, (3, 2, WIDTH // 2)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, mask, is_causal=self.is_causal)
        out: Tensor = self.leave(seen.transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """Attention and two layers, each normalised before or not at all."""

    def __init__(
        self,
        activation: Make = nn.GELU,
        *,
        is_causal: bool = False,
        norm: type = nn.LayerNorm,
        dropped: float = 0,
    ) -> None:
        super().__init__()
        self.attention = Attention(is_causal=is_causal)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), activation(), nn.Linear(2 * WIDTH, WIDTH))
        self.norms, self.drop = nn.ModuleList(norm(WIDTH) for _ in range(2)), nn.Dropout(dropped)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.drop(self.attention(self.norms[0](x), mask))
        out: Tensor = x + self.drop(self.feed(self.norms[1](x)))
        return out


class Teller(nn.Module):
    """Hours in, the logits of each next hour out."""

    def __init__(self, blocks: int, *, is_read: bool = True, **settings: object) -> None:
        super().__init__()
        self.hour, self.place = nn.Embedding(HOURS, WIDTH), nn.Embedding(RUN, WIDTH)
        self.blocks = nn.ModuleList(Block(is_causal=True, **settings) for _ in range(blocks))  # type: ignore[arg-type]
        self.head, self.is_read = nn.Linear(WIDTH, HOURS), is_read
        for table in (self.hour, self.place):
            nn.init.normal_(table.weight, std=0.5)

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(self.is_read and torch.is_grad_enabled()):
            x = self.hour(x) + self.place(torch.arange(x.shape[1]))
            x = self.blocks[0](x)
        for block in self.blocks[1:]:
            x = block(x)
        out: Tensor = self.head(x)
        return out


def told(kind: type = Adam, lr: float = 3e-3, blocks: int = 2, **settings: object) -> Job:
    return trained(Teller(blocks, **settings), clocks(), kind, lr=lr)  # type: ignore[arg-type]


def unnormalised(deviation: float) -> Job:
    """Three blocks without any normalisation, whose weights are of a deviation."""
    model = Teller(3, norm=nn.Identity)
    filled(model.blocks, normal(deviation))
    return trained(model, clocks(), Adam, lr=3e-3)


def of_one_value(value: float) -> Job:
    """Everything in the blocks is one value."""
    model = Teller(2)
    filled(model.blocks, constant(value))
    return trained(model, clocks(), Adam, lr=3e-3)


def warmed(steps: int) -> Job:
    model = Teller(2, activation=nn.ReLU)
    return Job(model, Warmed(model.parameters(), lr=0.2, steps=steps), clocks(), cross_entropy)


class Sorter(nn.Module):
    """A request in, the logits of what is asked for out, by the mean over what is not padding."""

    def __init__(self, least: float = 1e-6) -> None:
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
        self.block, self.head, self.least = Block(), nn.Linear(WIDTH, INTENTS), least

    def forward(self, x: Tensor) -> Tensor:
        words = self.word(x)
        words = 5 * words / words.square().sum(-1, keepdim=True).clamp(min=self.least).sqrt()
        heard = (x > 0)[..., None]
        seen = self.block(words, heard.transpose(1, 2)[:, None].expand(-1, -1, x.shape[1], -1))
        out: Tensor = self.head((seen * heard).sum(1) / heard.sum(1))
        return out


class Pieces(nn.Module):
    """A series in six pieces of three, a token in front that is learned, and its place in the end."""

    def __init__(self, *, is_frozen: bool = False) -> None:
        super().__init__()
        self.enter, self.token = nn.Linear(3, WIDTH), nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.place = nn.Parameter(0.3 * torch.randn(1, 7, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.head = nn.Linear(WIDTH, BEATS)
        if is_frozen:
            nn.init.normal_(self.enter.weight, std=0.3)
            self.enter.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x.reshape(len(x), 6, 3))
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.place
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.head(x[:, 0])
        return out


def in_counts(*, is_raw: bool) -> Job:
    """What a converter of 12 bits counted, or that about its mean and over its deviation."""
    batches = seen_through(lambda x: (2_048 + 260 * x).round() if is_raw else x, heartbeats())
    return trained(Pieces(), batches, Adam, lr=3e-3)


class Looking(nn.Module):
    """PyTorch's own encoder, whose fast path is not taken in training, and its weights tied to the head."""

    def __init__(self) -> None:
        super().__init__()
        self.hour, self.place = nn.Embedding(HOURS, WIDTH), nn.Embedding(RUN, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 64, 0.1, "relu", batch_first=True, norm_first=True)
        self.encode = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.bias = nn.Parameter(torch.zeros(HOURS))

    def forward(self, x: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(RUN)
        seen = self.encode(self.hour(x) + self.place(torch.arange(RUN)), mask, is_causal=True)
        return F.linear(seen, self.hour.weight / WIDTH**0.5, self.bias)


class Rooted(nn.Module):
    """Divided by the root of the mean square (Zhang & Sennrich, 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt()


class Low(nn.Module):
    """Beside a fixed layer, a pair of rank 4 of which the second one begins at 0 (Hu et al., 2021)."""

    def __init__(self, fixed: nn.Linear) -> None:
        super().__init__()
        self.fixed = fixed.requires_grad_(False)
        self.down = nn.Linear(fixed.in_features, 4, bias=False)
        self.up = nn.Linear(4, fixed.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fixed(x) + 2 * self.up(self.down(x))
        return out


def adapted() -> Job:
    """Trained on clocks, then tuned by pairs of low rank and a new head to clocks that are read backwards."""
    model = Teller(2)
    first = Adam(model.parameters(), lr=5e-3)
    for batch in clocks()[:40]:
        first.zero_grad()
        cross_entropy(model, batch).backward()  # type: ignore[no-untyped-call]
        first.step()
    model.requires_grad_(False)
    for block in model.blocks:
        assert isinstance(block, Block)
        block.attention.ask = Low(block.attention.ask)  # type: ignore[assignment]
        block.attention.leave = Low(block.attention.leave)  # type: ignore[assignment]
    model.head = nn.Linear(WIDTH, HOURS)
    return trained(model, [(x, (HOURS - y) % HOURS) for x, y in clocks()], AdamW, lr=1e-2)


def smoothed(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1], label_smoothing=0.1)


programs = (
    healthy("transformer-clocks", told),
    healthy("transformer-bare-of-a-tenth", lambda: unnormalised(0.1)),
    healthy("transformer-clocks-warmed", lambda: warmed(3000)),
    healthy("transformer-words-of-some-length", lambda: trained(Sorter(), requests(), Adam, lr=3e-3)),
    healthy("transformer-heartbeats-on-scale", lambda: in_counts(is_raw=False)),
    healthy("transformer-of-pytorch-tied", lambda: trained(Looking(), clocks(), AdamW, lr=5e-3)),
    healthy("transformer-root-mean-squares", lambda: told(NAdam, norm=Rooted, activation=nn.SiLU)),
    healthy("transformer-pairs-of-rank-four", adapted),
    healthy(
        "transformer-pieces-fixed",
        lambda: trained(Pieces(is_frozen=True), heartbeats(), Adam, smoothed, lr=3e-3),
    ),
    healthy("transformer-a-third-dropped", lambda: told(AdamW, 5e-3, dropped=0.33)),
    faulty(
        "transformer-bare-of-a-half",
        "exploding-gradient",
        lambda: unnormalised(0.5),
        cause=GROWTH,
        twin="transformer-bare-of-a-tenth",
        also=("exploding-activation", "unstable-updates", "non-finite"),
    ),
    faulty(
        "transformer-blocks-of-one-value",
        "symmetric-units",
        lambda: of_one_value(0.02),
        cause=ALIKE,
        twin="transformer-clocks",
    ),
    faulty(
        "transformer-clocks-not-warmed",
        "unstable-updates",
        lambda: warmed(1),
        cause=STEP + "|warm",
        twin="transformer-clocks-warmed",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-padding-of-no-length",
        "non-finite",
        lambda: trained(Sorter(0.0), requests(), Adam, lr=3e-3),
        cause=UNDEFINED + "|" + DATA + "|norm|padding|embedding",
        twin="transformer-words-of-some-length",
    ),
    faulty(
        "transformer-heartbeats-in-counts",
        "unscaled-input",
        lambda: in_counts(is_raw=True),
        cause=INPUT + "|offset|mean",
        twin="transformer-heartbeats-on-scale",
        also=("vanishing-gradient",),
    ),
    faulty(
        "transformer-read-without-gradient",
        "stalled-layer",
        lambda: told(is_read=False),
        cause=CUT + "|" + LEFT_OUT,
        twin="transformer-clocks",
        also=("vanishing-gradient",),
    ),
)
