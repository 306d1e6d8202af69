"""Healthy trainings over tables of words and depots, codes, pairs and cups that look odd."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import Adam

from tests.faults.building import chain, squared_error
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, healthy
from tests.faults.sixteenth.gan import Spinning, spun
from tests.faults.sixteenth.tasks import (
    CODE,
    DEPOTS,
    FLUKE,
    HOURS,
    PARTIES,
    TEAS,
    VANS,
    YARN,
    brews,
    days,
    orbits,
    routes,
    speeches,
    teas,
)
from tests.faults.twelfth.making import told


class Twice(nn.Module):
    """Words that share eleven rows by one count and seven by another (Svenstrup et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Embedding(11, 24), nn.Embedding(8, 24)
        self.rest = chain([24, 48, PARTIES], nn.GELU)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest((self.one(x % 11) * self.other(x % 8)).mean(1))
        return out


class Factors(nn.Module):
    """Depots and vans by products of short rows and a number of each; way and weight by a line."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.ModuleList(nn.Embedding(count, 3) for count in (DEPOTS, VANS))
        self.alone = nn.ModuleList(nn.Embedding(count, 1) for count in (DEPOTS, VANS))
        self.line = nn.Linear(2, 3)
        for table in (*self.rows, *self.alone):
            init.normal_(table.weight, std=0.3)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        depot, van = (rows(which) for rows, which in zip(self.rows, who.T, strict=True))
        own = sum(alone(which) for alone, which in zip(self.alone, who.T, strict=True))
        out: Tensor = own + ((depot + self.line(x)) * (van + 1)).sum(1, keepdim=True)
        return out


class Filled(nn.Module):
    """A day of which some hours are hidden behind a learned number."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.rest = nn.Parameter(torch.zeros(HOURS)), chain([2 * HOURS, 96, 96, HOURS], nn.GELU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        away = torch.rand_like(x) < 0.5
        seen = torch.where(away, self.hidden, x)
        return self.rest(torch.cat([seen, away.float()], 1)), away


def where_hidden(model: nn.Module, batch: Batch) -> Tensor:
    """The error at the hours that were hidden (He et al., 2022)."""
    made, away = model(batch[0])
    out: Tensor = ((made - batch[1]).square() * away).sum() / away.sum()
    return out


class Mirrored(nn.Module):
    """A decoder that is the encoder turned over, and nothing else but biases."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.ParameterList([torch.randn(o, i) / i**0.5 for i, o in pairwise([HOURS, 40, 7])])
        self.shifts = nn.ParameterList([torch.zeros(size) for size in (40, 7, 40, HOURS)])

    def forward(self, x: Tensor) -> Tensor:
        inner = F.elu(F.linear(x, self.weights[0], self.shifts[0]))
        code = F.linear(inner, self.weights[1], self.shifts[1])
        inner = F.elu(F.linear(code, self.weights[1].T, self.shifts[2]))
        return F.linear(inner, self.weights[0].T, self.shifts[3])


def slope_held(model: nn.Module, batch: Batch) -> Tensor:
    """A judge whose slope between real and made is held to one (Gulrajani et al., 2017), and a distance."""
    x, y = batch
    made, real, fake, caught = model(x, y)
    between = torch.lerp(y, made.detach(), torch.rand(len(y), 1)).requires_grad_()
    said = model.judge(torch.cat([x, between], 1)).sum()  # type: ignore[operator]
    slope = torch.autograd.grad(said, between, create_graph=True)[0]
    held = (slope.norm(dim=1) - 1).square().mean()
    out: Tensor = 3 * F.mse_loss(made, y) + 0.05 * (fake - real - caught).mean() + 0.5 * held
    return out


class Two(nn.Module):
    """Codes of a leaf and of a brew, by two encoders; a scale and a shift of what they say of each other."""

    def __init__(self) -> None:
        super().__init__()
        self.leaf, self.brew = chain([FLUKE, 48, 12], nn.GELU), chain([FLUKE, 48, 12], nn.GELU)
        self.scale, self.shift = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.tensor(-3.4))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.leaf(a), self.brew(b)


def each_pair(model: nn.Module, batch: Batch) -> Tensor:
    """Yes or no for each pair of a batch, of which one in 32 is a yes (Zhai et al., 2023)."""
    one, other = (F.normalize(code, dim=1) for code in model(*batch))
    said = model.scale.exp() * one @ other.T + model.shift  # type: ignore[operator]
    return F.softplus(-said * (2 * torch.eye(len(said)) - 1)).sum(1).mean()


def crossed(model: nn.Module, batch: Batch) -> Tensor:
    """Numbers of two codes are to go with their own and with no other (Zbontar et al., 2021)."""
    one, other = (F.batch_norm(code, None, None, training=True) for code in model(*batch))
    same = one.T @ other / len(one)
    own = (1 - same.diagonal()).square().sum()
    out: Tensor = own + 0.05 * (same - torch.diag(same.diagonal())).square().sum()
    return out


class Coupling(nn.Module):
    """Where a satellite will be, as a normal that is bent by what is known (Dinh et al., 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.ModuleList(chain([7, 40, 2], nn.SiLU) for _ in range(4))
        for step in self.steps:
            init.zeros_(step[-1].weight)  # type: ignore[index]

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        bent, volume = y, torch.zeros(len(y))
        for step in self.steps:
            one, other = bent.chunk(2, 1)
            stretch, shift = step(torch.cat([x, one], 1)).chunk(2, 1)
            stretch = stretch.tanh()
            bent, volume = torch.cat([other * stretch.exp() + shift, one], 1), volume + stretch[:, 0]
        return bent, volume


def unlikely(model: nn.Module, batch: Batch) -> Tensor:
    bent, volume = model(*batch)
    out: Tensor = (0.5 * bent.square().sum(1) + math.log(2 * math.pi) - volume).mean()
    return out


class Experts(nn.Module):
    """Four experts, of which each cup is told by the one that a gate picks (Fedus et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.ask = nn.Linear(8, 4)
        self.experts = nn.ModuleList(chain([8, 32, TEAS]) for _ in range(4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        share = self.ask(x).softmax(1)
        best, which = share.max(1)
        said = torch.stack([expert(x) for expert in self.experts], 1)
        return best[:, None] * said[torch.arange(len(x)), which], 4 * (share.mean(0).square()).sum()


def evenly(model: nn.Module, batch: Batch) -> Tensor:
    said, even = model(batch[0])
    out: Tensor = F.cross_entropy(said, batch[1]) + 0.05 * even
    return out


programs = (
    healthy("embedding-speeches-rows-shared-twice", lambda: trained(Twice(), speeches(), Adam, lr=1e-2)),
    healthy("embedding-routes-products-of-rows", lambda: trained(Factors(), routes(), Adam, told, lr=2e-2)),
    healthy(
        "autoencoder-days-half-the-hours-hidden",
        lambda: trained(Filled(), days(), Adam, where_hidden, lr=5e-3),
    ),
    healthy(
        "autoencoder-days-decoder-turned-over",
        lambda: trained(Mirrored(), days(), Adam, squared_error, lr=6e-3),
    ),
    healthy(
        "gan-yarns-slope-held-to-one",
        lambda: spun(
            Spinning(chain([CODE, 48, YARN], nn.GELU), chain([CODE + YARN, 40, 1], nn.SiLU)), 8e-3, slope_held
        ),
    ),
    healthy("siamese-brews-yes-or-no-for-each", lambda: trained(Two(), brews(), Adam, each_pair, lr=8e-3)),
    healthy("siamese-brews-numbers-crossed", lambda: trained(Two(), brews(), Adam, crossed, lr=5e-3)),
    healthy("flow-orbits-bent-normal", lambda: trained(Coupling(), orbits(), Adam, unlikely, lr=6e-3)),
    healthy("experts-teas-one-for-each-cup", lambda: trained(Experts(), teas(), Adam, evenly, lr=1.2e-2)),
)
