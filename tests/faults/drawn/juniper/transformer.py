"""Attention over coats of glaze, strokes of rowers and the heat of kilns."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error, xavier
from tests.faults.drawn.juniper.tasks import COATS, GLAZES, ROOMS, WORDS, glazes, kilns, notes
from tests.faults.eighth.making import ALIKE, STEP, Fill, constant, filled, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import EMPTY, MASKED

WIDTH, HEADS = 32, 4


class Block(nn.Module):
    """Attention of torch and two layers, normed before."""

    def __init__(self, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def forward(self, x: Tensor, far: Tensor | None = None) -> Tensor:
        seen = self.norms[0](x)
        x = x + self.attend(seen, seen, seen, attn_mask=far, need_weights=False)[0]
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


class Potter(nn.Module):
    """Coats in, the logits of each next one out; the same block may be run several times."""

    def __init__(self, *blocks: nn.Module, runs: int = 1) -> None:
        super().__init__()
        self.coat, self.place = nn.Embedding(GLAZES, WIDTH), nn.Embedding(COATS, WIDTH)
        self.blocks, self.runs = nn.ModuleList(blocks), runs
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, GLAZES)
        self.register_buffer("far", torch.ones(COATS, COATS, dtype=torch.bool).triu(1))

    def forward(self, x: Tensor) -> Tensor:
        said = self.coat(x) + self.place.weight
        for _ in range(self.runs):
            for block in self.blocks:
                said = block(said, self.far)
        out: Tensor = self.last(self.norm(said))
        return out


def coated(lr: float = 4e-3) -> Job:
    """All layers drawn anew, with no bias at first, as a tutorial does."""
    model = Potter(Block(nn.GELU), Block(nn.GELU))
    return trained(filled(model, xavier), glazes(), AdamW, lr=lr)


class Sorter(nn.Module):
    """Words of a note are asked by one vector; what is no word is hidden, behind a mark or not."""

    def __init__(self, *, is_marked: bool) -> None:
        super().__init__()
        self.word = nn.Embedding(WORDS + 2, WIDTH, padding_idx=0)
        self.key, self.value = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.asked, self.is_marked = nn.Parameter(torch.randn(WIDTH)), is_marked
        self.last = nn.Sequential(nn.Linear(WIDTH, 32), nn.GELU(), nn.Linear(32, ROOMS))

    def forward(self, x: Tensor) -> Tensor:
        if self.is_marked:  # each note starts with a mark, so none is empty
            x = torch.cat([torch.full_like(x[:, :1], WORDS + 1), x], 1)
        words = self.word(x)
        scores = (self.key(words) @ self.asked / math.sqrt(WIDTH)).masked_fill(x == 0, -math.inf)
        out: Tensor = self.last((scores.softmax(1)[..., None] * self.value(words)).sum(1))
        return out


def room(fill: Fill = xavier, *, is_marked: bool = True) -> Job:
    """One note in sixteen was sent without a word."""
    batches = [(torch.where(torch.arange(len(x))[:, None] % 16 == 9, 0, x), y) for x, y in notes()]
    return trained(filled(Sorter(is_marked=is_marked), fill), batches, Adam, lr=8e-3)


# Healthy trainings that look odd


class Linear(nn.Module):
    """Attention without a softmax: keys and queries are made positive (Katharopoulos et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.mix, self.norm = (
            nn.Linear(WIDTH, 3 * WIDTH),
            nn.Linear(WIDTH, WIDTH),
            nn.LayerNorm(WIDTH),
        )

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.ask(self.norm(x)).chunk(3, -1)
        query, key = F.elu(query) + 1, F.elu(key) + 1
        over = query @ key.sum(1)[..., None]
        out: Tensor = x + self.mix(query @ (key.mT @ value) / over)
        return out


class Watched(nn.Module):
    """Numbers at steps and a vector that is learned before them, at whose place the answer is read."""

    def __init__(self, inputs: int, outputs: int, length: int, *blocks: nn.Module) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, WIDTH)
        self.place = nn.Parameter(0.3 * torch.randn(length + 1, WIDTH))
        self.blocks, self.last = nn.Sequential(*blocks), nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        seen = F.pad(self.enter(x), (0, 0, 1, 0)) + self.place
        out: Tensor = self.last(self.blocks(seen)[:, 0])
        return out


programs = (
    healthy("transformer-glazes-all-by-glorot", coated),
    healthy("transformer-notes-behind-a-mark", room),
    healthy(
        "transformer-glazes-one-block-thrice",
        lambda: trained(Potter(Block(nn.SiLU), runs=3), glazes(), Adam, lr=4e-3),
    ),
    healthy(
        "transformer-kilns-without-softmax",
        lambda: trained(Watched(3, 1, 16, Linear(), Linear()), kilns(), Adam, squared_error, lr=6e-3),
    ),
    faulty(
        "transformer-glazes-rate-of-three-tenths",
        "unstable-updates",
        lambda: coated(lr=0.3),
        cause=STEP,
        twin="transformer-glazes-all-by-glorot",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-notes-all-of-one-number",
        "symmetric-units",
        lambda: room(constant(0.1)),
        cause=ALIKE,
        twin="transformer-notes-behind-a-mark",
        also=("vanishing-gradient", "stalled-layer", "exploding-activation"),
    ),
    faulty(
        "transformer-notes-without-a-word",
        "non-finite",
        lambda: room(is_marked=False),
        cause=OPERATION + MASKED + EMPTY,
        twin="transformer-notes-behind-a-mark",
    ),
)
