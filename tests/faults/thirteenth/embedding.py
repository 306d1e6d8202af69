"""Tables of vectors: viewers and their shows, and the words of reviews."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, chain
from tests.faults.eighth.making import INPUT, RATE, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION
from tests.faults.thirteenth.tasks import LEXICON, SHOWS, TOPICS, VIEWERS, reviews, watched
from tests.faults.twelfth.making import EMPTY, told

WIDTH = 8


class Rated(nn.Module):
    """Vectors of a viewer and a show, with two numbers of the show, through layers."""

    def __init__(self, activation: Make = nn.ReLU, std: float = 0.5) -> None:
        super().__init__()
        self.who, self.what = nn.Embedding(VIEWERS, WIDTH), nn.Embedding(SHOWS, WIDTH)
        self.rest = chain([2 + 2 * WIDTH, 40, 40, 1], activation)
        for table in (self.who, self.what):
            nn.init.normal_(table.weight, std=std)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, self.who(ids[:, 0]), self.what(ids[:, 1])], 1))
        return out


def rated(lr: float = 1e-2) -> Job:
    return trained(Rated(), watched(), Adam, told, lr=lr)


def aired() -> Job:
    """Minutes of a show, and at which second since 1970 it was aired, as they are in the file."""
    units = torch.tensor([24.0, 2e8]), torch.tensor([50.0, 1.1e9])
    batches = [(x * units[0] + units[1], ids, y) for x, ids, y in watched()]
    return trained(Rated(), batches, Adam, told, lr=1e-2)


class Copied(Rated):
    """Vectors that went through `torch.tensor(...tolist())` on their way to the layers, or did not."""

    def __init__(self, *, is_copied: bool) -> None:
        super().__init__(nn.Tanh, std=0.05)
        self.is_copied = is_copied

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        vectors = torch.cat([self.who(ids[:, 0]), self.what(ids[:, 1])], 1)
        vectors = torch.tensor(vectors.tolist()) if self.is_copied else vectors
        out: Tensor = self.rest(torch.cat([x, vectors], 1))
        return out


def copied(*, is_copied: bool) -> Job:
    """The two tables are in the optimiser either way."""
    return trained(Copied(is_copied=is_copied), watched(), AdamW, told, lr=1e-2)


class Bag(nn.Module):
    """The mean of the vectors of a review's words, through layers; an empty review has no words."""

    def __init__(self, least: float, activation: Make = nn.ReLU, rows: int = LEXICON + 1) -> None:
        super().__init__()
        self.word, self.least = nn.Embedding(rows, 16, padding_idx=0), least
        self.rest = chain([16, 40, TOPICS], activation)

    def pooled(self, x: Tensor) -> Tensor:
        known = (x > 0).float()[..., None]
        total = (self.word(x) * known).sum(1)
        out: Tensor = total / known.sum(1).clamp(min=self.least)
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(2 * self.pooled(x))
        return out


def given() -> Job:
    """Vectors of words, learnt on reviews of other topics, are fixed; layers after them are new."""
    before, batches = Bag(1.0, nn.GELU), reviews()
    optimizer = Adam(before.parameters(), lr=2e-2)
    for x, y in batches[::-1][:40]:
        optimizer.zero_grad()
        F.cross_entropy(before(x), (y + 1) % TOPICS).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model = Bag(1.0, nn.GELU)
    model.word.weight = before.word.weight.requires_grad_(False)
    return trained(model, batches, AdamW, lr=1e-2)


class Hashed(Rated):
    """A viewer's vector is the sum of two, of small tables that many viewers share (Shi et al., 2020)."""

    def __init__(self) -> None:
        super().__init__(nn.GELU)
        self.who, self.more = nn.Embedding(7, WIDTH), nn.Embedding(VIEWERS // 7 + 1, WIDTH)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        who = self.who(ids[:, 0] % 7) + self.more(ids[:, 0] // 7)
        out: Tensor = self.rest(torch.cat([x, who, self.what(ids[:, 1])], 1))
        return out


def ranked(model: nn.Module, batch: Batch) -> Tensor:
    """Of two shows, which was rated higher (Rendle et al., 2009)."""
    x, ids, y = batch
    said = model(x, ids)
    higher = (y - y.roll(1, 0)).sign()
    return F.softplus(-higher * (said - said.roll(1, 0))).mean()


programs = (
    healthy("embedding-watched-in-small-steps", rated),
    healthy("embedding-watched-vectors-passed-on", lambda: copied(is_copied=False)),
    healthy("embedding-reviews-a-word-at-least", lambda: trained(Bag(1.0), reviews(), Adam, lr=1e-2)),
    healthy("embedding-reviews-vectors-given", given),
    healthy(
        "embedding-reviews-rows-of-other-tongues",
        lambda: trained(Bag(1.0, nn.GELU, 1500), reviews(), Adam, lr=1e-2),
    ),
    healthy(
        "embedding-watched-of-two-the-higher",
        lambda: trained(Rated(nn.SiLU), watched(), Adam, ranked, lr=1e-2),
    ),
    faulty(
        "embedding-watched-adam-at-a-half",
        "dead-units",
        lambda: rated(lr=0.5),
        cause=DRIVEN,
        twin="embedding-watched-in-small-steps",
        also=(
            "unstable-updates",
            "exploding-activation",
            "exploding-gradient",
            "vanishing-gradient",
            "stalled-layer",
        ),
    ),
    healthy("embedding-watched-two-small-tables", lambda: trained(Hashed(), watched(), AdamW, told, lr=1e-2)),
    faulty(
        "embedding-watched-aired-since-1970",
        "unscaled-input",
        aired,
        cause=INPUT + "|scale",
        twin="embedding-watched-in-small-steps",
        also=(
            "exploding-activation",
            "unstable-updates",
            "dead-units",
            "stalled-layer",
            "vanishing-gradient",
        ),
    ),
    faulty(
        "embedding-watched-vectors-by-list",
        "stalled-layer",
        lambda: copied(is_copied=True),
        cause=RATE + r"|detach|no_grad|\bcut|no gradient|gradient",
        twin="embedding-watched-vectors-passed-on",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-reviews-mean-of-nothing",
        "non-finite",
        lambda: trained(Bag(0.0), reviews(), Adam, lr=1e-2),
        cause=OPERATION + EMPTY,
        twin="embedding-reviews-a-word-at-least",
    ),
)
