"""Networks with tables of vectors: trips between stations, and facts about things."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adagrad, Adam, AdamW, NAdam

from tests.faults.building import chain, he
from tests.faults.eighth.making import ENDS, GROWTH, INPUT, RATE, STEP, filled, trained
from tests.faults.eighth.tasks import ENTITIES, RELATIONS, STATIONS, facts, trips
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 6


class Trip(nn.Module):
    """Vectors of both stations beside the numbers, and layers above."""

    def __init__(self, net: nn.Module | None = None, spread: float = 1.0) -> None:
        super().__init__()
        self.station = nn.Embedding(STATIONS, CODE)
        nn.init.normal_(self.station.weight, std=spread)
        self.net = net or filled(chain([3 + 2 * CODE, 48, 48, 1]), he)

    def forward(self, x: Tensor, stations: Tensor) -> Tensor:
        out: Tensor = self.net(torch.cat([x, self.station(stations).flatten(1)], 1))
        return out


def took(model: nn.Module, batch: Batch) -> Tensor:
    x, stations, y = batch
    return F.mse_loss(model(x, stations), y)


def timed(*, is_scaled: bool) -> Job:
    return trained(Trip(), trips(is_scaled=is_scaled), Adam, took, lr=5e-3)


def spread(deviation: float) -> Job:
    net = chain([3 + 2 * CODE, 48, 48, 1], nn.Tanh)
    return trained(Trip(net, deviation), trips(), Adam, took, lr=1e-2)


class Crossed(nn.Module):
    """Each layer multiplies by what came in (Wang et al., 2017), in full or in a mean over its numbers."""

    def __init__(self, layers: int, deviation: float) -> None:
        super().__init__()
        size = 3 + 2 * CODE
        self.layers, self.head = (
            nn.ModuleList(nn.Linear(size, size) for _ in range(layers)),
            nn.Linear(size, 1),
        )
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=deviation)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for layer in self.layers:
            seen = x * layer(seen) + seen
        out: Tensor = self.head(seen)
        return out


def crossed(deviation: float) -> Job:
    return trained(Trip(Crossed(5, deviation), 0.5), trips(), Adam, took, lr=1.5e-2)


class Facts(nn.Module):
    """How likely a fact is, by what the vectors of things and relations say to each other."""

    def __init__(self, spread: float = 0.5, kind: str = "product") -> None:
        super().__init__()
        self.thing, self.relation = nn.Embedding(ENTITIES, 16), nn.Embedding(RELATIONS, 16)
        self.level, self.kind = nn.Parameter(torch.zeros(())), kind
        for table in (self.thing, self.relation):
            nn.init.normal_(table.weight, std=spread)

    def forward(self, x: Tensor) -> Tensor:
        one, relation, other = self.thing(x[:, 0]), self.relation(x[:, 1]), self.thing(x[:, 2])
        if self.kind == "moved":
            return 3 + self.level - (one + relation - other).abs().sum(1)
        return (one * relation * other).sum(1) + self.level


def true(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


def by_nadam(lr: float) -> Job:
    net = chain([3 + 2 * CODE, 48, 48, 1], nn.Tanh)
    return trained(Trip(net), trips(), NAdam, took, lr=lr)


class Factors(nn.Module):
    """Products of all pairs of vectors, beside a number of each (Rendle, 2010)."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.code = nn.Embedding(2 * STATIONS, 1), nn.Embedding(2 * STATIONS, 4)
        self.net = chain([3, 24, 1])
        nn.init.normal_(self.code.weight, std=0.1)
        nn.init.normal_(self.own.weight, std=0.1)

    def forward(self, x: Tensor, stations: Tensor) -> Tensor:
        at = stations + torch.tensor([0, STATIONS])
        pair = self.code(at).prod(1).sum(1, keepdim=True)
        out: Tensor = self.net(x) + self.own(at).sum(1) + pair
        return out


def known_tables(*, is_known: bool) -> Job:
    """The optimiser was made with everything, or with the layers alone."""
    model = Factors()
    parameters = model.parameters() if is_known else model.net.parameters()
    return Job(model, Adam([*parameters], lr=3e-2), trips(), took)


class Hashed(nn.Module):
    """A table that is far too large: most of its rows are never asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs = nn.Embedding(4000, 4, sparse=False)
        self.net = chain([7, 48, 1], nn.SiLU)

    def forward(self, x: Tensor, stations: Tensor) -> Tensor:
        code = (stations[:, 0] * 131 + stations[:, 1] * 17) % 4000
        out: Tensor = self.net(torch.cat([x, self.pairs(code)], 1))
        return out


def fixed_vectors() -> Job:
    """Vectors that were learned elsewhere stay as they are."""
    model = Trip(chain([3 + 2 * CODE, 64, 64, 1]))
    model.station.requires_grad_(False)
    return trained(model, trips(), AdamW, took, lr=1e-2)


programs = (
    healthy("embedding-minutes-on-scale", lambda: timed(is_scaled=True)),
    healthy("embedding-vectors-of-unit-spread", lambda: spread(1.0)),
    healthy("embedding-crossed-gently", lambda: crossed(0.05)),
    healthy("embedding-trips-by-small-steps", lambda: by_nadam(5e-3)),
    healthy("embedding-trips-tables-known", lambda: known_tables(is_known=True)),
    healthy("embedding-table-too-large", lambda: trained(Hashed(), trips(), Adam, took, lr=1e-2)),
    healthy("embedding-facts-by-products", lambda: trained(Facts(0.7), facts(), Adam, true, lr=5e-2)),
    healthy("embedding-station-vectors-fixed", fixed_vectors),
    healthy("embedding-things-moved", lambda: trained(Facts(0.3, "moved"), facts(), Adagrad, true, lr=0.1)),
    faulty(
        "embedding-minutes-of-the-day",
        "unscaled-input",
        lambda: timed(is_scaled=False),
        cause=INPUT,
        twin="embedding-minutes-on-scale",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "embedding-vectors-of-thirty",
        "saturated-units",
        lambda: spread(30.0),
        cause=ENDS + "|embedding|vector",
        twin="embedding-vectors-of-unit-spread",
        also=("vanishing-gradient",),
    ),
    faulty(
        "embedding-crossed-by-unit-normals",
        "exploding-activation",
        lambda: crossed(1.5),
        cause=GROWTH + "|product|multipl",
        twin="embedding-crossed-gently",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "embedding-trips-by-great-steps",
        "unstable-updates",
        lambda: by_nadam(0.3),
        cause=STEP,
        twin="embedding-trips-by-small-steps",
        also=("saturated-units", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "embedding-trips-tables-left-out",
        "stalled-layer",
        lambda: known_tables(is_known=False),
        cause=RATE,
        twin="embedding-trips-tables-known",
    ),
)
