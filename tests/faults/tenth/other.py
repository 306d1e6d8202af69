"""Graphs of atoms that are joined, and policies that learn which force was best."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, chain, he, squared_error
from tests.faults.eighth.making import GROWTH, INPUT, STEP, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.tasks import ATOMS, SORTS, molecules, reaching

WIDTH = 24


class Molecule(nn.Module):
    """What neighbours say is summed or averaged, layer by layer; and all atoms are averaged in the end."""

    def __init__(self, layers: int, activation: Make = nn.ReLU, *, is_mean: bool = True) -> None:
        super().__init__()
        sizes = [SORTS, *[WIDTH] * layers]
        self.steps = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.acts = nn.ModuleList(activation() for _ in range(layers))
        self.last, self.is_mean = nn.Linear(WIDTH, 1), is_mean
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        with_self = joined + torch.eye(ATOMS)
        shares = with_self / with_self.sum(-1, keepdim=True) if self.is_mean else with_self
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(shares @ x))
        out: Tensor = 4 * self.last(x.mean(1))
        return out


def dissolved(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = (model(batch[0], batch[1]) - batch[2]).square().mean()
    return out


class Attended(Molecule):
    """Neighbours are weighed by what they are (Veličković et al., 2018)."""

    def __init__(self) -> None:
        super().__init__(2, nn.ELU)
        self.ask = nn.Linear(SORTS, SORTS)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        scores = (self.ask(x) @ x.transpose(1, 2)).masked_fill(joined + torch.eye(ATOMS) == 0, -1e9)
        near = scores.softmax(-1) @ x
        for step, act in zip(self.steps, self.acts, strict=True):
            near = act(step(near))
        out: Tensor = 4 * self.last(near.mean(1))
        return out


def graph(model: nn.Module, lr: float = 5e-3) -> Job:
    return trained(model, molecules(), Adam, dissolved, lr=lr)


def reached(activation: Make = nn.ReLU, bias: float = 0.0, *, in_millimetres: bool = False) -> Job:
    """Every layer but the last has one bias, or that which was meant for the logarithm of a spread."""
    model = filled(chain([5, 48, 48, 1], activation), he, bias=bias)
    with torch.no_grad():
        model[-1].bias.zero_()  # type: ignore[index]
    return trained(model, reaching(in_millimetres=in_millimetres), Adam, squared_error, lr=5e-3)


class Force(nn.Module):
    """Mean and spread of a force; the spread does not depend on what is seen (Schulman et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.spread = (
            nn.Sequential(chain([5, 48, 1], nn.Tanh), nn.Tanh()),
            nn.Parameter(torch.zeros(1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.mean(x)
        return out


def likely(model: nn.Module, batch: Batch) -> Tensor:
    assert isinstance(model, Force)
    off = (batch[1] - model(batch[0])) / model.spread.exp()
    return 0.5 * off.square().mean() + model.spread.mean() + 1.5


def weighed(model: nn.Module, batch: Batch) -> Tensor:
    """Good actions count more: by the exponential of how good they are (Peng et al., 2019)."""
    x, y = batch
    weight = (-y.abs()).exp()
    return (weight * F.smooth_l1_loss(model(x), y, reduction="none")).mean() * 4


programs = (
    healthy("graph-molecules-means", lambda: graph(Molecule(4), 2e-3)),
    healthy("graph-molecules-attended", lambda: graph(Attended(), 1e-2)),
    healthy("graph-molecules-tanh", lambda: graph(Molecule(3, nn.Tanh))),
    healthy("policy-reaching-in-metres", reached),
    healthy("policy-reaching-mish", lambda: reached(nn.Mish)),
    healthy("policy-force-with-spread", lambda: trained(Force(), reaching(), AdamW, likely, lr=2e-2)),
    healthy(
        "policy-good-ones-count-more",
        lambda: trained(chain([5, 64, 64, 1], nn.SiLU), reaching(), Adam, weighed, lr=1e-2),
    ),
    faulty(
        "graph-molecules-sums",
        "exploding-activation",
        lambda: graph(Molecule(4, is_mean=False), 2e-3),
        cause=GROWTH + "|sum|neighbour|degree|aggregat",
        twin="graph-molecules-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "graph-molecules-tanh-at-a-half",
        "unstable-updates",
        lambda: graph(Molecule(3, nn.Tanh), 0.5),
        cause=STEP,
        twin="graph-molecules-tanh",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient"),
    ),
    faulty(
        "policy-reaching-in-millimetres",
        "unscaled-input",
        lambda: reached(in_millimetres=True),
        cause=INPUT,
        twin="policy-reaching-in-metres",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "policy-bias-of-the-spread-in-all",
        "dead-units",
        lambda: reached(bias=-5.0),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="policy-reaching-in-metres",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
