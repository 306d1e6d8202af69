"""Tables of vectors: words of greetings, and collectors who bid on cards."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, SparseAdam

from tests.faults.building import chain, xavier
from tests.faults.drawn.cedar.tasks import CARDS, COLLECTORS, WARDS, WORDS, bids, greetings
from tests.faults.eighth.making import ALIKE, CUT, STEP, UNDEFINED, Fill, constant, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 16


class Reader(nn.Module):
    """The mean of the words there are, over their number or at least some number; two layers read it."""

    def __init__(self, least: int = 1) -> None:
        super().__init__()
        self.word, self.least = nn.Embedding(WORDS + 1, WIDTH, padding_idx=0), least
        self.last = chain([WIDTH, 32, WARDS], nn.Tanh)

    def forward(self, x: Tensor) -> Tensor:
        there = (x > 0).sum(1, keepdim=True).clamp(min=self.least)
        out: Tensor = self.last(self.word(x).sum(1) / there)
        return out


def read(fill: Fill = xavier, *, least: int = 1) -> Job:
    return trained(filled(Reader(least), fill), greetings(), Adam, lr=1e-2)


class Bids(nn.Module):
    """Vectors of a collector and a card, and what is known of the card; three layers over all."""

    def __init__(self, *, is_data: bool = False) -> None:
        super().__init__()
        self.who, self.card = nn.Embedding(COLLECTORS, 8), nn.Embedding(CARDS, 8)
        self.tell, self.is_data = chain([18, 40, 40, 1], nn.Tanh), is_data
        for table in (self.who, self.card):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        tables = [table.weight.data if self.is_data else table.weight for table in (self.who, self.card)]
        found = [F.embedding(who[:, place], table) for place, table in enumerate(tables)]
        out: Tensor = self.tell(torch.cat([x, *found], 1))
        return out


def off(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


def bid(lr: float = 6e-3, *, is_data: bool = False) -> Job:
    return trained(Bids(is_data=is_data), bids(), Adam, off, lr=lr)


# Healthy trainings that look odd


class Bag(nn.Module):
    """Sums of words whose gradients are sparse; the vectors are the logits themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.EmbeddingBag(WORDS + 1, WARDS, mode="sum", sparse=True, padding_idx=0)
        nn.init.zeros_(self.word.weight)  # as a linear model of counts starts

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.word(x)
        return out


def higher(model: nn.Module, batch: Batch) -> Tensor:
    """Of two bids, the higher one is to be told (Rendle et al., 2009); equal ones do not come up."""
    x, who, y = batch
    said = model(x, who)
    sign = (y - y.roll(1, 0)).sign()
    return -F.logsigmoid(2 * sign * (said - said.roll(1, 0))).mean()


programs = (
    healthy("embedding-greetings-over-one-at-least", read),
    healthy("embedding-bids-tables-learned", bid),
    healthy("embedding-greetings-sums-of-sparse", lambda: trained(Bag(), greetings(), SparseAdam, lr=5e-2)),
    healthy("embedding-bids-which-is-higher", lambda: trained(Bids(), bids(), Adam, higher, lr=6e-3)),
    faulty(
        "embedding-greetings-over-no-words",
        "non-finite",
        lambda: read(least=0),
        cause=UNDEFINED + "|mean|empty|length|mask|padding",
        twin="embedding-greetings-over-one-at-least",
    ),
    faulty(
        "embedding-greetings-layers-of-one-mean",
        "symmetric-units",
        lambda: read(constant(1 / WIDTH)),
        cause=ALIKE,
        twin="embedding-greetings-over-one-at-least",
    ),
    faulty(
        "embedding-bids-tables-as-data",
        "stalled-layer",
        lambda: bid(is_data=True),
        cause=CUT + r"|\.data\b|optimi[sz]er|not updated|no update",
        twin="embedding-bids-tables-learned",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-bids-rate-of-descent",
        "unstable-updates",
        lambda: bid(lr=0.5),
        cause=STEP,
        twin="embedding-bids-tables-learned",
        also=("saturated-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
