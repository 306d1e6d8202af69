"""Networks over villages and their roads, ferries and their routes, orchards, and heights on a map."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import biased, chain, he, squared_error
from tests.faults.drawn.dogwood.tasks import ferries, orchards, relief, villages
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    INPUT,
    STEP,
    UNDEFINED,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Roads(nn.Module):
    """What neighbours say is averaged or summed, five times; the mean over villages is read."""

    def __init__(self, rounds: int, *, is_mean: bool) -> None:
        super().__init__()
        self.enter = nn.Linear(3, WIDTH)
        self.rounds = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(rounds))
        self.act, self.last, self.is_mean = nn.LeakyReLU(0.2), nn.Linear(WIDTH, 1), is_mean

    def forward(self, x: Tensor, roads: Tensor) -> Tensor:
        near = roads + torch.eye(roads.shape[-1])
        near = near / near.sum(-1, keepdim=True) if self.is_mean else near
        said = self.act(self.enter(x))
        for turn in self.rounds:
            said = self.act(turn(near @ said))
        out: Tensor = self.last(said.mean(1))
        return out


def traded(*, is_mean: bool) -> Job:
    model = filled(Roads(5, is_mean=is_mean), he)
    return trained(model, villages(), Adam, of_all, lr=4e-3)


def of_all(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0], batch[1]), batch[2])


class Spread(nn.Module):
    """How well each route goes, and how widely that varies; a variance of rectifiers may be 0."""

    def __init__(self, *, is_soft: bool) -> None:
        super().__init__()
        self.body, self.is_soft = chain([5, 48, 48, 6], nn.Tanh), is_soft

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, wide = self.body(x).chunk(2, 1)
        return mean, F.softplus(wide) + 1e-2 if self.is_soft else wide.relu()


def by_spread(model: nn.Module, batch: Batch) -> Tensor:
    """The negative logarithm of how likely that was, of the route that was taken."""
    x, route, y = batch
    mean, variance = (part.gather(1, route[:, None])[:, 0] for part in model(x))
    out: Tensor = 0.5 * (variance.log() + (y - mean).square() / variance).mean() + 0.92
    return out


def varied(*, is_soft: bool = True, lr: float = 8e-3) -> Job:
    return trained(Spread(is_soft=is_soft), ferries(), Adam, by_spread, lr=lr)


def masks(kind: type[nn.Module] = nn.ReLU) -> nn.Sequential:
    """Four convolutions and a logit a point."""
    sizes = [1, 12, 12, 12, 12]
    parts = [part for a, b in pairwise(sizes) for part in (nn.Conv2d(a, b, 3, padding=1), kind())]
    return nn.Sequential(*parts, nn.Conv2d(12, 1, 1))


def rare(places: list[int]) -> Job:
    """Biases that say that a tree is rare (Lin et al., 2017): of the last layer, or of every one."""
    model = biased(filled(masks(), he), -3.5, places)
    return trained(model, orchards(), Adam, by_points, lr=6e-3)


def by_points(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0]), batch[1])


def overlap(model: nn.Module, batch: Batch) -> Tensor:
    """One less the share that is both said and there (Milletari et al., 2016)."""
    said, there = model(batch[0]).sigmoid(), batch[1]
    both = (said * there).sum((1, 2, 3))
    out: Tensor = 1 - ((2 * both + 1) / ((said + there).sum((1, 2, 3)) + 1)).mean()
    return out


class Sine(nn.Module):
    """A sine of four times what comes in, with the weights that go with it (Sitzmann et al., 2020)."""

    def __init__(self, inputs: int, outputs: int, reach: float) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)
        nn.init.uniform_(self.layer.weight, -reach, reach)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (4 * self.layer(x)).sin()
        return out


def mapped(unit: float, corner: float, fill: Fill = nn.init.xavier_normal_) -> Job:
    """Coordinates from the middle of the map in halves of its side, or from a far corner in metres."""
    batches = seen_through(lambda x: unit * x + corner, relief())
    return trained(filled(chain([2, 64, 64, 1], nn.Tanh), fill), batches, Adam, squared_error, lr=2e-2)


def waved() -> Job:
    deep = 0.25 * (6 / 48) ** 0.5
    model = nn.Sequential(Sine(2, 48, 0.8), Sine(48, 48, deep), nn.Linear(48, 1))
    return trained(model, relief(), Adam, squared_error, lr=4e-3)


programs = (
    healthy("graph-villages-neighbours-averaged", lambda: traded(is_mean=True)),
    healthy("values-ferries-spread-soft", lambda: varied(is_soft=True)),
    healthy("segmentation-orchards-rare-at-last", lambda: rare([4])),
    healthy("field-relief-from-middle", lambda: mapped(1.0, 0.0)),
    healthy(
        "segmentation-orchards-overlap", lambda: trained(masks(nn.SiLU), orchards(), Adam, overlap, lr=6e-3)
    ),
    healthy("field-relief-of-sines", waved),
    faulty(
        "graph-villages-neighbours-summed",
        "exploding-activation",
        lambda: traded(is_mean=False),
        cause=GROWTH + "|sum|neighbour|mean|degree|scale",
        twin="graph-villages-neighbours-averaged",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "values-ferries-spread-rectified",
        "non-finite",
        lambda: varied(is_soft=False),
        cause=UNDEFINED + "|variance|relu",
        twin="values-ferries-spread-soft",
    ),
    faulty(
        "segmentation-orchards-rare-in-all",
        "dead-units",
        lambda: rare([0, 1, 2, 3, 4]),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="segmentation-orchards-rare-at-last",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "field-relief-from-corner",
        "unscaled-input",
        lambda: mapped(250.0, 700.0),
        cause=INPUT + "|scale|offset",
        twin="field-relief-from-middle",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "values-ferries-spread-at-a-quarter",
        "unstable-updates",
        lambda: varied(lr=0.25),
        cause=STEP,
        twin="values-ferries-spread-soft",
        also=("saturated-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "field-relief-drawn-wide",
        "saturated-units",
        lambda: mapped(1.0, 0.0, normal(2.0)),
        cause=ENDS,
        twin="field-relief-from-middle",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
)
