"""Experts and who asks them, networks that write networks, bodies of two heads, and a swing by its law."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, NAdam

from tests.faults.building import Make, chain, he, squared_error
from tests.faults.fourth.making import CUT, DATA, INPUT, filled, seen_through, trained
from tests.faults.fourth.tasks import cases, swings, visits
from tests.faults.program import Batch, Job, faulty, healthy


class Experts(nn.Module):
    """Four linear experts, weighed by a softmax over what a router says, with its gradient or without."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.router, self.is_cut = nn.Linear(8, 4), is_cut
        self.experts = nn.ModuleList(nn.Linear(8, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_cut):
            shares = (2 * self.router(x)).softmax(1)
        said = torch.cat([expert(x) for expert in self.experts], 1)
        out: Tensor = (shares * said).sum(1, keepdim=True)
        return out


class Hard(nn.Module):
    """The two likeliest of six experts alone; that all are asked alike is rewarded (Shazeer et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(8, 6)
        self.experts = nn.ModuleList(chain([8, 16, 1]) for _ in range(6))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.router(x)
        best, which = logits.topk(2, 1)
        shares = torch.zeros_like(logits).scatter(1, which, best.softmax(1))
        said = torch.cat([expert(x) for expert in self.experts], 1)
        uneven = 6 * (logits.softmax(1).mean(0) * (shares > 0).float().mean(0) / 2).sum()
        return (shares * said).sum(1, keepdim=True), uneven


def of_two() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        said, uneven = model(batch[0])
        out: Tensor = F.mse_loss(said, batch[1]) + 0.02 * uneven
        return out

    return trained(Hard(), cases(), Adam, loss, lr=2e-2)


class Written(nn.Module):
    """The weights of two layers are written by a network, of a number each (Ha, Dai & Le, 2017)."""

    def __init__(self, *, is_copied: bool) -> None:
        super().__init__()
        self.about, self.writer = nn.Parameter(torch.randn(2, 6)), chain([6, 24, 8 * 24 + 24], nn.Tanh)
        self.offset, self.scale = nn.Parameter(torch.zeros(24)), nn.Parameter(torch.ones(1, 24))
        self.is_copied = is_copied

    def forward(self, x: Tensor) -> Tensor:
        written = self.writer(self.about)
        if self.is_copied:
            written = written.data
        first, last = written[0, : 8 * 24].view(24, 8), written[1, :24].view(1, 24)
        hidden = F.silu(F.linear(x, 2 * first, self.offset))
        return F.linear(hidden * self.scale, last)


def logarithm(x: Tensor) -> Tensor:
    """Of how often, where never has none."""
    return (x.log() - 1) / 0.6


def one_more(x: Tensor) -> Tensor:
    return ((x + 1).log() - 1.2) / 0.6


class Heads(nn.Module):
    """What was spent, and whether it was sent back, from one body."""

    def __init__(self, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(9, 32), activation(), nn.Linear(32, 32), activation())
        self.spent, self.back = nn.Linear(32, 1), nn.Linear(32, 1)
        self.doubt = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x)
        return self.spent(x)[:, 0], self.back(x)[:, 0]


def both(model: nn.Module, batch: Batch) -> Tensor:
    spent, back = model(batch[0])
    return F.mse_loss(spent, batch[1]) + F.binary_cross_entropy_with_logits(back, batch[2])


def doubted(model: nn.Module, batch: Batch) -> Tensor:
    """Each answer weighed by a doubt that is learned (Kendall, Gal & Cipolla, 2018)."""
    assert isinstance(model, Heads)
    spent, back = model(batch[0])
    weight = (-model.doubt).exp()
    out: Tensor = weight[0] * F.mse_loss(spent, batch[1]) / 2 + model.doubt.sum() / 2
    return out + weight[1] * F.binary_cross_entropy_with_logits(back, batch[2])


def headed(
    change: Any = one_more, bias: float = 0.0, kind: type = Adam, activation: Make = nn.ReLU, lr: float = 3e-3
) -> Job:
    """Both answers; layers of the body may begin with a bias that is meant for a rare answer."""
    model = Heads(activation)
    del model.doubt
    filled(model.body, he, bias=bias)
    return trained(model, seen_through(change, visits()), kind, both, lr=lr)


class Against(Heads):
    """One head sends its gradient back reversed: the body is to forget what it needs (Ganin et al., 2016)."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x)
        return self.spent(x)[:, 0], self.back(1.3 * x.detach() - 0.3 * x)[:, 0]


def against() -> Job:
    model = Against()
    del model.doubt
    return trained(model, seen_through(one_more, visits()), Adam, both, lr=5e-3)


def swinging(seconds: float) -> Job:
    """A swing by its law and by measurements (Raissi et al., 2019); time in units, or in milliseconds."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        at = batch[0].clone().requires_grad_(True)
        where = model(at)
        (speed,) = torch.autograd.grad(where.sum(), at, create_graph=True)
        speed = speed * seconds
        (change,) = torch.autograd.grad(speed.sum(), at, create_graph=True)
        law = change * seconds / 1.5**2 + 0.3 * speed / 1.5 + 2.27 * where
        out: Tensor = F.mse_loss(where, batch[1]) + 0.02 * law.square().mean()
        return out

    batches = seen_through(lambda at: seconds * (at + (seconds > 1)), swings())
    return trained(chain([1, 32, 32, 1], nn.Tanh), batches, Adam, loss, lr=2e-2)


programs = (
    healthy(
        "experts-softly-asked", lambda: trained(Experts(is_cut=False), cases(), Adam, squared_error, lr=3e-2)
    ),
    healthy("experts-two-of-six", of_two),
    healthy(
        "hyper-written", lambda: trained(Written(is_copied=False), cases(), Adam, squared_error, lr=5e-3)
    ),
    healthy("heads-one-more-visit", headed),
    healthy(
        "heads-doubted",
        lambda: trained(Heads(nn.SELU), seen_through(one_more, visits()), NAdam, doubted, lr=5e-3),
    ),
    healthy("heads-against-each-other", against),
    healthy("physics-swing", lambda: swinging(1.0)),
    faulty(
        "experts-router-without-gradient",
        "stalled-layer",
        lambda: trained(Experts(is_cut=True), cases(), Adam, squared_error, lr=3e-2),
        cause=CUT,
        twin="experts-softly-asked",
        also=("vanishing-gradient",),
    ),
    faulty(
        "hyper-copied-as-data",
        "stalled-layer",
        lambda: trained(Written(is_copied=True), cases(), Adam, squared_error, lr=5e-3),
        cause=CUT,
        twin="hyper-written",
        also=("vanishing-gradient",),
    ),
    faulty(
        "heads-logarithm-of-never",
        "non-finite",
        lambda: headed(logarithm),
        cause=DATA,
        twin="heads-one-more-visit",
    ),
    faulty(
        "heads-bias-of-a-rare-answer",
        "dead-units",
        lambda: headed(bias=-8.0),
        cause="bias",
        twin="heads-one-more-visit",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "physics-milliseconds",
        "unscaled-input",
        lambda: swinging(1500.0),
        cause=INPUT,
        twin="physics-swing",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
