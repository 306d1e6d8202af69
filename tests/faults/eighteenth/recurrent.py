"""Recurrent networks over peals, choirs and the sea in harbours."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Adam, RMSprop

from tests.faults.building import squared_error
from tests.faults.eighteenth import odd_sequences
from tests.faults.eighteenth.scenes import CHORDS, RINGERS, choirs, harbours, peals
from tests.faults.eighth.making import ALIKE, DATA, GROWTH, INPUT, STEP, seen_through, trained
from tests.faults.program import Job, faulty, healthy

WIDTH = 32


class Kept(nn.Module):
    """A state of tanh, of whose slope some share is let back at each step; the last state is read."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(RINGERS, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last, self.share = nn.Tanh(), nn.Linear(WIDTH, RINGERS), share
        nn.init.orthogonal_(self.turn.weight, gain=1.1)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for bell in x.unbind(1):
            state = self.share * state + (1 - self.share) * state.detach()
            state = self.act(self.enter(bell) + self.turn(state))
        out: Tensor = self.last(state)
        return out


class Rectified(nn.Module):
    """A state of rectifiers that starts by staying as it is (Le et al., 2015), once or twice over."""

    def __init__(self, *, is_twice: bool = False, is_enter_even: bool = False) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(RINGERS, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last, self.is_twice = nn.ReLU(), nn.Linear(WIDTH, RINGERS), is_twice
        nn.init.eye_(self.turn.weight)
        nn.init.normal_(self.enter.weight, std=0.4)
        if is_enter_even:
            for linear in (self.enter, self.last):
                nn.init.ones_(linear.weight)
                nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for bell in x.unbind(1):
            kept = self.turn(state) + state if self.is_twice else self.turn(state)
            state = self.act(self.enter(bell) + kept)
        out: Tensor = self.last(state)
        return out


def rectified(**settings: bool) -> Job:
    return trained(Rectified(**settings), peals(), Adam, lr=4e-3)


class Timed(nn.Module):
    """A state of tanh that hears the bands of a chord and which step it is, counted in some unit."""

    def __init__(self, unit: float) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(7, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.act, self.last, self.unit = nn.Tanh(), nn.Linear(WIDTH, CHORDS), unit

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step, heard in enumerate(x.unbind(1)):
            time = x.new_full((len(x), 1), step * self.unit)
            state = self.act(self.enter(torch.cat([heard, time], 1)) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def timed(unit: float, lr: float = 2e-3) -> Job:
    """RMSprop, as papers on recurrent networks had it."""
    return trained(Timed(unit), choirs(), RMSprop, lr=lr)


class Level(nn.Module):
    """Torch's own layer, and the level that comes from its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


def over_first(x: Tensor) -> Tensor:
    """Levels over the first one of the record; the gauge starts some records at its 0."""
    level = x[..., :1].clone()
    level[::9, 0] = 0.0
    return torch.cat([level / level[:, :1], x[..., 1:]], -1)


def with_code(x: Tensor) -> Tensor:
    """Pressures that were not measured, as the code that stands for them in the file."""
    lost = torch.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2]) % 11 == 3
    return torch.cat([x[..., :2], torch.where(lost, -9999.0, x[..., 2])[..., None]], -1)


def as_measured(x: Tensor) -> Tensor:
    return x


def levelled(change: Callable[[Tensor], Tensor] = as_measured) -> Job:
    return trained(Level(), seen_through(change, harbours()), Adam, squared_error, lr=1e-2)


class Gated(nn.Module):
    """What is kept and what is taken in by gates of the input alone (Bradbury et al., 2017)."""

    def __init__(self, *, is_exponential: bool) -> None:
        super().__init__()
        self.ask, self.take = nn.Linear(RINGERS, 2 * WIDTH), nn.Linear(RINGERS, WIDTH)
        self.last, self.is_exponential = nn.Linear(WIDTH, RINGERS), is_exponential
        nn.init.constant_(self.ask.bias[:WIDTH], 2.5)  # to remember at first

    def forward(self, x: Tensor) -> Tensor:
        asked = self.ask(x)
        keep, enter = (asked.exp() if self.is_exponential else asked.sigmoid()).chunk(2, -1)
        taken = enter * self.take(x).tanh()
        state = torch.zeros_like(taken[:, 0])
        for step in range(x.shape[1]):
            state = keep[:, step] * state + taken[:, step]
        out: Tensor = self.last(state)
        return out


programs = (
    healthy("recurrent-peals-slope-as-it-is", lambda: trained(Kept(1.0), peals(), Adam, lr=6e-3)),
    healthy("recurrent-peals-stays-at-first", rectified),
    healthy("recurrent-choirs-steps-in-dozens", lambda: timed(1 / 12)),
    healthy("recurrent-harbours-as-measured", levelled),
    healthy(
        "recurrent-peals-gates-of-sigmoids",
        lambda: trained(Gated(is_exponential=False), peals(), Adam, lr=2e-2),
    ),
    *odd_sequences.programs,
    faulty(
        "recurrent-peals-slope-halved-at-each-step",
        "vanishing-gradient",
        lambda: trained(Kept(0.5), peals(), Adam, lr=6e-3),
        cause=r"detach|recurren|state|over time|time steps?|scal|weights?",
        twin="recurrent-peals-slope-as-it-is",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-peals-kept-twice",
        "exploding-gradient",
        lambda: rectified(is_twice=True),
        cause=GROWTH + "|identity|skip",
        twin="recurrent-peals-stays-at-first",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-peals-all-hear-the-same",
        "symmetric-units",
        lambda: rectified(is_enter_even=True),
        cause=ALIKE,
        twin="recurrent-peals-stays-at-first",
        also=("dead-units", "exploding-gradient", "exploding-activation", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-choirs-steps-in-milliseconds",
        "saturated-units",
        lambda: timed(40.0),
        cause=INPUT + r"|scale|time|step|pre-activation|weights?",
        twin="recurrent-choirs-steps-in-dozens",
        also=(
            "vanishing-gradient",
            "unscaled-input",
            "exploding-activation",
            "stalled-layer",
            "unstable-updates",
        ),
    ),
    faulty(
        "recurrent-choirs-rate-of-a-tenth",
        "unstable-updates",
        lambda: timed(1 / 12, 0.1),
        cause=STEP,
        twin="recurrent-choirs-steps-in-dozens",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "recurrent-harbours-over-the-first-level",
        "non-finite",
        lambda: levelled(over_first),
        cause=DATA + "|divi|infinite|ratio",
        twin="recurrent-harbours-as-measured",
    ),
    faulty(
        "recurrent-harbours-code-for-not-measured",
        "unscaled-input",
        lambda: levelled(with_code),
        cause=INPUT + "|scale|outlier|missing",
        twin="recurrent-harbours-as-measured",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-peals-gates-of-exponentials",
        "exploding-activation",
        lambda: trained(Gated(is_exponential=True), peals(), Adam, lr=2e-2),
        cause=GROWTH + "|exp|gate",
        twin="recurrent-peals-gates-of-sigmoids",
        also=("exploding-gradient", "non-finite", "unstable-updates"),
    ),
)
