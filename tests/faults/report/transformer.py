"""Transformers, most of them from PyTorch's own layers."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import cross_entropy
from tests.faults.program import Job, faulty, healthy
from tests.faults.report.making import (
    ALIKE,
    INPUT,
    STEP,
    WEIGHTS,
    Warmed,
    constant,
    normal,
    refilled,
    trained,
)
from tests.faults.report.tasks import CLASSES, as_bytes, gratings, maxima
from tests.faults.tasks import Pairs

WIDTH, DIGITS, LENGTH = 32, 5, 8


def encoder(layers: int, *, norm_first: bool = True, dropout: float = 0.0) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        WIDTH, 4, 64, dropout, batch_first=True, norm_first=norm_first, activation="gelu"
    )
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)


class Digits(nn.Module):
    """Reads digits and tells, at each place, the greater of it and the first."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(DIGITS, WIDTH), nn.Parameter(0.3 * torch.randn(LENGTH, WIDTH))
        self.body, self.head = body, nn.Linear(WIDTH, DIGITS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(self.embed(x) + self.place))
        return out


class Patches(nn.Module):
    """A vision transformer: patches of 4 x 4 as words, and the mean of what becomes of them."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.cut, self.place = nn.Conv2d(3, WIDTH, 4, 4), nn.Parameter(0.02 * torch.randn(9, WIDTH))
        self.body, self.norm, self.head = body, nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        words = self.cut(x).flatten(2).transpose(1, 2) + self.place
        out: Tensor = self.head(self.norm(self.body(words)).mean(1))
        return out


def vision(batches: Pairs | None = None, kind: type = AdamW, lr: float = 2e-3, dropout: float = 0.1) -> Job:
    return trained(Patches(encoder(2, dropout=dropout)), batches or gratings(), kind, lr=lr)


def post_norm(lr: float, warm_up: int) -> Job:
    model = Digits(encoder(4, norm_first=False))
    return Job(model, Warmed(model.parameters(), lr, warm_up), maxima(), cross_entropy)


class Attention(nn.Module):
    """One head, with a softmax by torch or by hand."""

    def __init__(self, *, is_safe: bool) -> None:
        super().__init__()
        self.norm, self.project, self.is_safe = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), is_safe

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(self.norm(x)).chunk(3, -1)
        scores = q @ k.transpose(1, 2)
        if self.is_safe:
            weights = scores.softmax(-1)
        else:
            raised = scores.exp()
            weights = raised / raised.sum(-1, keepdim=True)
        out: Tensor = x + weights @ v
        return out


class Fed(nn.Module):
    """A feed-forward part that is added to what it gets."""

    def __init__(self, *, is_normalised: bool = True) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH) if is_normalised else nn.Identity()
        self.up, self.activation, self.down = nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.down(self.activation(self.up(self.norm(x))))
        return out


def softmax(*, is_safe: bool) -> Job:
    """Queries and keys about eight times as large as PyTorch draws them, and never divided by a root."""
    attention = Attention(is_safe=is_safe)
    with torch.no_grad():
        attention.project.weight[: 2 * WIDTH] *= 8
    return trained(Digits(nn.Sequential(attention, Fed())), maxima(), Adam, lr=5e-3)


def constant_feed_forward(value: float | None) -> Job:
    body = nn.Sequential(Attention(is_safe=True), Fed(), Fed())
    for part in body:
        if isinstance(part, Fed) and value is not None:
            refilled(part, constant(value))
            nn.init.zeros_(part.up.bias)
    return trained(Digits(body), maxima(), Adam, lr=5e-3)


def tall(*, is_normalised: bool) -> Job:
    """Ten feed-forward parts, drawn with a deviation of 0.3."""
    body = nn.Sequential(Attention(is_safe=True), *(Fed(is_normalised=is_normalised) for _ in range(10)))
    refilled(body, normal(0.3))
    return trained(Digits(nn.Sequential(body, nn.LayerNorm(WIDTH) if is_normalised else nn.Identity())),
                   maxima(), Adam, lr=3e-3)  # fmt: skip


def with_new_head(*, is_known: bool) -> Job:
    """A head of other classes takes the place of the old one, before or after the optimiser was made.

    It is drawn as BERT's are, so small that it has to grow before it can tell anything.
    """
    model = Digits(
        nn.Sequential(Attention(is_safe=True), Fed(), nn.LayerNorm(WIDTH, elementwise_affine=False))
    )
    new = nn.Linear(WIDTH, DIGITS)
    nn.init.normal_(new.weight, std=0.05)
    old = Adam(model.parameters(), lr=3e-3)
    model.head = new
    optimizer = Adam(model.parameters(), lr=3e-3) if is_known else old
    return Job(model, optimizer, maxima(), cross_entropy)


def tied() -> Job:
    """Words are told by the vectors that they are read by."""
    model = Digits(nn.Sequential(Attention(is_safe=True), Fed()))
    nn.init.normal_(model.embed.weight, std=0.3)
    model.head.weight = model.embed.weight
    return trained(model, maxima(), Adam, lr=5e-3)


programs = (
    healthy("transformer-vision", vision),
    healthy("transformer-rmsprop", lambda: vision(kind=RMSprop, lr=5e-4, dropout=0.0)),
    healthy("transformer-post-norm-warmed", lambda: post_norm(5e-3, 20)),
    healthy("transformer-sharp-attention", lambda: softmax(is_safe=True)),
    healthy("transformer-fed", lambda: constant_feed_forward(None)),
    healthy("transformer-tall", lambda: tall(is_normalised=True)),
    healthy("transformer-new-head", lambda: with_new_head(is_known=True)),
    healthy("transformer-tied", tied),
    faulty(
        "transformer-tall-without-norm",
        "exploding-activation",
        lambda: tall(is_normalised=False),
        cause=WEIGHTS + "|normali[sz]|residual|branch|depth",
        twin="transformer-tall",
        also=("exploding-gradient",),
    ),
    faulty(
        "transformer-softmax-by-hand",
        "non-finite",
        lambda: softmax(is_safe=False),
        cause="overflow|\\bexp|softmax|undefined|operation",
        twin="transformer-sharp-attention",
    ),
    faulty(
        "transformer-image-bytes",
        "unscaled-input",
        lambda: vision(as_bytes(gratings())),
        cause=INPUT,
        twin="transformer-vision",
    ),
    faulty(
        "transformer-constant-feed-forward",
        "symmetric-units",
        lambda: constant_feed_forward(0.05),
        cause=ALIKE,
        twin="transformer-fed",
    ),
    faulty(
        "transformer-without-warm-up",
        "unstable-updates",
        lambda: post_norm(0.1, 1),
        cause=STEP + "|warm",
        twin="transformer-post-norm-warmed",
    ),
    faulty(
        "transformer-rmsprop-rate",
        "unstable-updates",
        lambda: vision(kind=RMSprop, lr=0.3, dropout=0.0),
        cause=STEP,
        twin="transformer-rmsprop",
        also=("non-finite", "exploding-activation"),
    ),
    faulty(
        "transformer-head-unknown-to-optimiser",
        "stalled-layer",
        lambda: with_new_head(is_known=False),
        cause="optimi[sz]er|not updated|no update",
        twin="transformer-new-head",
    ),
)
