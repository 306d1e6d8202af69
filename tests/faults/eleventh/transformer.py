"""Transformers that go on with lines of code, tell the language of a name, and forecast tides."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    Fill,
    Warmed,
    constant,
    normal,
    seen_through,
    trained,
)
from tests.faults.eleventh.tasks import LANGUAGES, LETTERS, LINE, MARKS, NAME, code, names, tides
from tests.faults.program import Job, faulty, healthy

WIDTH, HEADS = 24, 3


class Block(nn.Module):
    """Torch's attention and two layers; normalised before, after, or not at all."""

    def __init__(self, norm: str = "before", activation: Make = nn.GELU) -> None:
        super().__init__()
        self.attention, self.norm = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True), norm
        self.feed = nn.Sequential(nn.Linear(WIDTH, 48), activation(), nn.Linear(48, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if norm else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor, hidden: Tensor | None = None, padding: Tensor | None = None) -> Tensor:
        def attended(z: Tensor) -> Tensor:
            out: Tensor = self.attention(z, z, z, attn_mask=hidden, key_padding_mask=padding)[0]
            return out

        if self.norm == "after":
            x = self.norms[0](x + attended(x))
            return self.norms[1](x + self.feed(x))  # type: ignore[no-any-return]
        x = x + attended(self.norms[0](x))
        return x + self.feed(self.norms[1](x))  # type: ignore[no-any-return]


class Writer(nn.Module):
    """Marks in, the logits of each next one out."""

    def __init__(self, blocks: int, norm: str = "before", activation: Make = nn.GELU) -> None:
        super().__init__()
        self.mark, self.place = nn.Embedding(MARKS, WIDTH), nn.Parameter(torch.randn(LINE, WIDTH) / 5)
        self.blocks = nn.ModuleList(Block(norm, activation) for _ in range(blocks))
        self.last, self.head = (
            nn.LayerNorm(WIDTH) if norm == "before" else nn.Identity(),
            nn.Linear(WIDTH, MARKS),
        )
        self.later = torch.ones(LINE, LINE, dtype=torch.bool).triu(1)

    def forward(self, x: Tensor) -> Tensor:
        said = self.mark(x) + self.place
        for block in self.blocks:
            said = block(said, self.later)
        out: Tensor = self.head(self.last(said))
        return out


def writing(blocks: int = 2, norm: str = "before", fill: Fill | None = None, lr: float = 5e-3) -> Job:
    """All matrices within the blocks may be drawn by one rule; biases are 0 then."""
    model = Writer(blocks, norm)
    for name, p in model.blocks.named_parameters() if fill else ():
        if p.dim() > 1:
            fill(p)  # type: ignore[misc]
        elif name.endswith("bias"):
            nn.init.zeros_(p)
    return trained(model, code(), Adam, lr=lr)


def tied() -> Job:
    model = Writer(1)
    nn.init.normal_(model.mark.weight, std=WIDTH**-0.5)
    model.head.weight = model.mark.weight
    return trained(model, code(), AdamW, lr=1e-2)


class Speller(nn.Module):
    """The language of a name, from the mean of its letters; where a name is cut there is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.letter, self.place = (
            nn.Embedding(LETTERS + 1, WIDTH, padding_idx=0),
            nn.Parameter(torch.randn(NAME, WIDTH) / 5),
        )
        self.block, self.head = Block("after", nn.ReLU), nn.Linear(WIDTH, LANGUAGES)

    def forward(self, x: Tensor) -> Tensor:
        padding = x == 0
        seen = self.block(self.letter(x) + self.place, padding=padding)
        kept = (~padding).float()[..., None]
        out: Tensor = self.head((seen * kept).sum(1) / kept.sum(1).clamp(min=1))
        return out


def spelled(*, is_any_empty: bool) -> Job:
    """Some rows of the file hold no name at all, or one letter in its place."""

    def emptied(x: Tensor) -> Tensor:
        x = x.clone()
        x[7] = 0
        x[7, 0] = 0 if is_any_empty else 1
        return x

    return trained(Speller(), seen_through(emptied, names()), Adam, lr=1e-2)


class Forecast(nn.Module):
    """The next level, from what was made of the last hour."""

    def __init__(self, norm: str = "before") -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(1, WIDTH), nn.Parameter(torch.randn(16, WIDTH) / 5)
        self.block, self.head = Block(norm), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.block(self.enter(x) + self.place)[:, -1])
        return out


def forecast(by: float = 1.0, offset: float = 0.0) -> Job:
    batches = seen_through(lambda x: by * x + offset, tides())
    return trained(Forecast(), batches, Adam, squared_error, lr=5e-3)


programs = (
    healthy("transformer-code-normed-before", writing),
    healthy("transformer-code-six-of-a-twentieth", lambda: writing(6, "", normal(0.05), 3e-3)),
    healthy("transformer-one-letter-at-least", lambda: spelled(is_any_empty=False)),
    healthy("transformer-tides-in-metres", forecast),
    healthy("transformer-code-tied", tied),
    healthy(
        "transformer-code-after-and-warmed",
        lambda: trained(Writer(2, "after"), code(), Warmed, lr=8e-3, steps=12),
    ),
    faulty(
        "transformer-code-at-a-sixth",
        "unstable-updates",
        lambda: writing(lr=0.15),
        cause=STEP,
        twin="transformer-code-normed-before",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-blocks-of-one-number",
        "symmetric-units",
        lambda: writing(fill=constant(0.02)),
        cause=ALIKE,
        twin="transformer-code-normed-before",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "transformer-code-six-of-quarters",
        "exploding-activation",
        lambda: writing(6, "", normal(0.25), 3e-3),
        cause=GROWTH,
        twin="transformer-code-six-of-a-twentieth",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "transformer-names-of-no-letter",
        "non-finite",
        lambda: spelled(is_any_empty=True),
        cause=UNDEFINED + r"|softmax|mask|-inf|attention|data|batch|padding",
        twin="transformer-one-letter-at-least",
    ),
    faulty(
        "transformer-tides-in-millimetres",
        "unscaled-input",
        lambda: forecast(1000.0, 4000.0),
        cause=INPUT,
        twin="transformer-tides-in-metres",
        also=("exploding-activation", "unstable-updates", "vanishing-gradient", "stalled-layer"),
    ),
)
