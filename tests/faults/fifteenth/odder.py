"""Healthy trainings of other kinds that look odd: shared filters, states that wait, values, fixed waves."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, squared_error
from tests.faults.eighth.making import trained
from tests.faults.fifteenth.places import dunes, hamlets, lifts
from tests.faults.fifteenth.tasks import (
    DINS,
    DRINKERS,
    HAMLETS,
    KNITS,
    KNOCKS,
    SIGNS,
    TEAS,
    dins,
    knits,
    knocks,
    rivers,
    scrawls,
    teas,
)
from tests.faults.program import Batch, Job, healthy
from tests.faults.twelfth.making import told


class Turns(nn.Module):
    """Convolutions over a picture that is turned four times, by the same filters; the mean of all is read."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(12, 24, 3), nn.ReLU()
        )
        self.last = nn.Linear(24 * 9, SIGNS)

    def forward(self, x: Tensor) -> Tensor:
        ways = [self.body(x.rot90(times, (2, 3))).rot90(-times, (2, 3)) for times in range(4)]
        out: Tensor = self.last(torch.stack(ways).mean(0).flatten(1))
        return out


def apart() -> Job:
    """Filters for each channel alone, and points that mix channels (Howard et al., 2017)."""
    model = nn.Sequential(
        nn.Conv2d(3, 24, 1), nn.Conv2d(24, 24, 3, padding=1, groups=24), nn.Hardswish(), nn.Conv2d(24, 24, 1),
        nn.Conv2d(24, 24, 3, stride=2, groups=24), nn.Hardswish(), nn.Flatten(), nn.Linear(216, KNITS),
    )  # fmt: skip
    return trained(model, knits(), Adam, lr=1e-2)


class Street(nn.Module):
    """Moments by filters that reach further and further, with gates (van den Oord et al., 2016)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.enter = nn.Conv1d(8, width, 1)
        self.both = nn.ModuleList(
            nn.Conv1d(width, 2 * width, 2, dilation=reach, padding=reach) for reach in (1, 2, 4)
        )
        self.last = nn.Linear(width, DINS)

    def forward(self, x: Tensor) -> Tensor:
        said = self.enter(x[:, 0])
        for layer in self.both:
            new, gate = layer(said)[..., : said.shape[-1]].chunk(2, 1)
            said = said + new.tanh() * gate.sigmoid()
        out: Tensor = self.last(said.mean(-1))
        return out


class Weekly(nn.Module):
    """What is to come at every day; no gradient goes back over the end of a week, on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.last = nn.GRUCell(3, 32), nn.Linear(32, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), 32)
        said = []
        for day, now in enumerate(x.unbind(1)):
            state = state.detach() if day == 7 else state
            state = self.cell(now, state)
            said.append(self.last(state))
        return torch.cat(said, 1)


def every_day(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    return F.mse_loss(model(x), torch.cat([x[:, 1:, 0], y], 1))


class Waiting(nn.Module):
    """Quarters of a state that change at every moment, every second, every fourth and every eighth one."""

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(3, width), nn.Linear(width, width, bias=False)
        self.last, self.every = nn.Linear(width, KNOCKS), 2 ** (torch.arange(width) * 4 // width)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), self.last.in_features)
        for place, moment in enumerate(x.unbind(1)):
            new = torch.tanh(self.enter(moment) + self.turn(state))
            state = torch.where(place % self.every < 1 + (place < 3), new, state)
        out: Tensor = self.last(state)
        return out


class Looking(nn.Module):
    """Hamlets say how much they look at each they are joined to (Velickovic et al., 2018)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.enter, self.ask, self.say = nn.Linear(3, width), nn.Linear(width, 2), nn.Linear(width, width)
        self.last = nn.Linear(2 * width, 1)

    def forward(self, x: Tensor, joined: Tensor) -> Tensor:
        known = F.elu(self.enter(x))
        asked = self.ask(known)
        scores = F.leaky_relu(asked[..., :1] + asked[..., 1:].mT, 0.2)
        near = (joined + torch.eye(HAMLETS)) > 0
        look = scores.masked_fill(~near, -math.inf).softmax(-1)
        out: Tensor = self.last(torch.cat([known, F.elu(look @ self.say(known)) * known], -1)).mean(1)
        return out


class Streams(nn.Module):
    """What a state is worth, and what each floor adds to that beside the others (Wang et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.worth, self.more = nn.Linear(6, 64), nn.Linear(64, 1), nn.Linear(64, 3)
        nn.init.zeros_(self.more.weight)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.body(x).relu()
        more = self.more(seen)
        out: Tensor = self.worth(seen) + more - more.mean(1, keepdim=True)
        return out


def went(model: nn.Module, batch: Batch) -> Tensor:
    """Of three values only that of the floor where the lift went is told."""
    x, floor, worth = batch
    return F.huber_loss(model(x).gather(1, floor[:, None])[:, 0], worth)


class Fixed(nn.Module):
    """Fixed waves of many lengths over a place (Tancik et al., 2020)."""

    def __init__(self, count: int = 48) -> None:
        super().__init__()
        self.register_buffer("lengths", 3.0 * torch.randn(2, count))

    def forward(self, x: Tensor) -> Tensor:
        waves = x @ self.get_buffer("lengths")
        return torch.cat([waves.sin(), waves.cos()], 1)


class Short(nn.Module):
    """Drinkers and teas whose vectors are never longer than 1, and a product of them beside a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.drinker = nn.Embedding(DRINKERS, 10, max_norm=1.0)
        self.tea = nn.Embedding(TEAS, 10, max_norm=1.0)
        self.rest = chain([22, 48, 1], nn.Softplus)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        out: Tensor = self.rest(torch.cat([x, self.drinker(who[:, 0]), self.tea(who[:, 1])], 1))
        return out


def waved() -> Job:
    return trained(nn.Sequential(Fixed(), chain([96, 48, 1])), dunes(), Adam, squared_error, lr=5e-3)


programs = (
    healthy("cnn-scrawls-turned-four-times", lambda: trained(Turns(), scrawls(), Adam, lr=6e-3)),
    healthy("cnn-knits-each-channel-alone", apart),
    healthy("cnn-dins-gated-moments", lambda: trained(Street(), dins(), Adam, lr=1.5e-2)),
    healthy("recurrent-rivers-week-by-week", lambda: trained(Weekly(), rivers(), Adam, every_day, lr=8e-3)),
    healthy("recurrent-knocks-quarters-that-wait", lambda: trained(Waiting(), knocks(), Adam, lr=8e-3)),
    healthy("graph-hamlets-that-look", lambda: trained(Looking(), hamlets(), Adam, told, lr=1.2e-2)),
    healthy("values-lifts-two-streams", lambda: trained(Streams(), lifts(), Adam, went, lr=1e-2)),
    healthy("field-dunes-fixed-waves", waved),
    healthy("embedding-teas-never-longer-than-one", lambda: trained(Short(), teas(), Adam, told, lr=1e-2)),
)
