"""Transformers that read melodies."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import Make, cross_entropy
from tests.faults.fourth.making import CUT, GROWTH, STEP, Warmed, trained
from tests.faults.fourth.tasks import NOTES, melodies, most_common
from tests.faults.program import Job, faulty, healthy

WIDTH, LENGTH = 32, 14


class Attention(nn.Module):
    """Attention in one head, by hand: scores, a mask, a softmax."""

    def __init__(self, *, has_softmax: bool = True, is_causal: bool = True) -> None:
        super().__init__()
        self.ask, self.leave = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.has_softmax, self.is_causal = has_softmax, is_causal

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        out: Tensor = q @ k.transpose(1, 2) / WIDTH**0.5
        return out

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.ask(x).chunk(3, -1)
        found = self.scores(q, k)
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        if self.has_softmax:
            weights = (
                found.masked_fill(later, -torch.inf).softmax(-1) if self.is_causal else found.softmax(-1)
            )
        else:
            weights = found.masked_fill(later, 0.0)
        out: Tensor = self.leave(weights @ v)
        return out


class InHalf(Attention):
    """Scores in sixteen bits, scaled after the product, as sums of products of large numbers are there."""

    def __init__(self, kind: torch.dtype) -> None:
        super().__init__(is_causal=False)
        self.kind = kind

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        raw = (64 * q).to(self.kind) @ (64 * k).to(self.kind).transpose(1, 2)
        out: Tensor = raw.float() / 64**2 / WIDTH**0.5
        return out


class Block(nn.Module):
    """Attention and two layers, each normalised before, or after the sum."""

    def __init__(self, attention: nn.Module, activation: Make = nn.GELU, place: str = "before") -> None:
        super().__init__()
        self.attention, self.place = attention, place
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if place else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        for norm, part in zip(self.norms, (self.attention, self.feed), strict=True):
            x = norm(x + part(x)) if self.place == "after" else x + part(norm(x))
        return x


class Tune(nn.Module):
    """Notes in, the logits of each next note out, or of the whole by their mean."""

    def __init__(self, blocks: list[Block], outputs: int = NOTES, *, is_tied: bool = False) -> None:
        super().__init__()
        self.note, self.place = nn.Embedding(NOTES, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks, self.head = nn.Sequential(*blocks), nn.Linear(WIDTH, outputs)
        self.is_pooled = outputs != NOTES
        nn.init.normal_(self.place.weight, std=0.3)
        if is_tied:
            nn.init.normal_(self.note.weight, std=0.2)
            self.head.weight = self.note.weight

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.note(x) + self.place(torch.arange(x.shape[1])))
        out: Tensor = self.head(x.mean(1) if self.is_pooled else x)
        return out


def without_norm(*, has_softmax: bool) -> Job:
    """Four blocks of weights by PyTorch's rule, which go without a normalisation as long as they average."""
    model = Tune([Block(Attention(has_softmax=has_softmax), place="") for _ in range(4)])
    return trained(model, melodies(), Adam, lr=2e-3)


def of_sixteen_bits(kind: torch.dtype) -> Job:
    """Vectors of notes of length 20, so that scores reach some thousands before they are scaled back."""
    model = Tune([Block(InHalf(kind), place="")], 4)
    nn.init.normal_(model.note.weight, std=4.0)
    return trained(model, most_common(), Adam, lr=3e-3)


def after_sum(steps: int) -> Job:
    """Normalised after the sum, at a rate that is meant to be reached in many steps, or at once."""
    model = Tune([Block(Attention(), nn.ReLU, "after") for _ in range(3)])
    return Job(model, Warmed(model.parameters(), lr=0.1, steps=steps), melodies(), cross_entropy)


def quarters() -> Job:
    """Attention that looks both ways, a mean over all places, and half of what feeds it left out."""
    model = Tune([Block(Attention(is_causal=False), lambda: nn.Sequential(nn.GELU(), nn.Dropout(0.5)))], 4)
    return trained(model, most_common(), RMSprop, lr=1e-3)


class Read(Tune):
    """Vectors of notes are scaled to length 1 before they are read, with a gradient or as data alone."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__([Block(Attention())])
        self.is_cut = is_cut
        nn.init.normal_(self.note.weight[:, 2:], std=0.02)
        with torch.no_grad():
            self.note.weight[:, 2:] *= 0.01

    def forward(self, x: Tensor) -> Tensor:
        table = self.note.weight.data if self.is_cut else self.note.weight
        x = self.blocks(4 * F.normalize(table, dim=1)[x] + self.place(torch.arange(x.shape[1])))
        out: Tensor = self.head(x)
        return out


class Narrow(nn.Module):
    """A fixed layer beside which a pair of rank 4 is trained, the second of which begins at 0 (LoRA)."""

    def __init__(self, fixed: nn.Linear) -> None:
        super().__init__()
        self.fixed = fixed.requires_grad_(False)
        self.down, self.up = nn.Linear(fixed.in_features, 4, bias=False), nn.Linear(4, fixed.out_features)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fixed(x) + 2 * self.up(self.down(x))
        return out


def adapted() -> Job:
    """Everything is fixed but narrow pairs in attention and the head."""
    model = Tune([Block(Attention()) for _ in range(2)]).requires_grad_(False)
    model.head.requires_grad_(True)
    for block in model.blocks:
        assert isinstance(block, Block)
        assert isinstance(block.attention, Attention)
        block.attention.ask = Narrow(block.attention.ask)  # type: ignore[assignment]
    return trained(model, melodies(), Adam, lr=1e-2)


class Gated(nn.Module):
    """Two halves, one of which gates the other (Shazeer, 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Linear(64, 128)

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.widen(x).chunk(2, -1)
        out: Tensor = F.silu(one) * other
        return out


programs = (
    healthy("transformer-averaging", lambda: without_norm(has_softmax=True)),
    healthy("transformer-scores-in-full", lambda: of_sixteen_bits(torch.float32)),
    healthy("transformer-slowly-warmed", lambda: after_sum(600)),
    healthy("transformer-quarters", quarters),
    healthy("transformer-read-with-gradient", lambda: trained(Read(is_cut=False), melodies(), Adam, lr=1e-2)),
    healthy("transformer-narrow-pairs", adapted),
    healthy(
        "transformer-tied-notes",
        lambda: trained(Tune([Block(Attention(), Gated)], is_tied=True), melodies(), AdamW, lr=5e-3),
    ),
    faulty(
        "transformer-scores-without-softmax",
        "exploding-activation",
        lambda: without_norm(has_softmax=False),
        cause=GROWTH + "|softmax|score|attention|product",
        twin="transformer-averaging",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "transformer-scores-in-half",
        "non-finite",
        lambda: of_sixteen_bits(torch.float16),
        cause="overflow|half|float16|precision|largest|too large|infini|\\binf\\b",
        twin="transformer-scores-in-full",
    ),
    faulty(
        "transformer-rate-at-once",
        "unstable-updates",
        lambda: after_sum(1),
        cause=STEP + "|warm",
        twin="transformer-slowly-warmed",
        also=("dead-units",),
    ),
    faulty(
        "transformer-read-by-data",
        "stalled-layer",
        lambda: trained(Read(is_cut=True), melodies(), Adam, lr=1e-2),
        cause=CUT,
        twin="transformer-read-with-gradient",
        also=("vanishing-gradient",),
    ),
)
