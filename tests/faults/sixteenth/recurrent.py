"""Recurrent networks over songs and clicks of whales and over hours at a toll gate."""

import torch
from torch import Tensor, nn
from torch.nn import init
from torch.optim import Adam

from tests.faults.building import Make, squared_error
from tests.faults.eighth.making import GROWTH, INPUT, STEP, WEIGHTS, Fill, filled, seen_through, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixteenth.making import PlannedAdam
from tests.faults.sixteenth.scenes import BANDS, POPULATIONS, clicks, tolls, whales
from tests.faults.tenth.making import OPERATION

WIDTH = 32


class Kept(nn.Module):
    """A cell with gates to keep, to write and to read, of one layer over input and state."""

    def __init__(self, inputs: int, outputs: int, kept: float) -> None:
        super().__init__()
        self.gates, self.last = nn.Linear(inputs + WIDTH, 4 * WIDTH), nn.Linear(WIDTH, outputs)
        init.zeros_(self.gates.bias)
        self.kept = kept

    def forward(self, x: Tensor) -> Tensor:
        state, said = x.new_zeros(2, len(x), WIDTH)
        for place in range(x.shape[1]):
            keep, write, read, new = self.gates(torch.cat([x[:, place], said], 1)).chunk(4, 1)
            state = (keep + self.kept).sigmoid() * state + write.sigmoid() * new.tanh()
            said = read.sigmoid() * state.tanh()
        out: Tensor = self.last(said)
        return out


class Turning(nn.Module):
    """A plain state that is turned and then bent at each step; the last one is read."""

    def __init__(self, inputs: int, outputs: int, activation: Make = nn.Tanh, width: int = WIDTH) -> None:
        super().__init__()
        self.enter, self.turn = nn.Linear(inputs, width), nn.Linear(width, width, bias=False)
        self.act, self.last = activation(), nn.Linear(width, outputs)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), self.width)
        for place in range(x.shape[1]):
            state = self.act(self.enter(x[:, place]) + self.turn(state))
        out: Tensor = self.last(state)
        return out


def kept(by: float) -> Job:
    """A number that is added to what the gate of the state is told, or is taken from it."""
    return trained(Kept(BANDS, POPULATIONS, by), clicks(), Adam, lr=1.5e-2)


def started(*, is_alone: bool) -> Job:
    """A state that is first kept (Le et al., 2015): the identity, instead of what was drawn or over it."""
    model = Turning(3, 1, lambda: nn.LeakyReLU(0.5))
    init.orthogonal_(model.turn.weight)
    drawn = 0.0 if is_alone else model.turn.weight.detach()
    model.turn.weight.data = 0.9 * torch.eye(WIDTH) + drawn
    return trained(model, tolls(length=24), Adam, squared_error, lr=4e-3)


class Warming:
    """A rate that rises for ten steps and then falls as the root of steps, by a number."""

    def __init__(self, by: float) -> None:
        self.by = by

    def __call__(self, taken: int) -> float:
        return float(self.by * min((taken + 1) ** -0.5, (taken + 1) * 10**-1.5))


def sung(fill: Fill = init.xavier_normal_, *, by: float = 0.04, unit: float = 1.0) -> Job:
    """Bands of a recording as parts of its range or in whole numbers; a rate for this width or for none."""
    batches = seen_through(lambda x: (4096 * x).round() / 4096 * unit, whales())
    return trained(filled(Turning(BANDS, POPULATIONS), fill), batches, PlannedAdam, plan=Warming(by))


class Levelled(nn.Module):
    """Mean and deviation of a state over the morning, over noon and over the one hour that is left."""

    def __init__(self, correction: int) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(3, WIDTH, batch_first=True), nn.Linear(6 * WIDTH, 1)
        self.correction = correction

    def forward(self, x: Tensor) -> Tensor:
        seen = []
        for said in self.layer(x)[0].split([6, 7, 1], 1):
            mean = said.mean(1, keepdim=True)
            spread = ((said - mean).square().sum(1) / (said.shape[1] - self.correction) + 1e-6).sqrt()
            seen += [mean[:, 0], spread]
        out: Tensor = self.last(torch.cat(seen, 1))
        return out


def levelled(correction: int) -> Job:
    """The deviation as NumPy has it, or as torch has it."""
    return trained(Levelled(correction), tolls(), Adam, squared_error, lr=8e-3)


class Asked(nn.Module):
    """Steps of a state, weighed by a softmax of what two layers say of them."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.last = nn.GRU(BANDS, WIDTH, batch_first=True), nn.Linear(WIDTH, POPULATIONS)
        self.ask = nn.Sequential(nn.Linear(WIDTH, 16), nn.SiLU(), nn.Linear(16, 1))

    def forward(self, x: Tensor) -> Tensor:
        said = self.layer(x)[0]
        out: Tensor = self.last((self.ask(said).softmax(1) * said).sum(1))
        return out


def times_root(weight: Tensor) -> None:
    """Unit normals times the root of the fan-in, which they should be over."""
    init.normal_(weight, std=0.2 * weight.shape[1] ** 0.5)


programs = (
    healthy("recurrent-clicks-kept-from-start", lambda: kept(3.0)),
    healthy("recurrent-tolls-started-from-itself", lambda: started(is_alone=True)),
    healthy("recurrent-whales-over-root-of-fan", sung),
    healthy("recurrent-tolls-deviation-of-numpy", lambda: levelled(0)),
    healthy("recurrent-clicks-softmax-over-steps", lambda: trained(Asked(), clicks(), Adam, lr=1e-2)),
    faulty(
        "recurrent-clicks-kept-with-wrong-sign",
        "vanishing-gradient",
        lambda: kept(-3.0),
        cause="forget|gate|bias|state|recurren|time|sigmoid|memory|" + WEIGHTS,
        twin="recurrent-clicks-kept-from-start",
        also=("stalled-layer",),
    ),
    faulty(
        "recurrent-tolls-started-over-drawn",
        "exploding-gradient",
        lambda: started(is_alone=False),
        cause=GROWTH,
        twin="recurrent-tolls-started-from-itself",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-whales-times-root-of-fan",
        "saturated-units",
        lambda: sung(times_root),
        cause=WEIGHTS + "|pre-activation",
        twin="recurrent-whales-over-root-of-fan",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-tolls-deviation-of-torch",
        "non-finite",
        lambda: levelled(1),
        cause=OPERATION + "|one (number|value|element|step)",
        twin="recurrent-tolls-deviation-of-numpy",
    ),
    faulty(
        "recurrent-whales-in-whole-numbers",
        "unscaled-input",
        lambda: sung(unit=4096.0),
        cause=INPUT + "|scale",
        twin="recurrent-whales-over-root-of-fan",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-whales-rate-without-width",
        "unstable-updates",
        lambda: sung(by=1.0),
        cause=STEP + "|warm|schedul",
        twin="recurrent-whales-over-root-of-fan",
        also=("saturated-units", "exploding-gradient", "vanishing-gradient", "exploding-activation"),
    ),
)
