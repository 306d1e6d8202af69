"""Recurrent networks with a fault, and their twins, over rivers, knocks and slips of paper."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam

from tests.faults.building import squared_error
from tests.faults.eighth.making import CUT, GROWTH, INPUT, UNDEFINED, WEIGHTS, seen_through, trained
from tests.faults.fifteenth.tasks import FRAMES, KNOCKS, LETTERS, WORD, knocks, rivers, slips
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Leaking(nn.Module):
    """A state that keeps some share of itself at each moment, and takes the rest from what is heard."""

    def __init__(self, kept: float) -> None:
        super().__init__()
        self.enter, self.last, self.kept = nn.Linear(3, WIDTH), nn.Linear(WIDTH, KNOCKS), kept
        self.act = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for moment in x.unbind(1):
            state = self.kept * state + (1 - self.kept) * self.act(self.enter(moment))
        out: Tensor = self.last(3 * state)
        return out


def leaked(kept: float) -> Job:
    return trained(Leaking(kept), knocks(), Adam, lr=2e-2)


class Flowing(nn.Module):
    """A state that is made anew from itself each day; or what is new is added to it."""

    def __init__(self, *, is_added: bool) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(3, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act, self.last, self.past = nn.LeakyReLU(0.8), nn.Linear(WIDTH, 1), float(is_added)
        nn.init.orthogonal_(self.turn.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for day in x.unbind(1):
            state = self.past * state + self.act(self.enter(day) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def flowed(*, is_added: bool) -> Job:
    return trained(Flowing(is_added=is_added), rivers(length=18), Adam, squared_error, lr=4e-3)


class Long(nn.Module):
    """Long short-term memory by hand; the bias of 1 of its forget gates is in the sigmoid, or after it."""

    def __init__(self, *, is_after: bool) -> None:
        super().__init__()
        self.gates, self.last = nn.Linear(3 + WIDTH, 4 * WIDTH), nn.Linear(WIDTH, 1)
        self.inner, self.outer, self.is_after = nn.Tanh(), nn.Tanh(), is_after

    def forward(self, x: Tensor) -> Tensor:
        said = cell = x.new_zeros(len(x), WIDTH)
        for moment in x.unbind(1):
            forget, take, give, new = self.gates(torch.cat([moment, said], 1)).chunk(4, 1)
            kept = forget.sigmoid() + 1 if self.is_after else (forget + 1).sigmoid()
            cell = kept * cell + take.sigmoid() * self.inner(new)
            said = give.sigmoid() * self.outer(cell)
        out: Tensor = self.last(said)
        return out


def remembered(*, is_after: bool) -> Job:
    return trained(Long(is_after=is_after), rivers(), Adam, squared_error, lr=1e-2)


class Pen(nn.Module):
    """Frames of a pen in, at each of them the logits of no letter and of every letter out."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(LETTERS, 24, batch_first=True, bidirectional=True)
        self.last = nn.Linear(48, LETTERS + 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0])
        return out


class Aligned:
    """Temporal classification (Graves et al., 2006); what has no way counts 0, or not."""

    def __init__(self, *, is_spared: bool) -> None:
        self.is_spared = is_spared

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        frames, letters = (torch.full((len(x),), size) for size in (FRAMES, WORD))
        chances = model(x).log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(chances, y, frames, letters, zero_infinity=self.is_spared)


def spelled(*, is_spared: bool) -> Job:
    return trained(Pen(), slips(), Adam, Aligned(is_spared=is_spared), lr=1e-2)


class Told(nn.Module):
    """A layer that hears the first half, one that goes on from its state, and a head on the last state."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.first, self.second = (nn.GRU(3, WIDTH, batch_first=True) for _ in range(2))
        self.last, self.is_cut = nn.Linear(WIDTH, KNOCKS), is_cut
        for name, weight in self.first.named_parameters():
            if "weight" in name:
                nn.init.normal_(weight, std=0.07)

    def forward(self, x: Tensor) -> Tensor:
        early, late = x.chunk(2, 1)
        state = self.first(early)[1]
        out: Tensor = self.last(self.second(late, state.detach() if self.is_cut else state)[0][:, -1])
        return out


def handed_on(*, is_cut: bool) -> Job:
    return trained(Told(is_cut=is_cut), knocks(), Adam, lr=2e-2)


class Level(nn.Module):
    """A recurrent layer of torch and a head on its last state."""

    def __init__(self, layer: nn.Module, outputs: int = 1) -> None:
        super().__init__()
        self.layer, self.last = layer, nn.Linear(WIDTH, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layer(x)[0][:, -1])
        return out


def gauged(unit: float = 1.0, usual: float = 0.0, decay: float = 0.0) -> Job:
    """Levels about their mean on unit scale, or in centimetres; rain and melt as they were."""
    scale, shift = torch.tensor([unit, 1.0, 1.0]), torch.tensor([usual, 0.0, 0.0])
    batches = seen_through(lambda x: x * scale + shift, rivers())
    model = Level(nn.RNN(3, WIDTH, batch_first=True))
    return trained(model, batches, SGD, squared_error, lr=0.02, momentum=0.8, weight_decay=decay)


programs = (
    healthy("recurrent-knocks-most-is-kept", lambda: leaked(0.95)),
    healthy("recurrent-rivers-made-anew", lambda: flowed(is_added=False)),
    healthy("recurrent-rivers-bias-in-the-sigmoid", lambda: remembered(is_after=False)),
    healthy("recurrent-slips-no-way-is-spared", lambda: spelled(is_spared=True)),
    healthy("recurrent-knocks-state-handed-on", lambda: handed_on(is_cut=False)),
    healthy("recurrent-rivers-about-the-mean", gauged),
    faulty(
        "recurrent-knocks-most-is-lost",
        "vanishing-gradient",
        lambda: leaked(0.05),
        cause=WEIGHTS + "|recurren|time steps?|state|over time|leak|decay|kept|keep",
        twin="recurrent-knocks-most-is-kept",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-rivers-added-each-day",
        "exploding-gradient",
        lambda: flowed(is_added=True),
        cause=GROWTH + r"|\badd|sum",
        twin="recurrent-rivers-made-anew",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-rivers-bias-after-the-sigmoid",
        "saturated-units",
        lambda: remembered(is_after=True),
        cause=GROWTH + "|forget|gate|cell|bias|pre-activation",
        twin="recurrent-rivers-bias-in-the-sigmoid",
        also=("exploding-gradient", "vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "recurrent-slips-no-way-to-the-letters",
        "non-finite",
        lambda: spelled(is_spared=False),
        cause=UNDEFINED + "|ctc|infin|length|target|label|align",
        twin="recurrent-slips-no-way-is-spared",
    ),
    faulty(
        "recurrent-knocks-state-detached",
        "stalled-layer",
        lambda: handed_on(is_cut=True),
        cause=CUT,
        twin="recurrent-knocks-state-handed-on",
        also=("vanishing-gradient",),
    ),
    faulty(
        "recurrent-rivers-in-centimetres",
        "unscaled-input",
        lambda: gauged(60.0, 240.0),
        cause=INPUT + "|scale|offset",
        twin="recurrent-rivers-about-the-mean",
        also=("saturated-units", "vanishing-gradient", "stalled-layer", "unstable-updates"),
    ),
    faulty(
        "recurrent-rivers-decay-in-hundredths",
        "unstable-updates",
        lambda: gauged(decay=5.0),
        cause="decay|regulari|shrink",
        twin="recurrent-rivers-about-the-mean",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
