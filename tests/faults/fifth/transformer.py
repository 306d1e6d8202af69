"""Transformers that go on with symbols that are repeated after two places."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam, AdamW

from tests.faults.building import Make
from tests.faults.fifth.making import ALIKE, CUT, GROWTH, STEP, trained, weighted
from tests.faults.fifth.tasks import LENGTH, SYMBOLS, echoes
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH, HEADS = 32, 4
LATER = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)


class Attention(nn.Module):
    """Four heads, with layers of their own for what is asked, offered and told."""

    def __init__(self, scale: float = (WIDTH / HEADS) ** -0.5) -> None:
        super().__init__()
        self.ask, self.offer, self.tell, self.leave = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.scale = scale

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        found = self.scale * q @ k.transpose(-1, -2)
        return found.masked_fill(LATER, -torch.inf).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (HEADS, -1)).transpose(1, 2) for layer in (self.ask, self.offer, self.tell)
        )
        out: Tensor = self.leave((self.weights(q, k) @ v).transpose(1, 2).flatten(2))
        return out


class Linear(Attention):
    """Attention by positive features (Katharopoulos et al., 2020), divided by their sum."""

    def __init__(self, *, is_divided: bool) -> None:
        super().__init__()
        self.is_divided = is_divided

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        found = ((F.elu(q) + 1) @ (F.elu(k) + 1).transpose(-1, -2)).masked_fill(LATER, 0.0)
        return found / found.sum(-1, keepdim=True) if self.is_divided else found


class Directed(Attention):
    """What is asked and offered is of length 1, and a temperature is learned (Henry et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(10.0))

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return super().weights(self.sharpness * F.normalize(q, dim=-1) / self.scale, F.normalize(k, dim=-1))


class Sloped(Attention):
    """No places: scores fall with the distance, at a slope of each head's own (Press et al., 2022)."""

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        at = torch.arange(LENGTH)
        slopes = 4.0 ** -torch.arange(HEADS).float()[:, None, None]
        found = self.scale * q @ k.transpose(-1, -2) - slopes * (at[:, None] - at).abs()
        return found.masked_fill(LATER, -torch.inf).softmax(-1)


class Separate(Attention):
    """Each score through a sigmoid of its own that begins almost shut (Ramapuram et al., 2025)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Sigmoid()

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return self.gate(self.scale * q @ k.transpose(-1, -2) - 2.5).masked_fill(LATER, 0.0)


class Squared(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.relu().square()


class Block(nn.Module):
    """Attention and two layers, normalised before, or not at all; left out by chance."""

    def __init__(
        self,
        attention: nn.Module,
        activation: Make = nn.ReLU,
        *,
        has_norm: bool = True,
        left_out: float = 0.0,
    ) -> None:
        super().__init__()
        self.attention, self.left_out = attention, left_out
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) if has_norm else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        for norm, part in zip(self.norms, (self.attention, self.feed), strict=True):
            kept = (torch.rand(len(x), 1, 1) >= self.left_out).float() / (1 - self.left_out)
            x = x + kept * part(norm(x))
        return x


class Text(nn.Module):
    """Symbols in, the logits of each next one out."""

    def __init__(self, blocks: list[Block], *, has_places: bool = True, symbols: int = SYMBOLS) -> None:
        super().__init__()
        self.symbol, self.place = nn.Embedding(symbols, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks, self.head = nn.Sequential(*blocks), nn.Linear(WIDTH, SYMBOLS)
        if not has_places:
            nn.init.zeros_(self.place.weight)
            self.place.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.blocks(self.symbol(x) + self.place.weight[: x.shape[1]]))
        return out


def text(*blocks: Block, lr: float = 5e-3, kind: type = Adam, **settings: bool) -> Job:
    return trained(Text(list(blocks), **settings), echoes(), kind, lr=lr)


def grown(*, is_copied: bool) -> Job:
    """A model of width 8 made four times as wide by copies without noise, or one that was drawn so wide."""
    model = Text([Block(Attention(), nn.SiLU)])
    with torch.no_grad():
        for table in (model.symbol.weight, model.place.weight) if is_copied else ():
            table.copy_(table[:, : WIDTH // 4].repeat(1, 4))
        for layer in weighted(model) if is_copied else []:
            rows, columns = (size if size == SYMBOLS else size // 4 for size in layer.weight.shape)
            layer.weight.copy_(layer.weight[:rows, :columns].repeat(len(layer.weight) // rows, 4) / 4)
            layer.bias.copy_(layer.bias[:rows].repeat(len(layer.weight) // rows))
    return trained(model, echoes(), Adam, lr=5e-3)


class Prompted(nn.Module):
    """A pretrained text model that stays as it is, with an adapter in front of it and one behind it."""

    def __init__(self, *, is_watched: bool) -> None:
        super().__init__()
        self.old, self.is_watched = Text([Block(Attention(), nn.GELU) for _ in range(2)]), is_watched
        first = Adam(self.old.parameters(), lr=5e-3)
        for x, y in echoes()[:50]:
            first.zero_grad()
            F.cross_entropy(self.old(x).flatten(0, 1), (y.flatten() + 3) % SYMBOLS).backward()  # type: ignore[no-untyped-call]
            first.step()
        self.old.requires_grad_(False)
        self.before, self.behind = nn.Linear(WIDTH, WIDTH), nn.Linear(SYMBOLS, SYMBOLS)
        nn.init.normal_(self.before.weight, std=0.2)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.before(self.old.symbol(x)) + self.old.place.weight
        with torch.set_grad_enabled(self.is_watched and torch.is_grad_enabled()):
            said = self.old.head(self.old.blocks(seen))
        out: Tensor = self.behind(said)
        return out


def guessed() -> Job:
    """One symbol in four is hidden, and only these are asked for (Devlin et al., 2019)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, _ = batch
        hidden = torch.rand(x.shape) < 0.25
        hidden[:, 0] = True
        logits = model(x.masked_fill(hidden, SYMBOLS))
        return F.cross_entropy(logits[hidden], x[hidden])

    model = Text([Block(Both(), nn.GELU)], symbols=SYMBOLS + 1)
    return trained(model, echoes(), AdamW, loss, lr=5e-3)


class Both(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return (self.scale * q @ k.transpose(-1, -2)).softmax(-1)


def vectors_fixed() -> Job:
    """Vectors of symbols and places are drawn once and fixed; everything above them is learned."""
    model = Text([Block(Attention())])
    model.symbol.requires_grad_(False)
    model.place.requires_grad_(False)
    return trained(model, echoes(), Adam, lr=5e-3)


def in_sums(*, is_divided: bool) -> Job:
    return text(*(Block(Linear(is_divided=is_divided), has_norm=False) for _ in range(2)), lr=3e-3)


programs = (
    healthy("transformer-sums-divided", lambda: in_sums(is_divided=True)),
    healthy("transformer-drawn-wide", lambda: grown(is_copied=False)),
    healthy(
        "transformer-adapters-watched", lambda: trained(Prompted(is_watched=True), echoes(), Adam, lr=1e-2)
    ),
    healthy(
        "transformer-adagrad-slow",
        lambda: text(Block(Attention()), Block(Attention()), kind=Adagrad, lr=1e-2),
    ),
    healthy("transformer-directions-asked", lambda: text(Block(Directed(), nn.GELU))),
    healthy("transformer-scores-that-slope", lambda: text(Block(Sloped()), has_places=False)),
    healthy("transformer-sigmoid-scores", lambda: text(Block(Separate(), nn.GELU))),
    healthy("transformer-squared-feed", lambda: text(Block(Attention(), Squared))),
    healthy(
        "transformer-blocks-dropped", lambda: text(*(Block(Attention(), left_out=0.3) for _ in range(2)))
    ),
    healthy("transformer-guesses-both-ways", guessed),
    healthy("transformer-vectors-fixed", vectors_fixed),
    faulty(
        "transformer-sums-not-divided",
        "exploding-activation",
        lambda: in_sums(is_divided=False),
        cause=GROWTH + "|attention|score|softmax|product|divi",
        twin="transformer-sums-divided",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "transformer-widened-by-copies",
        "symmetric-units",
        lambda: grown(is_copied=True),
        cause=ALIKE,
        twin="transformer-drawn-wide",
    ),
    faulty(
        "transformer-adapter-behind-no-grad",
        "stalled-layer",
        lambda: trained(Prompted(is_watched=False), echoes(), Adam, lr=1e-2),
        cause=CUT,
        twin="transformer-adapters-watched",
        also=("vanishing-gradient",),
    ),
    faulty(
        "transformer-adagrad-rate-of-one",
        "unstable-updates",
        lambda: text(Block(Attention()), Block(Attention()), kind=Adagrad, lr=1.0),
        cause=STEP,
        twin="transformer-adagrad-slow",
        also=("dead-units", "exploding-activation", "exploding-gradient", "non-finite"),
    ),
)
