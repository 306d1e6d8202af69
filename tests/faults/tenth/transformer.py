"""Transformers that go on with tunes, forecast what a household draws, or look at signs in pieces."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, cross_entropy, squared_error
from tests.faults.eighth.making import GROWTH, RATE, STEP, Warmed, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.tenth.tasks import BARS, NOTES, SIGNS, loads, signs, tunes

WIDTH, HEADS = 32, 2


class Attention(nn.Module):
    """Attention by hand, over what `hidden` leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.all, self.leave = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        q, k, v = (one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in self.all(x).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) * (WIDTH / HEADS) ** -0.5
        scores = scores if hidden is None else scores + hidden
        out: Tensor = self.leave((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """Normalised before, after, or not at all."""

    def __init__(self, activation: Make = nn.GELU, norm: str = "before") -> None:
        super().__init__()
        self.attention, self.norm = Attention(), norm
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if norm else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        if self.norm == "after":
            x = self.norms[0](x + self.attention(x, hidden))
            return self.norms[1](x + self.feed(x))  # type: ignore[no-any-return]
        x = x + self.attention(self.norms[0](x), hidden)
        return x + self.feed(self.norms[1](x))  # type: ignore[no-any-return]


class Player(nn.Module):
    """Notes in, the logits of each next one out."""

    def __init__(self, *blocks: Block, is_tied: bool = False) -> None:
        super().__init__()
        self.note, self.place = nn.Embedding(NOTES, WIDTH), nn.Embedding(BARS, WIDTH)
        self.blocks, self.head = nn.ModuleList(blocks), nn.Linear(WIDTH, NOTES)
        self.later = torch.full((BARS, BARS), -torch.inf).triu(1)
        if is_tied:
            nn.init.normal_(self.note.weight, std=WIDTH**-0.5)
            self.head.weight = self.note.weight

    def forward(self, x: Tensor) -> Tensor:
        said = self.note(x) + self.place(torch.arange(x.shape[1]))
        for block in self.blocks:
            said = block(said, self.later)
        out: Tensor = self.head(said)
        return out


def playing(blocks: int = 2, activation: Make = nn.GELU, norm: str = "before", lr: float = 4e-3) -> Job:
    return trained(Player(*(Block(activation, norm) for _ in range(blocks))), tunes(), Adam, lr=lr)


def drawn(deviation: float) -> Job:
    """Every matrix is drawn by one deviation; nothing is normalised."""
    model = Player(*(Block(nn.GELU, "") for _ in range(4)))
    for p in model.parameters():
        if p.dim() > 1:
            nn.init.normal_(p, std=deviation)
    return trained(model, tunes(), Adam, lr=3e-3)


def of_blocks(*, is_all: bool) -> Job:
    """The optimiser knows the blocks and the head, or the model; tables are drawn as in GPT-2."""
    model = Player(Block(norm=""))
    for table in (model.note, model.place):
        nn.init.normal_(table.weight, std=0.02)
    some = [*model.blocks.parameters(), *model.head.parameters()]
    return Job(model, Adam(model.parameters() if is_all else some, lr=8e-3), tunes(), cross_entropy)


class Read(nn.Module):
    """The next load, from the mean of what was made of hours; of some homes none of them are known."""

    def __init__(self, *blocks: Block, hidden: float = 0.0) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(1, WIDTH), nn.Parameter(torch.randn(14, WIDTH) / 5)
        self.blocks, self.head, self.hidden = nn.ModuleList(blocks), nn.Linear(WIDTH, 1), hidden

    def forward(self, x: Tensor) -> Tensor:
        hidden = None
        if self.hidden:
            known = (torch.arange(14) >= 14 - (torch.arange(len(x)) % 15)[:, None])[:, None, None]
            hidden = torch.where(known, 0.0, self.hidden)
        seen = self.enter(x) + self.place
        for block in self.blocks:
            seen = block(seen, hidden)
        out: Tensor = self.head(seen[:, -1])
        return out


def forecast(norm: str = "before", hidden: float = 0.0) -> Job:
    return trained(
        Read(Block(norm=norm), Block(norm=norm), hidden=hidden), loads(), Adam, squared_error, lr=4e-3
    )


class Looker(nn.Module):
    """Pieces of a picture, and a token beside them that tells (Dosovitskiy et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.cut, self.class_token = nn.Conv2d(3, WIDTH, 5, stride=5), nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.place = nn.Parameter(torch.randn(5, WIDTH) / 5)
        self.block, self.head = Block(), nn.Linear(WIDTH, SIGNS)

    def forward(self, x: Tensor) -> Tensor:
        pieces = self.cut(x).flatten(2).transpose(1, 2)
        pieces = torch.cat([self.class_token.expand(len(x), -1, -1), pieces], 1) + self.place
        out: Tensor = self.head(self.block(pieces)[:, 0])
        return out


def masked(model: nn.Module, batch: Batch) -> Tensor:
    """The note after each, of three in four."""
    x, y = batch
    kept = torch.rand(y.shape) < 0.75
    return F.cross_entropy(model(x)[kept], y[kept])


class Torch(nn.Module):
    """As `nn.TransformerEncoderLayer` has it."""

    def __init__(self) -> None:
        super().__init__()
        self.note, self.place = nn.Embedding(NOTES, WIDTH), nn.Embedding(BARS, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 64, 0.1, batch_first=True, norm_first=True)
        self.body, self.head = (
            nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
            nn.Linear(WIDTH, NOTES),
        )

    def forward(self, x: Tensor) -> Tensor:
        later = nn.Transformer.generate_square_subsequent_mask(BARS)
        out: Tensor = self.head(self.body(self.note(x) + self.place.weight, mask=later))
        return out


programs = (
    healthy("transformer-tunes-normalised-before", playing),
    healthy("transformer-tunes-drawn-by-a-tenth", lambda: drawn(0.1)),
    healthy("transformer-tables-in-optimiser", lambda: of_blocks(is_all=True)),
    healthy("transformer-unknown-hours-far-below", lambda: forecast(hidden=-1e4)),
    healthy("transformer-signs-in-pieces", lambda: trained(Looker(), signs(), AdamW, lr=5e-3)),
    healthy(
        "transformer-three-notes-in-four", lambda: trained(Player(Block()), tunes(), Adam, masked, lr=1e-2)
    ),
    healthy("transformer-tunes-by-torch", lambda: trained(Torch(), tunes(), AdamW, lr=4e-3)),
    healthy(
        "transformer-head-is-the-note",
        lambda: trained(Player(Block(), is_tied=True), tunes(), Adam, lr=8e-3),
    ),
    healthy(
        "transformer-after-and-warmed",
        lambda: trained(Player(Block(norm="after"), Block(norm="after")), tunes(), Warmed, lr=5e-3, steps=10),
    ),
    healthy("transformer-feed-of-relu", lambda: playing(1, nn.ReLU, lr=1e-2)),
    faulty(
        "transformer-tunes-at-a-fifth",
        "unstable-updates",
        lambda: playing(lr=0.2),
        cause=STEP,
        twin="transformer-tunes-normalised-before",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-tunes-drawn-by-ones",
        "exploding-gradient",
        lambda: drawn(1.0),
        cause=GROWTH,
        twin="transformer-tunes-drawn-by-a-tenth",
        also=("exploding-activation", "unstable-updates", "vanishing-gradient"),
    ),
    faulty(
        "transformer-tables-not-in-optimiser",
        "stalled-layer",
        lambda: of_blocks(is_all=False),
        cause=RATE,
        twin="transformer-tables-in-optimiser",
    ),
    healthy("transformer-loads-not-normalised", lambda: forecast(norm="")),
    faulty(
        "transformer-unknown-hours-minus-infinity",
        "non-finite",
        lambda: forecast(hidden=-torch.inf),
        cause=OPERATION + r"|softmax|mask|-inf|attention",
        twin="transformer-unknown-hours-far-below",
    ),
)
