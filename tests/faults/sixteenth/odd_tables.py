"""Healthy trainings over tables that look odd: strange losses, own optimisers, shared and frozen parts."""

from copy import deepcopy
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import SGD, Adam

from tests.faults.building import chain, squared_error
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, Job, healthy
from tests.faults.sixteenth.tasks import TEAS, ballots, eruptions, orbits, parcels, teas


def blasts(model: nn.Module, batch: Batch) -> Tensor:
    """Half the deviance of counts from rates, of which the model tells the logarithm."""
    log_rate, y = model(batch[0]).clamp(-8, 5), batch[1]
    out: Tensor = (log_rate.exp() - y - torch.xlogy(y, log_rate.exp() / y.clamp(min=1))).mean()
    return out


def thirds(model: nn.Module, batch: Batch) -> Tensor:
    """The pinball loss of four quantiles, each told as what it is above the one below."""
    told, y = model(batch[0]), batch[1]
    told = torch.cat([told[:, :1], told[:, :1] + F.softplus(told[:, 1:]).cumsum(1)], 1)
    level = torch.tensor([0.1, 0.4, 0.6, 0.9])
    far = y - told
    out: Tensor = torch.maximum(level * far, (level - 1) * far).mean()
    return out


def unsure(model: nn.Module, batch: Batch) -> Tensor:
    """The entropy of a normal whose mean and deviation are told, with the constant that others leave out."""
    mean, spread = model(batch[0]).chunk(2, 1)
    return F.gaussian_nll_loss(mean, batch[1], F.softplus(spread) + 0.05, full=True)


class Falling(nn.Module):
    """What never rises with any of its inputs: an odd number of layers of none but negative weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([6, 32, 32, 1]))
        for layer in self.layers:
            init.uniform_(layer.bias, -0.5, 2.0)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        for place, layer in enumerate(self.layers):
            weight = -F.softplus(layer.weight - 2.5)  # type: ignore[operator, arg-type]
            x = F.linear(x, weight, layer.bias)  # type: ignore[arg-type]
            x = F.leaky_relu(x, 0.2) if place < 2 else x
        return x


class Squared(nn.Module):
    """Rectifiers that are squared (So et al., 2021), over layers of halved width."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([8, 64, 32, TEAS]))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = layer(x).relu().square()
        out: Tensor = self.layers[-1](x)
        return out


class Backward(SGD):
    """Descent that goes back half way to where it was five steps before (Zhang et al., 2019)."""

    def __init__(self, parameters: Any, lr: float) -> None:
        super().__init__([{"params": list(parameters), "taken": 0}], lr=lr, momentum=0.9)

    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].setdefault("slow", p.detach().clone())
        out = super().step(closure)
        for group in self.param_groups:
            group["taken"] += 1
            if group["taken"] % 5 == 0:
                for p in group["params"]:
                    p.data.copy_(self.state[p]["slow"].lerp_(p.detach(), 0.5))
        return out


class Taught(nn.Module):
    """A student beside a teacher who learned before and is held."""

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self.student = chain([8, 24, TEAS])
        self.teacher = teacher.requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.student(x), self.teacher(x)


def hot(model: nn.Module, batch: Batch) -> Tensor:
    """What a teacher says at a temperature of four, and the labels (Hinton et al., 2015)."""
    x, y = batch
    said, taught = model(x)
    near = F.kl_div(F.log_softmax(said / 4, 1), F.softmax(taught / 4, 1), reduction="batchmean")
    return 0.7 * 16 * near + 0.3 * F.cross_entropy(said, y)


def distilled() -> Job:
    job = trained(chain([8, 64, TEAS]), teas(), Adam, lr=1e-2)
    for batch in job.batches[:40]:
        loss = job.loss(job.model, batch)
        job.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        job.optimizer.step()
    return trained(Taught(deepcopy(job.model)), teas(), Adam, hot, lr=8e-3)


class Again(nn.Module):
    """One layer that is gone through five times, with what came in added each time."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.turn, self.last = nn.Linear(9, 40), nn.Linear(40, 40), nn.Linear(40, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = seen = self.enter(x)
        for _ in range(5):
            inner = F.silu(seen + self.turn(inner))
        out: Tensor = self.last(inner)
        return out


class Winners(nn.Module):
    """Layers of which the greatest fifth of units speaks for each example (Ahmad & Scheinkman, 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise([9, 80, 80, 1]))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = layer(x)
            x = torch.where(x >= x.topk(16, 1).values[:, -1:], x, 0.0)
        out: Tensor = self.layers[-1](x)
        return out


class Closed(nn.Module):
    """Six layers with gates that start all but closed, so that x goes on (Srivastava et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(6, 32), nn.Linear(32, 2)
        self.news, self.gates = (nn.ModuleList(nn.Linear(32, 32) for _ in range(6)) for _ in range(2))
        for gate in self.gates:
            init.constant_(gate.bias, -3.0)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        x = self.enter(x)
        for new, gate in zip(self.news, self.gates, strict=True):
            x = torch.lerp(x, new(x).relu(), gate(x).sigmoid())
        out: Tensor = self.last(x)
        return out


class Coupled(nn.Module):
    """Halves that are added to each other in turn, so that one could go back (Gomez et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.last = nn.Linear(8, 48), nn.Linear(48, TEAS)
        self.steps = nn.ModuleList(chain([24, 32, 24], nn.GELU) for _ in range(6))

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.enter(x).chunk(2, 1)
        for step in self.steps:
            one, other = other, one + step(other)
        out: Tensor = self.last(torch.cat([one, other], 1))
        return out


programs = (
    healthy(
        "mlp-eruptions-deviance-of-counts",
        lambda: trained(chain([7, 48, 1]), eruptions(), Adam, blasts, lr=8e-3),
    ),
    healthy(
        "mlp-ballots-quantiles-one-above-another",
        lambda: trained(chain([9, 64, 64, 4], nn.GELU), ballots(), Adam, thirds, lr=6e-3),
    ),
    healthy(
        "mlp-ballots-mean-and-how-unsure",
        lambda: trained(chain([9, 64, 64, 2], nn.SiLU), ballots(), Adam, unsure, lr=6e-3),
    ),
    healthy(
        "mlp-parcels-negative-weights-only",
        lambda: trained(Falling(), parcels(), Adam, squared_error, lr=1e-2),
    ),
    healthy("mlp-teas-rectifiers-squared", lambda: trained(Squared(), teas(), Adam, lr=1e-2)),
    healthy("mlp-teas-half-way-back", lambda: trained(chain([8, 48, 48, TEAS]), teas(), Backward, lr=0.1)),
    healthy("mlp-teas-taught-at-four", distilled),
    healthy(
        "mlp-ballots-one-layer-five-times", lambda: trained(Again(), ballots(), Adam, squared_error, lr=8e-3)
    ),
    healthy(
        "mlp-ballots-fifth-of-units-wins", lambda: trained(Winners(), ballots(), Adam, squared_error, lr=5e-3)
    ),
    healthy(
        "residual-orbits-gates-all-but-closed",
        lambda: trained(Closed(), orbits(), Adam, squared_error, lr=8e-3),
    ),
    healthy("residual-teas-halves-in-turn", lambda: trained(Coupled(), teas(), Adam, lr=5e-3)),
)
