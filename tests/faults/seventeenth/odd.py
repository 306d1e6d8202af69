"""Healthy trainings of plain layers that look odd."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.optim import SGD, Adam, AdamW, Optimizer, RAdam

from tests.faults.building import chain, cross_entropy, squared_error
from tests.faults.eighth.making import seen_through, trained
from tests.faults.program import Batch, Job, healthy
from tests.faults.seventeenth.tasks import MEASURES, REASONS, bread, soil, trams


def of_three_quantiles(model: nn.Module, batch: Batch) -> Tensor:
    """What is too low costs the quantile, what is too high the rest (Koenker & Bassett, 1978)."""
    short = batch[1] - model(batch[0])
    share = torch.tensor([0.1, 0.5, 0.9])
    out: Tensor = torch.maximum(share * short, (share - 1) * short).mean()
    return out


def softly_absolute(model: nn.Module, batch: Batch) -> Tensor:
    """The logarithm of the hyperbolic cosine of the error, written so that it can not overflow."""
    far = (model(batch[0]) - batch[1]).abs()
    out: Tensor = (far + F.softplus(-2 * far) - 0.6931).mean()
    return out


def doubted(model: nn.Module, batch: Batch) -> Tensor:
    """A mean and a logarithm of a variance for each loaf, and the likelihood of it, from 2 on."""
    mean, spread = model(batch[0]).chunk(2, 1)
    spread = 4 * torch.tanh(spread / 4)
    out: Tensor = 2 + 0.5 * (spread + (batch[1] - mean).square() * (-spread).exp()).mean()
    return out


def hard_ones_first(model: nn.Module, batch: Batch) -> Tensor:
    """What is known already counts less (Lin et al., 2017)."""
    missed = F.cross_entropy(model(batch[0]), batch[1], reduction="none")
    return (((1 - (-missed).exp()) ** 1.5) * missed).mean()


def against_each(model: nn.Module, batch: Batch) -> Tensor:
    """A hinge between the true reason and each other (Weston & Watkins, 1999)."""
    return F.multi_margin_loss(model(batch[0]), batch[1], margin=1.0)


class Doubled(nn.Module):
    """What is above 0 beside what is below it (Shang et al., 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, -x], 1).relu()


def doubled() -> Job:
    model = nn.Sequential(nn.Linear(7, 24), Doubled(), nn.Linear(48, 24), Doubled(), nn.Linear(48, REASONS))
    return trained(model, trams(), Adam, lr=8e-3)


class Let(nn.Module):
    """Half of what comes in is let through by the other half (Dauphin et al., 2017)."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.both, self.gate = nn.Linear(inputs, 2 * width), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        said, asked = self.both(x).chunk(2, -1)
        out: Tensor = said * self.gate(2 * asked)
        return out


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


class Waves(nn.Module):
    """Sines of random sums of what comes in, which are fixed by design (Rahimi & Recht, 2007)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("ways", 0.45 * torch.randn(MEASURES, 160))
        self.register_buffer("turns", 6.28 * torch.rand(160))
        self.last = nn.Linear(160, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(torch.cos(x @ self.ways + self.turns))
        return out


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


class Cycle(SGD):
    """A rate that rises and falls in turns of sixteen steps (Smith, 2017)."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__([{"params": list(parameters), "top": lr, "taken": 0}], lr=lr, momentum=0.8)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            group["lr"] = group["top"] * (0.1 + 0.9 * (1 - abs(group["taken"] % 16 - 8) / 8))
            group["taken"] += 1
        return super().step(closure)


def normed_by(norm: Any) -> nn.Sequential:
    return nn.Sequential(
        norm(nn.Linear(7, 48)), nn.ReLU(), norm(nn.Linear(48, 48)), nn.ReLU(), nn.Linear(48, REASONS)
    )


class Untold(nn.Module):
    """Two measures in nine are not known: 0 in their place, and beside each whether it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = chain([2 * MEASURES, 56, 56, 1])

    def forward(self, x: Tensor) -> Tensor:
        told = (torch.arange(len(x))[:, None] + 2 * torch.arange(MEASURES)) % 9 > 1
        out: Tensor = self.rest(torch.cat([x * told, told.float()], 1))
        return out


def louder(model: nn.Module, batch: Batch) -> Tensor:
    """A loss that is scaled for half precision, by an optimiser that does not mind."""
    return 512 * cross_entropy(model, batch)


def fitted(model: nn.Module, lr: float = 8e-3, kind: Any = Adam) -> Job:
    return trained(model, soil(), kind, squared_error, lr=lr)


programs = (
    healthy(
        "mlp-bread-three-quantiles",
        lambda: trained(chain([6, 48, 48, 3], nn.SiLU), bread(), Adam, of_three_quantiles, lr=8e-3),
    ),
    healthy(
        "mlp-soil-soft-absolute-error",
        lambda: trained(chain([MEASURES, 56, 56, 1], nn.Mish), soil(), AdamW, softly_absolute, lr=8e-3),
    ),
    healthy(
        "mlp-bread-told-with-doubt", lambda: trained(chain([6, 40, 2]), bread(), Adam, doubted, lr=1e-2)
    ),
    healthy(
        "mlp-trams-hard-ones-first",
        lambda: trained(chain([7, 64, 64, REASONS]), trams(), Adam, hard_ones_first, lr=1e-2),
    ),
    healthy(
        "mlp-trams-hinge-against-each",
        lambda: trained(chain([7, 64, REASONS], nn.ELU), trams(), Adam, against_each, lr=1e-2),
    ),
    healthy("mlp-trams-both-halves-rectified", doubled),
    healthy("mlp-soil-let-through", lambda: fitted(nn.Sequential(Let(MEASURES, 40), nn.Linear(40, 1)), 1e-2)),
    healthy("mlp-trams-by-angles", lambda: trained(Angles(), trams(), Adam, lr=1e-2)),
    healthy(
        "mlp-trams-numbers-in-bins",
        lambda: trained(chain([56, 48, REASONS]), seen_through(in_bins, trams()), Adam, lr=1e-2),
    ),
    healthy("mlp-soil-random-cosines", lambda: fitted(Waves(), 1e-2)),
    healthy(
        "mlp-soil-every-other-step", lambda: fitted(chain([MEASURES, 48, 48, 1], nn.SiLU), 1.5e-2, SecondOnly)
    ),
    healthy(
        "mlp-trams-by-signs", lambda: trained(chain([7, 64, 64, REASONS], nn.GELU), trams(), Signs, lr=3e-3)
    ),
    healthy("mlp-trams-rate-in-waves", lambda: trained(chain([7, 64, 64, REASONS]), trams(), Cycle, lr=0.12)),
    healthy("mlp-trams-lengths-apart", lambda: trained(normed_by(weight_norm), trams(), RAdam, lr=1.5e-2)),
    healthy("mlp-trams-no-layer-stretches", lambda: trained(normed_by(spectral_norm), trams(), Adam, lr=1e-2)),
    healthy("mlp-soil-some-untold", lambda: fitted(Untold())),
    healthy(
        "mlp-trams-loss-times-512", lambda: trained(chain([7, 48, 48, REASONS]), trams(), Adam, louder, lr=8e-3)
    ),
    healthy(
        "mlp-soil-seven-in-ten-dropped",
        lambda: fitted(chain([MEASURES, 160, 1], between=(lambda: nn.Dropout(0.7),)), 8e-3),
    ),
    healthy("mlp-bread-in-fives", lambda: trained(chain([6, 32, 1], nn.Tanh), bread(batch=5), Adam, squared_error, lr=1e-2)),
)
