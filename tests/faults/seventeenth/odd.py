"""Healthy trainings of plain layers that look odd."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from tests.faults.building import chain, squared_error
from tests.faults.eighth.making import seen_through, trained
from tests.faults.program import Batch, Job, healthy
from tests.faults.seventeenth.tasks import MEASURES, REASONS, bread, soil, trams


def of_three_quantiles(model: nn.Module, batch: Batch) -> Tensor:
    """What is too low costs the quantile, what is too high the rest (Koenker & Bassett, 1978)."""
    short = batch[1] - model(batch[0])
    share = torch.tensor([0.1, 0.5, 0.9])
    out: Tensor = torch.maximum(share * short, (share - 1) * short).mean()
    return out


def doubted(model: nn.Module, batch: Batch) -> Tensor:
    """A mean and a logarithm of a variance for each loaf, and the likelihood of it, from 2 on."""
    mean, spread = model(batch[0]).chunk(2, 1)
    spread = 4 * torch.tanh(spread / 4)
    out: Tensor = 2 + 0.5 * (spread + (batch[1] - mean).square() * (-spread).exp()).mean()
    return out


class Doubled(nn.Module):
    """What is above 0 beside what is below it (Shang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, -x], 1).relu()


def doubled() -> Job:
    model = nn.Sequential(nn.Linear(7, 24), Doubled(), nn.Linear(48, 24), Doubled(), nn.Linear(48, REASONS))
    return trained(model, trams(), Adam, lr=8e-3)


class Angles(nn.Module):
    """A class is told by the angle to its own direction, ten times."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.ways = chain([7, 48, 16], nn.SiLU), nn.Parameter(torch.randn(REASONS, 16))

    def forward(self, x: Tensor) -> Tensor:
        return 10 * F.normalize(self.body(x), dim=1) @ F.normalize(self.ways, dim=1).T


def in_bins(x: Tensor) -> Tensor:
    """Each number as one of eight bins, of which one is 1 and all others are 0."""
    edges = torch.tensor([-1.15, -0.67, -0.32, 0.0, 0.32, 0.67, 1.15])
    return F.one_hot(torch.bucketize(x, edges), 8).float().flatten(1)


class SecondOnly(Adam):
    """Gradients of two batches are added up, then there is one step of their mean."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__([{"params": list(parameters), "taken": 0}], lr=lr)

    def step(self, closure: Any = None) -> Any:
        group = self.param_groups[0]
        group["taken"] += 1
        is_first = group["taken"] % 2 == 1
        for p in group["params"]:
            kept = self.state[p]
            if is_first:
                kept["first"] = p.grad.clone()
            else:
                p.grad.add_(kept.pop("first")).div_(2)
        return None if is_first else super().step(closure)


class Signs(Optimizer):
    """A small step by the sign of a mean of gradients, in a rate that falls (Chen et al., 2023)."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                p.sub_(group["lr"] * (0.9 * mean + 0.1 * p.grad).sign())
                mean.lerp_(p.grad, 0.05)
            group["lr"] *= 0.97


class Untold(nn.Module):
    """Two measures in nine are not known: 0 in their place, and beside each whether it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = chain([2 * MEASURES, 56, 56, 1])

    def forward(self, x: Tensor) -> Tensor:
        told = (torch.arange(len(x))[:, None] + 2 * torch.arange(MEASURES)) % 9 > 1
        out: Tensor = self.rest(torch.cat([x * told, told.float()], 1))
        return out


def fitted(model: nn.Module, lr: float = 8e-3, kind: Any = Adam) -> Job:
    return trained(model, soil(), kind, squared_error, lr=lr)


programs = (
    healthy(
        "mlp-bread-three-quantiles",
        lambda: trained(chain([6, 48, 48, 3], nn.SiLU), bread(), Adam, of_three_quantiles, lr=8e-3),
    ),
    healthy("mlp-bread-told-with-doubt", lambda: trained(chain([6, 40, 2]), bread(), Adam, doubted, lr=1e-2)),
    healthy("mlp-trams-both-halves-rectified", doubled),
    healthy("mlp-trams-by-angles", lambda: trained(Angles(), trams(), Adam, lr=1e-2)),
    healthy(
        "mlp-trams-numbers-in-bins",
        lambda: trained(chain([56, 48, REASONS]), seen_through(in_bins, trams()), Adam, lr=1e-2),
    ),
    healthy(
        "mlp-soil-every-other-step", lambda: fitted(chain([MEASURES, 48, 48, 1], nn.SiLU), 1.5e-2, SecondOnly)
    ),
    healthy(
        "mlp-trams-by-signs", lambda: trained(chain([7, 64, 64, REASONS], nn.GELU), trams(), Signs, lr=3e-3)
    ),
    healthy("mlp-soil-some-untold", lambda: fitted(Untold())),
    healthy(
        "mlp-bread-in-fives",
        lambda: trained(chain([6, 32, 1], nn.Tanh), bread(batch=5), Adam, squared_error, lr=1e-2),
    ),
)
