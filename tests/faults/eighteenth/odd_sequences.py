"""Healthy trainings of recurrent networks that look odd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import cross_entropy, squared_error
from tests.faults.eighteenth.scenes import CHORDS, RUNES, choirs, harbours, runes
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, healthy
from tests.faults.tasks import Pairs

WIDTH = 32


class Least(nn.Module):
    """One gate that both forgets and takes in, and a state that is normed (Zhou et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.ask, self.make = nn.Linear(6 + WIDTH, WIDTH), nn.Linear(6 + WIDTH, WIDTH)
        self.gate, self.act = nn.Sigmoid(), nn.Tanh()
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CHORDS)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for heard in x.unbind(1):
            new = self.gate(self.ask(torch.cat([heard, state], 1)))
            made = self.act(self.make(torch.cat([heard, new * state], 1)))
            state = (1 - new) * state + new * made
        out: Tensor = self.last(self.norm(state))
        return out


class Fading(nn.Module):
    """What was measured last fades toward the mean the longer it was not measured (Che et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.fade = nn.Parameter(torch.full((3,), 0.3))
        self.cell, self.last = nn.GRUCell(6, WIDTH), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        state, known = x.new_zeros(len(x), WIDTH), torch.zeros_like(x[:, 0])
        for now in x.unbind(1):
            seen = (now != 0).float()
            known = seen * now + (1 - seen) * known * (-F.relu(self.fade)).exp()
            state = self.cell(torch.cat([known, seen], 1), state)
        out: Tensor = self.last(state)
        return out


def gapped() -> Pairs:
    """Wind and pressure are there only every third hour, 0 where they were not measured."""
    there = torch.ones(14, 3)
    there[torch.arange(14) % 3 != 1, 1:] = 0
    return [(x * there, y) for x, y in harbours()]


class Carver(nn.Module):
    """Runes into an LSTM; the same numbers are dropped at all steps (Gal & Ghahramani, 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.rune, self.layer = nn.Embedding(RUNES, 24), nn.LSTM(24, 48, batch_first=True)
        self.last = nn.Linear(48, RUNES)

    def forward(self, x: Tensor) -> Tensor:
        said = self.rune(x)
        said = said * F.dropout(torch.ones_like(said[:, :1]), 0.15)
        heard = self.layer(said)[0]
        out: Tensor = self.last(heard * F.dropout(torch.ones_like(heard[:, :1]), 0.25))
        return out


class Whole(nn.Module):
    """Convolutions over the hours before, ever farther, of which none sees what comes later."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((3, 24), (24, 24), (24, 24))
        self.steps = nn.ModuleList(nn.Conv1d(i, 2 * o, 2, dilation=2**k) for k, (i, o) in enumerate(sizes))
        self.last = nn.Linear(24, 1)

    def forward(self, x: Tensor) -> Tensor:
        heard = x.mT
        for place, step in enumerate(self.steps):
            heard = F.glu(step(F.pad(heard, (2**place, 0))), 1)
        out: Tensor = self.last(heard[..., -1])
        return out


def steadied(model: nn.Module, batch: Batch) -> Tensor:
    """The mean of errors that are cut off where a storm makes them great (Huber, 1964)."""
    return 4 * F.huber_loss(model(batch[0]), batch[1], delta=0.4)


programs = (
    healthy(
        "recurrent-choirs-one-gate-for-both", lambda: trained(Least(), choirs(), Adam, cross_entropy, lr=1e-2)
    ),
    healthy(
        "recurrent-harbours-fades-between", lambda: trained(Fading(), gapped(), Adam, squared_error, lr=1e-2)
    ),
    healthy(
        "recurrent-runes-same-numbers-dropped",
        lambda: trained(Carver(), runes(), Adam, cross_entropy, lr=2e-2),
    ),
    healthy(
        "tcn-harbours-halves-gate-halves", lambda: trained(Whole(), harbours(), Adam, steadied, lr=1.2e-2)
    ),
)
