"""Tables of tram lines, hours and words, and layers over what is looked up."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from tests.faults.building import Make, chain, cross_entropy, he
from tests.faults.eighth.making import INPUT, RATE, STEP, filled, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.seventeenth.tasks import HOURS, LINES, POETS, VOCABULARY, fares, stanzas
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import told


class Ride(nn.Module):
    """Rain and warmth beside what the tables of lines and hours have, and layers over all of it."""

    def __init__(self, activation: Make = nn.ReLU, *, lines: int = LINES, width: int = 8) -> None:
        super().__init__()
        self.line, self.hour = nn.Embedding(lines, width), nn.Embedding(HOURS, width)
        self.rest = chain([2 + 2 * width, 40, 40, 1], activation)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        both = self.line(which[:, 0]), self.hour(which[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def safe_by(eps: float) -> Job:
    """Lines of a town of which few run in any batch; Adam's root is kept from 0 by some number."""
    return Job(model := Ride(nn.SiLU, lines=60), Adam(model.parameters(), lr=1.5e-2, eps=eps), fares(), told)


def pressed(by: float, plus: float) -> Job:
    """Air's pressure about its mean on unit scale, or in pascals, beside rain."""
    scale, shift = torch.tensor([1.0, by]), torch.tensor([0.0, plus])
    return trained(filled(Ride(), he), seen_through(lambda x: x * scale + shift, fares()), Adam, told, lr=6e-3)


class Words(nn.Module):
    """The mean of the vectors of a stanza's words, and layers over it."""

    def __init__(self, width: int = 24, activation: Make = nn.Tanh, *, is_sparse: bool = False) -> None:
        super().__init__()
        self.word = nn.EmbeddingBag(VOCABULARY, width, mode="mean", sparse=is_sparse)
        self.rest = chain([width, 32, 32, POETS], activation)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(self.word(x))
        return out


def gathered() -> Job:
    """The first layer is orthogonal, so that it keeps the size of what comes in."""
    model = Words()
    nn.init.orthogonal_(model.rest[0].weight)  # type: ignore[arg-type]
    return trained(model, stanzas(), Adam, lr=6e-3)


class Two(Adam):
    """Adam of the layers; the table, whose gradient is sparse, has descent of its own, which may be forgotten."""

    def __init__(self, rest: Any, table: Any, *, is_stepped: bool) -> None:
        groups = [
            {"params": list(rest), "is_table": False},
            {"params": list(table), "is_table": True, "is_stepped": is_stepped},
        ]
        super().__init__(groups, lr=8e-3)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"] if group["is_table"] else ():
                if group["is_stepped"]:
                    p.add_(p.grad, alpha=-8.0)
                p.grad = None
        return super().step(closure)


def by_two(*, is_stepped: bool) -> Job:
    model = Words(8, nn.GELU, is_sparse=True)
    nn.init.normal_(model.word.weight, std=0.3)
    rest = model.rest.parameters()
    optimizer = Two(rest, model.word.parameters(), is_stepped=is_stepped)
    return Job(model, optimizer, stanzas(), cross_entropy)


def rates(rest: float) -> Job:
    """The table's rate is great, as its rows are seldom asked for; so may be that of the layers."""
    model = Words(16, nn.ReLU)
    groups = [{"params": [*model.word.parameters()]}, {"params": [*model.rest.parameters()], "lr": rest}]
    return Job(model, SGD(groups, lr=4.0), stanzas(), cross_entropy)


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
        return pairs + self.alone[0](which[:, 0]) + self.alone[1](which[:, 1])


class Folded(nn.Module):
    """Each line has two of seven rows of a small table, by two hashes (Svenstrup et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.hour = nn.Embedding(14, 8), nn.Embedding(HOURS, 8)
        self.rest = chain([26, 48, 1], nn.SiLU)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        line = which[:, 0]
        out: Tensor = self.rest(
            torch.cat([x, self.rows(line % 7), self.rows(7 + line // 5), self.hour(which[:, 1])], 1)
        )
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
    """Of each of a vector's numbers, the greatest over all words; a word is left out of five."""

    def __init__(self) -> None:
        super().__init__()
        self.word, self.last = nn.Embedding(VOCABULARY, 48), nn.Linear(48, POETS)

    def forward(self, x: Tensor) -> Tensor:
        left = (torch.arange(x.shape[1]) % 5 != 4)[:, None]
        out: Tensor = self.last(self.word(x).masked_fill(~left, -1e4).amax(1))
        return out


def short() -> Job:
    """Vectors whose length is kept at most 1, as they are asked for."""
    model = Words(24, nn.ReLU)
    model.word = nn.EmbeddingBag(VOCABULARY, 24, mode="mean", max_norm=1.0)
    return trained(model, stanzas(), Adam, lr=1.5e-2)


programs = (
    healthy("embedding-fares-root-kept-from-0", lambda: safe_by(1e-8)),
    healthy("embedding-fares-pressure-about-mean", lambda: pressed(1.0, 0.0)),
    healthy("embedding-stanzas-mean-of-words", lambda: gathered()),
    healthy("embedding-stanzas-both-stepped", lambda: by_two(is_stepped=True)),
    healthy("embedding-stanzas-rates-apart", lambda: rates(0.5)),
    healthy("embedding-fares-pairs-multiplied", lambda: trained(Cross(), fares(), Adam, told, lr=3e-2)),
    healthy("embedding-fares-rows-folded", lambda: trained(Folded(), fares(), Adam, told, lr=1.5e-2)),
    healthy("embedding-stanzas-words-weighed", lambda: trained(Weighed(), stanzas(), Adam, lr=1.5e-2)),
    healthy("embedding-stanzas-greatest-of-each", lambda: trained(Greatest(), stanzas(), Adam, lr=1.5e-2)),
    healthy("embedding-stanzas-kept-short", short),
    faulty(
        "embedding-fares-root-of-nothing",
        "non-finite",
        lambda: safe_by(0.0),
        cause=OPERATION + "|eps|adam|optimi[sz]er",
        twin="embedding-fares-root-kept-from-0",
    ),
    faulty(
        "embedding-fares-pressure-in-pascals",
        "unscaled-input",
        lambda: pressed(700.0, 101325.0),
        cause=INPUT + "|scale|offset",
        twin="embedding-fares-pressure-about-mean",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "embedding-stanzas-table-not-stepped",
        "stalled-layer",
        lambda: by_two(is_stepped=False),
        cause=RATE,
        twin="embedding-stanzas-both-stepped",
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
