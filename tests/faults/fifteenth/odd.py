"""Healthy trainings of plain layers that look odd: fixed features, few units at a time, strange losses."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, Optimizer

from tests.faults.building import Scheduled, chain, squared_error
from tests.faults.eighth.making import trained
from tests.faults.fifteenth.tasks import CHEESES, cheeses, ferries, hives, parcels
from tests.faults.program import Batch, Job, healthy
from tests.faults.tenth.making import by_logits

LEVELS = torch.tensor([0.1, 0.5, 0.9])


def quantiles(model: nn.Module, batch: Batch) -> Tensor:
    """Three numbers of which a tenth, a half and nine tenths of all targets are below (Koenker, 1978)."""
    far = batch[1] - model(batch[0])
    return torch.maximum(LEVELS * far, (LEVELS - 1) * far).sum(1).mean()


class Winners(nn.Module):
    """Of all units of a layer the eight greatest say something, the others nothing."""

    def forward(self, x: Tensor) -> Tensor:
        least = x.topk(8, 1).values[:, -1:]
        return torch.where(x >= least, x, 0.0)


def hard_ones(model: nn.Module, batch: Batch) -> Tensor:
    """What is sure already counts little (Lin et al., 2017)."""
    said = model(batch[0])
    sure = torch.where(batch[1] > 0, said, -said).sigmoid()
    lost = F.binary_cross_entropy_with_logits(said, batch[1], reduction="none")
    return ((1 - sure) * lost).mean() * 2


class Cosines(nn.Module):
    """Cosines of fixed, random mixtures, of which only what reads them learns (Rahimi & Recht, 2007)."""

    def __init__(self, inputs: int, count: int) -> None:
        super().__init__()
        self.mix = nn.Linear(inputs, count).requires_grad_(False)
        nn.init.normal_(self.mix.weight, std=0.4)
        nn.init.uniform_(self.mix.bias, 0.0, 2 * math.pi)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.mix(x).cos()
        return out


class Greatest(nn.Module):
    """The greatest of three linear layers, unit by unit (Goodfellow et al., 2013)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.all = nn.Linear(inputs, 3 * outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.all(x).unflatten(1, (3, -1)).amax(1)
        return out


class Signs(Optimizer):
    """Every weight goes the same length, along the sign of its gradient's mean (Bernstein et al., 2018)."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                mean.lerp_(p.grad, 0.2)
                p.sub_(group["lr"] * mean.sign())


class Crowds(nn.Module):
    """The logarithm of a rate, and one number of how much more than it counts scatter."""

    def __init__(self) -> None:
        super().__init__()
        self.rate, self.scatter = chain([6, 48, 48, 1], nn.ELU), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.rate(x), self.scatter.exp()


def crowds(model: nn.Module, batch: Batch) -> Tensor:
    """The negative binomial of a mean and of that number."""
    log, shape = model(batch[0])
    chances = torch.distributions.NegativeBinomial(shape, logits=log - shape.log())
    out: Tensor = -chances.log_prob(batch[1]).mean()  # type: ignore[no-untyped-call]
    return out


class Rising(nn.Module):
    """A layer whose weights are all above 0, as softplus has them: the more goes in, the more comes out."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.raw = nn.Parameter(torch.randn(outputs, inputs) - math.log(inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, F.softplus(self.raw), self.bias)


class Partly(nn.Module):
    """A part that can only rise with the first number, and a free part."""

    def __init__(self) -> None:
        super().__init__()
        self.rising = nn.Sequential(Rising(1, 16), nn.Tanh(), Rising(16, 1))
        self.free = chain([6, 48, 48, 1])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rising(x[:, :1]) + self.free(x[:, 1:])
        return out


class Asked(nn.Module):
    """Four small networks, and one that says how much each is to be heard (Jacobs et al., 1991)."""

    def __init__(self) -> None:
        super().__init__()
        self.ask = nn.Linear(7, 4)
        self.all = nn.ModuleList(chain([7, 16, 1], nn.SiLU) for _ in range(4))
        nn.init.zeros_(self.ask.weight)

    def forward(self, x: Tensor) -> Tensor:
        said = torch.cat([one(x) for one in self.all], 1)
        out: Tensor = (self.ask(x).softmax(1) * said).sum(1, keepdim=True)
        return out


def one_cycle() -> Job:
    """A rate that rises to ten times what it was, and falls to almost nothing (Smith, 2018)."""
    up, down = [0.1 + 0.9 * i / 20 for i in range(20)], [1 - 0.98 * i / 40 for i in range(40)]
    model = chain([7, 64, 64, 1], nn.SiLU)
    return Job(model, Scheduled(model, 0.3, up + down), hives(), squared_error)


def in_eights() -> Job:
    """Batches of eight, whose losses jump about."""
    return trained(chain([7, 32, 32, 1], nn.SiLU), parcels(batch=8), AdamW, by_logits, lr=1e-2)


def winning() -> Job:
    model = nn.Sequential(nn.Linear(6, 96), Winners(), nn.Linear(96, 96), Winners(), nn.Linear(96, CHEESES))
    return trained(model, cheeses(), Adam, lr=6e-3)


programs = (
    healthy(
        "mlp-hives-three-quantiles",
        lambda: trained(chain([7, 64, 64, 3], nn.SiLU), hives(), Adam, quantiles, lr=8e-3),
    ),
    healthy("mlp-cheeses-eight-winners", winning),
    healthy(
        "mlp-parcels-sure-ones-count-little",
        lambda: trained(chain([7, 64, 64, 1]), parcels(), Adam, hard_ones, lr=8e-3),
    ),
    healthy(
        "mlp-hives-fixed-cosines",
        lambda: trained(
            nn.Sequential(Cosines(7, 256), nn.Linear(256, 1)), hives(), Adam, squared_error, lr=3e-2
        ),
    ),
    healthy(
        "mlp-cheeses-greatest-of-three",
        lambda: trained(
            nn.Sequential(Greatest(6, 32), Greatest(32, 32), nn.Linear(32, CHEESES)), cheeses(), Adam, lr=6e-3
        ),
    ),
    healthy("mlp-parcels-in-eights", in_eights),
    healthy(
        "mlp-hives-by-signs",
        lambda: trained(chain([7, 64, 64, 1], nn.GELU), hives(), Signs, squared_error, lr=3e-3),
    ),
    healthy("mlp-ferries-scatter-learned", lambda: trained(Crowds(), ferries(), Adam, crowds, lr=8e-3)),
    healthy("mlp-parcels-partly-rising", lambda: trained(Partly(), parcels(), Adam, by_logits, lr=1e-2)),
    healthy("mlp-hives-one-cycle", one_cycle),
    healthy("experts-hives-heard-by-share", lambda: trained(Asked(), hives(), Adam, squared_error, lr=2e-2)),
)
