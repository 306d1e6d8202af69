"""Papers as graphs, values of a lift's buttons, flows of districts, mixtures of experts, maps of tiles."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he, squared_error, xavier
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.thirteenth.tasks import FIELDS, TERMS, citations, houses, lands, trips

WIDTH = 24


class Cited(nn.Module):
    """Papers hear the mean of those they cite, or the sum."""

    def __init__(self, layers: int, *, is_mean: bool = True) -> None:
        super().__init__()
        self.own = nn.ModuleList(nn.Linear(WIDTH if i else TERMS, WIDTH) for i in range(layers))
        self.near = nn.ModuleList(nn.Linear(WIDTH if i else TERMS, WIDTH) for i in range(layers))
        self.acts = nn.ModuleList(nn.ReLU() for _ in range(layers))
        self.last, self.is_mean = nn.Linear(WIDTH, FIELDS), is_mean
        filled(self, xavier)

    def forward(self, x: Tensor, cites: Tensor) -> Tensor:
        count = cites.sum(-1, keepdim=True).clamp(min=1)
        cites = cites / count if self.is_mean else cites
        for own, near, act in zip(self.own, self.near, self.acts, strict=True):
            x = act(own(x) + near(cites @ x))
        out: Tensor = self.last(x)
        return out


def fields(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0], batch[1]).flatten(0, 1), batch[2].flatten())


def cited(model: nn.Module, lr: float = 5e-3) -> Job:
    return trained(model, citations(), Adam, fields, lr=lr)


class Valued(nn.Module):
    """What each button is worth, and the same by a slow copy that aims (Mnih et al., 2015)."""

    def __init__(self, fill: Fill = xavier) -> None:
        super().__init__()
        self.worth = filled(chain([5, 48, 48, 3], nn.Tanh), fill)
        self.slow = deepcopy(self.worth).requires_grad_(False)

    def forward(self, x: Tensor, done: Tensor, then: Tensor, paid: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.worth.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            aim = paid + 0.5 * self.slow(then).amax(1)
        return self.worth(x).gather(1, done[:, None])[:, 0], aim


def bellman(model: nn.Module, batch: Batch) -> Tensor:
    return F.smooth_l1_loss(*model(*batch))


def valued(fill: Fill = xavier) -> Job:
    return trained(Valued(fill), trips(), Adam, bellman, lr=5e-3)


class Flow(nn.Module):
    """Half of the numbers says by how much the other half is stretched and moved (Dinh et al., 2017)."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.says = nn.ModuleList(chain([3, 32, 6], nn.Tanh) for _ in range(steps))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        stretched = torch.zeros(len(x))
        for say in self.says:
            one, other = x.chunk(2, 1)
            by, move = say(one).chunk(2, 1)
            by = torch.tanh(by)
            x = torch.cat([other * by.exp() + move, one], 1)
            stretched = stretched + by.sum(1)
        return x, stretched


def likely(model: nn.Module, batch: Batch) -> Tensor:
    """The negative logarithm of the density, without its constant."""
    z, stretched = model(batch[0])
    out: Tensor = (0.5 * z.square().sum(1) - stretched).mean()
    return out


def bent(x: Tensor) -> Tensor:
    """Numbers that depend on each other, so that there is something to learn."""
    one, other = x.chunk(2, 1)
    return torch.cat([one, 0.4 * other + torch.sin(2 * one)], 1)


def flowing() -> Job:
    return trained(Flow(4), seen_through(bent, houses()), Adam, likely, lr=8e-3)


class Experts(nn.Module):
    """Four small networks, of which a softmax weighs the two best (Shazeer et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.ask = nn.Linear(6, 4)
        self.experts = nn.ModuleList(chain([6, 24, 1], nn.SiLU) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        scores = self.ask(x)
        least = scores.topk(2, dim=1).values[:, -1:]
        share = scores.masked_fill(scores < least, -1e9).softmax(1)
        out: Tensor = (share * torch.cat([expert(x) for expert in self.experts], 1)).sum(1, keepdim=True)
        return out


class Mapped(nn.Module):
    """Down, up again, and past: a class for each pixel (Ronneberger, Fischer & Brox, 2015)."""

    def __init__(self, fill: Fill = he) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.up, self.last = nn.ConvTranspose2d(16, 8, 2, stride=2), nn.Conv2d(16, 1, 1)
        self.acts = nn.ModuleList(nn.ReLU() for _ in range(3))
        filled(self, fill)

    def forward(self, x: Tensor) -> Tensor:
        one, two, three = self.acts
        shallow = one(self.down(x))
        raised = three(self.up(two(self.deep(shallow))))
        out: Tensor = self.last(torch.cat([shallow, raised], 1))
        return out


def bright(model: nn.Module, batch: Batch) -> Tensor:
    """Pixels that were bright before noise, by entropy and by overlap (Milletari et al., 2016)."""
    x, y = batch
    said = model(x)[:, 0]
    overlap = 1 - (2 * (said.sigmoid() * y).sum() + 1) / (said.sigmoid().sum() + y.sum() + 1)
    out: Tensor = F.binary_cross_entropy_with_logits(said, y) + 0.5 * overlap
    return out


def mapped() -> Job:
    """Tiles with more noise; what is bright is told by the tile without it."""
    draw = torch.Generator().manual_seed(1351)
    batches: list[Batch] = []
    for x, _ in lands():
        y = (F.avg_pool2d(x.mean(1, keepdim=True), 3, 1, 1) > x.mean())[:, 0].float()
        noisy = x + 0.1 * torch.randn(x.shape, generator=draw)
        batches.append(((noisy - 0.45) / 0.2, y))
    return trained(Mapped(), batches, Adam, bright, lr=6e-3)


class Denoised(nn.Module):
    """A district with noise of some level, and which noise that was (Ho, Jain & Abbeel, 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.rest, self.level = chain([12, 64, 64, 6], nn.SiLU), nn.Linear(1, 6)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, torch.sin(4 * self.level(level))], 1))
        return out


def noise_told(model: nn.Module, batch: Batch) -> Tensor:
    x = bent(batch[0])
    level, noise = torch.rand(len(x), 1), torch.randn(x.shape)
    return F.mse_loss(model((1 - level).sqrt() * x + level.sqrt() * noise, level), noise)


programs = (
    healthy("graph-papers-six-means", lambda: cited(Cited(6))),
    healthy("values-lift-slow-aim", valued),
    healthy("flow-houses-bounded", flowing),
    healthy("mixture-houses-two-of-four", lambda: trained(Experts(), houses(), Adam, squared_error, lr=2e-2)),
    healthy("map-tiles-about-0", mapped),
    healthy("denoiser-houses", lambda: trained(Denoised(), houses(), AdamW, noise_told, lr=8e-3)),
    faulty(
        "graph-papers-six-sums",
        "exploding-activation",
        lambda: cited(Cited(6, is_mean=False)),
        cause=GROWTH + "|sum|neighbou?r|degree|aggregat",
        twin="graph-papers-six-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "values-lift-by-randn",
        "saturated-units",
        lambda: valued(normal(1.5)),
        cause=ENDS,
        twin="values-lift-slow-aim",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
