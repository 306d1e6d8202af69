"""Tables of tram lines, hours and words, and layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.building import chain, cross_entropy
from tests.faults.eighth.making import INPUT, RATE, STEP, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.seventeenth.tasks import HOURS, LINES, POETS, VOCABULARY, fares, stanzas
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import told


class Ride(nn.Module):
    """Rain and pressure beside what the tables have, and layers over all; half of the lines do not run."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.hour = nn.Embedding(2 * LINES, 8), nn.Embedding(HOURS, 8)
        self.rest = chain([18, 40, 40, 1])

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        both = self.line(which[:, 0]), self.hour(which[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def ridden(by: float = 1.0, plus: float = 0.0, eps: float = 1e-8) -> Job:
    """Air's pressure about its mean on unit scale, or in pascals; Adam's root is kept from 0, or is not."""
    scale, shift = torch.tensor([1.0, by]), torch.tensor([0.0, plus])
    batches = seen_through(lambda x: x * scale + shift, fares())
    return trained(Ride(), batches, Adam, told, lr=1.2e-2, eps=eps)


class Words(nn.Module):
    """The mean of the vectors of a stanza's words, and layers over it."""

    def __init__(self) -> None:
        super().__init__()
        self.word = nn.EmbeddingBag(VOCABULARY, 12, mode="mean")
        self.rest = chain([12, 32, 32, POETS])
        nn.init.normal_(self.word.weight, std=0.4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(self.word(x))
        return out


def rates(rest: float = 0.5, *, is_table: bool = True) -> Job:
    """The table's rate is great, as its rows are seldom asked for; so may be that of the layers.

    It may have been left to an optimiser for tables, which nobody steps.
    """
    model = Words()
    groups = [{"params": [*model.rest.parameters()], "lr": rest}]
    if is_table:
        groups.append({"params": [*model.word.parameters()], "lr": 4.0})
    return Job(model, SGD(groups), stanzas(), cross_entropy)


# Healthy trainings that look odd


class Cross(nn.Module):
    """Products of all pairs of vectors, with no layer over them (Rendle, 2010)."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.hour = nn.Embedding(LINES, 6), nn.Embedding(HOURS, 6)
        self.weather, self.alone = nn.Linear(2, 6), nn.ModuleList(nn.Embedding(n, 1) for n in (LINES, HOURS))
        for table in (self.line, self.hour):
            nn.init.normal_(table.weight, std=0.3)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        all_three = torch.stack([self.line(which[:, 0]), self.hour(which[:, 1]), self.weather(x)])
        pairs = (all_three.sum(0).square() - all_three.square().sum(0)).sum(1, keepdim=True) / 2
        out: Tensor = pairs + self.alone[0](which[:, 0]) + self.alone[1](which[:, 1])
        return out


class Weighed(nn.Module):
    """Each word says, by one number, how much it counts in its stanza; all count alike at first."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.count = nn.Embedding(VOCABULARY, 20), nn.Embedding(VOCABULARY, 1)
        self.last = nn.Linear(20, POETS)
        nn.init.zeros_(self.count.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last((self.count(x).softmax(1) * self.word(x)).sum(1))
        return out


class Greatest(nn.Module):
    """Of each of a vector's numbers, the greatest over all words of a stanza."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.last = nn.Embedding(VOCABULARY, 48), nn.Linear(48, POETS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.word(x).amax(1))
        return out


programs = (
    healthy("embedding-fares-root-kept-from-0", ridden),
    healthy("embedding-stanzas-rates-apart", rates),
    healthy("embedding-fares-pairs-multiplied", lambda: trained(Cross(), fares(), Adam, told, lr=3e-2)),
    healthy("embedding-stanzas-words-weighed", lambda: trained(Weighed(), stanzas(), Adam, lr=1.5e-2)),
    healthy("embedding-stanzas-greatest-of-each", lambda: trained(Greatest(), stanzas(), Adam, lr=1.5e-2)),
    faulty(
        "embedding-fares-root-of-nothing",
        "non-finite",
        lambda: ridden(eps=0.0),
        cause=OPERATION + "|eps|adam|optimi[sz]er",
        twin="embedding-fares-root-kept-from-0",
    ),
    faulty(
        "embedding-fares-pressure-in-pascals",
        "unscaled-input",
        lambda: ridden(700.0, 101325.0),
        cause=INPUT + "|scale|offset",
        twin="embedding-fares-root-kept-from-0",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "embedding-stanzas-table-not-stepped",
        "stalled-layer",
        lambda: rates(is_table=False),
        cause=RATE,
        twin="embedding-stanzas-rates-apart",
    ),
    faulty(
        "embedding-stanzas-rate-of-table-for-all",
        "unstable-updates",
        lambda: rates(4.0),
        cause=STEP + "|group",
        twin="embedding-stanzas-rates-apart",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
