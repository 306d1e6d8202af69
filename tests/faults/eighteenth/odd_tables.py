"""Healthy trainings over tables that look odd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, cross_entropy, squared_error
from tests.faults.eighteenth.tasks import (
    FINISHES,
    MOULDS,
    OXIDES,
    SPAN,
    STALL,
    TREE,
    apples,
    bridges,
    cellars,
    glazes,
    markets,
)
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, Job, healthy


def expectile(model: nn.Module, batch: Batch) -> Tensor:
    """Squared errors below count four times as much as those above (Newey & Powell, 1987)."""
    far = batch[1] - model(batch[0])
    out: Tensor = (torch.where(far > 0, 1.6, 0.4) * far.square()).mean()
    return out


class Tree(nn.Module):
    """Sixteen leaves under steep splits; an example is shared out among them (Frosst & Hinton, 2017)."""

    def __init__(self, depth: int = 4) -> None:
        super().__init__()
        self.split, self.way = nn.Linear(OXIDES, 2**depth - 1), nn.Sigmoid()
        self.leaves, self.depth = nn.Parameter(torch.randn(2**depth, FINISHES)), depth

    def forward(self, x: Tensor) -> Tensor:
        right = self.way(4 * self.split(x))
        share = x.new_ones(len(x), 1)
        for level in range(self.depth):
            at = right[:, 2**level - 1 : 2 ** (level + 1) - 1]
            share = torch.stack([share * (1 - at), share * at], -1).flatten(1)
        return share @ self.leaves


def hurdle(model: nn.Module, batch: Batch) -> Tensor:
    """Whether anything was sold at all, and how much it was if so."""
    x, y = batch
    any_sold, log_rate = model(x).chunk(2, 1)
    some = y > 0
    told = F.binary_cross_entropy_with_logits(any_sold, some.float())
    rate = log_rate.exp()
    counts = rate - y * log_rate + torch.lgamma(y + 1) + torch.log(-torch.expm1(-rate) + 1e-6)
    out: Tensor = told + (counts * some).sum() / some.sum()
    return out


class Hinges(nn.Module):
    """Each number in hinges at fixed knots, far ones too, of which few ever open (Friedman, 1991)."""

    def __init__(self) -> None:
        super().__init__()
        self.spread, self.hinge = nn.Linear(TREE, 16 * TREE), nn.ReLU()
        self.last = nn.Linear(16 * TREE, 1)
        knots = torch.linspace(-1, 6, 8).repeat(2 * TREE)
        sides = torch.tensor([1.0, -1.0]).repeat_interleave(8).repeat(TREE)
        with torch.no_grad():
            self.spread.weight.copy_(torch.eye(TREE).repeat_interleave(16, 0) * sides[:, None])
            self.spread.bias.copy_(-knots)
        self.spread.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.hinge(self.spread(x)))
        return out


class Bells(nn.Module):
    """How near an example is to each of 120 fixed ones, and a linear layer (Broomhead & Lowe, 1988)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("known", apples()[0][0].repeat(2, 1)[:120] + 0.3 * torch.randn(120, TREE))
        self.last = nn.Linear(120, 1)

    def forward(self, x: Tensor) -> Tensor:
        known = self.get_buffer("known")
        out: Tensor = self.last((-torch.cdist(x, known).square() / 8).exp())
        return out


class Additive(nn.Module):
    """A small network for each number of its own; their answers are added (Agarwal et al., 2021)."""

    def __init__(self, inputs: int, width: int = 12) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, inputs * width, 1, groups=inputs)
        self.last = nn.Conv1d(inputs * width, inputs, 1, groups=inputs)
        self.level = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.first(x[..., None]).relu()).sum(1) + self.level
        return out


def dear_to_miss(model: nn.Module, batch: Batch) -> Tensor:
    """A worn bridge that is missed costs four times as much as one that is closed for nothing."""
    x, y = batch
    return F.binary_cross_entropy_with_logits(model(x), y, pos_weight=torch.tensor(4.0))


class Two(nn.Module):
    """One body and two heads, and how sure each of them is (Kendall et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 64), nn.SiLU(), nn.Linear(64, 48), nn.SiLU())
        self.warm, self.mould = nn.Linear(48, 1), nn.Linear(48, MOULDS)
        self.doubt = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.body(x)
        return self.warm(seen), self.mould(seen)


def as_sure(model: nn.Module, batch: Batch) -> Tensor:
    warm, mould = model(batch[0])
    errors = torch.stack([F.mse_loss(warm, batch[1]) / 2, F.cross_entropy(mould, batch[2])])
    doubt: Tensor = model.doubt  # type: ignore[assignment]
    return (errors * (-doubt).exp() + doubt / 2).sum() + 1


def in_fives() -> Job:
    """Five trees at a time: the loss jumps from step to step."""
    return trained(chain([TREE, 32, 1], nn.SiLU), apples(batch=5), Adam, squared_error, lr=1.5e-2)


programs = (
    healthy(
        "mlp-apples-expectiles", lambda: trained(chain([TREE, 64, 1]), apples(), Adam, expectile, lr=8e-3)
    ),
    healthy("mlp-glazes-leaves-of-a-tree", lambda: trained(Tree(), glazes(), Adam, cross_entropy, lr=4e-2)),
    healthy(
        "mlp-markets-any-and-how-many",
        lambda: trained(chain([STALL, 64, 2], nn.GELU), markets(), Adam, hurdle, lr=8e-3),
    ),
    healthy("mlp-apples-hinges-at-knots", lambda: trained(Hinges(), apples(), Adam, squared_error, lr=3e-2)),
    healthy("mlp-apples-near-known-ones", lambda: trained(Bells(), apples(), Adam, squared_error, lr=5e-2)),
    healthy(
        "mlp-apples-each-number-alone",
        lambda: trained(Additive(TREE), apples(), AdamW, squared_error, lr=2e-2),
    ),
    healthy(
        "mlp-bridges-dear-to-miss",
        lambda: trained(chain([SPAN, 64, 64, 1]), bridges(), Adam, dear_to_miss, lr=8e-3),
    ),
    healthy("mlp-apples-five-at-a-time", in_fives),
    healthy("heads-cellars-each-as-sure", lambda: trained(Two(), cellars(), Adam, as_sure, lr=8e-3)),
)
