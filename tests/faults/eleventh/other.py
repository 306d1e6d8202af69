"""Graphs of bus stops, and policies that copy how a pilot lands."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.eighth.making import GROWTH, Fill, filled, normal, trained
from tests.faults.eleventh.tasks import STOPS, landing, network
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.other import dissolved

WIDTH = 20


class Late(nn.Module):
    """What stops say of themselves and of those they are joined with; summed or averaged, stop by stop."""

    def __init__(self, layers: int, *, is_mean: bool = True) -> None:
        super().__init__()
        sizes = [4, *[WIDTH] * layers]
        self.steps = nn.ModuleList(nn.Linear(2 * i, o) for i, o in pairwise(sizes))
        self.acts, self.last = nn.ModuleList(nn.ReLU() for _ in range(layers)), nn.Linear(WIDTH, 1)
        self.is_mean = is_mean
        filled(self, he)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        shares = joined / joined.sum(-1, keepdim=True).clamp(min=1) if self.is_mean else joined
        for step, act in zip(self.steps, self.acts, strict=True):
            x = act(step(torch.cat([x, shares @ x], -1)))
        out: Tensor = self.last(x)
        return out


class Heard(nn.Module):
    """A gate says how much of its neighbours a stop hears (Li et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.cell, self.last = nn.Linear(4, WIDTH), nn.GRUCell(WIDTH, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        state = self.enter(x).tanh()
        shares = joined / joined.sum(-1, keepdim=True).clamp(min=1)
        for _ in range(2):
            state = self.cell((shares @ state).flatten(0, 1), state.flatten(0, 1)).unflatten(0, (-1, STOPS))
        out: Tensor = self.last(state)
        return out


def copied(fill: Fill) -> Job:
    return trained(filled(chain([6, *[40] * 6, 3]), fill), landing(), Adam, lr=3e-3)


def rewarded(model: nn.Module, batch: Batch) -> Tensor:
    """Of what was drawn, that which the pilot did is rewarded, against a running guess (Williams, 1992)."""
    said = model(batch[0])
    chances = said.softmax(1)
    drawn = torch.multinomial(chances.detach(), 1)[:, 0]
    reward = (drawn == batch[1]).float() - chances.detach().square().sum(1)
    at_hand = F.cross_entropy(said, drawn, reduction="none")
    out: Tensor = F.cross_entropy(said, batch[1]) + 0.1 * (reward * at_hand).mean()
    return out


programs = (
    healthy("graph-stops-means", lambda: trained(Late(6), network(), Adam, dissolved, lr=3e-3)),
    healthy("graph-stops-gated", lambda: trained(Heard(), network(), Adam, dissolved, lr=1e-2)),
    healthy("policy-landing-by-he", lambda: copied(he)),
    healthy(
        "policy-landing-rewarded",
        lambda: trained(chain([6, 64, 3], nn.Tanh), landing(), Adam, rewarded, lr=1e-2),
    ),
    faulty(
        "graph-stops-sums",
        "exploding-activation",
        lambda: trained(Late(6, is_mean=False), network(), Adam, dissolved, lr=3e-3),
        cause=GROWTH + "|sum|neighbour|degree|aggregat",
        twin="graph-stops-means",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "policy-landing-by-eight-tenths",
        "exploding-gradient",
        lambda: copied(normal(0.8)),
        cause=GROWTH,
        twin="policy-landing-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
)
