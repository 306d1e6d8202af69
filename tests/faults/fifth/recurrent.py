"""Recurrent networks that add marked numbers, remember how a sequence began, and follow an index."""

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import squared_error
from tests.faults.fifth.making import DATA, GROWTH, INPUT, WEIGHTS, seen_through, trained
from tests.faults.fifth.tasks import adding, index, opening
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 24


class Simple(nn.Module):
    """A recurrent layer by hand that keeps a share of its state, and a head on the last one."""

    def __init__(self, inputs: int, activation: nn.Module, kept: float = 0.0) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.activation, self.head, self.kept = activation, nn.Linear(WIDTH, 1), kept

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            new = self.activation(self.enter(x[:, step]) + self.again(state))
            state = self.kept * state + (1 - self.kept) * new
        out: Tensor = self.head(state)
        return out


def keeping(kept: float) -> Job:
    """A state that follows what it hears within some ten steps, or within one."""
    model = Simple(3, nn.Tanh(), kept)
    nn.init.normal_(model.again.weight, std=0.05)
    return trained(model, opening(), Adam, squared_error, lr=2e-2)


def from_identity(*, is_on_top: bool) -> Job:
    """Weights of the state are set to the identity, or it is added to what had been drawn."""
    model = Simple(2, nn.ReLU())
    drawn = model.again.weight.detach().clone()
    nn.init.xavier_normal_(drawn)
    nn.init.eye_(model.again.weight)
    nn.init.normal_(model.enter.weight, std=0.1)
    with torch.no_grad():
        model.again.weight += drawn if is_on_top else 0.02 * drawn
    return trained(model, adding(24, 32), AdamW, squared_error, lr=3e-3)


class Gates(nn.Module):
    """The cell of an LSTM by hand, of 64 units, of which the weights are drawn in some way."""

    def __init__(self, deviation: float, inputs: int = 3) -> None:
        super().__init__()
        self.heard, self.kept = nn.Linear(inputs, 256), nn.Linear(64, 256, bias=False)
        self.gate, self.squash, self.head = nn.Sigmoid(), nn.Tanh(), nn.Linear(64, 1)
        nn.init.normal_(self.heard.weight, std=deviation)
        nn.init.normal_(self.kept.weight, std=deviation)

    def forward(self, x: Tensor) -> Tensor:
        said = cell = x.new_zeros(len(x), 64)
        for step in range(x.shape[1]):
            enter, forget, tell, new = (self.heard(x[:, step]) + self.kept(said)).chunk(4, 1)
            cell = self.gate(forget + 1) * cell + self.gate(enter) * self.squash(new)
            said = self.gate(tell) * self.squash(cell)
        out: Tensor = self.head(said)
        return out


def of_gates(deviation: float) -> Job:
    return trained(Gates(deviation), opening(), Adam, squared_error, lr=1e-2)


class Own(nn.Module):
    """One of PyTorch's recurrent layers and a head, on the last state or on all of them, weighed."""

    def __init__(self, layer: nn.RNNBase, width: int = WIDTH, *, is_weighed: bool = False) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(width, 1)
        self.score = nn.Linear(width, 1) if is_weighed else None

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.layer(x)
        seen = (self.score(states).softmax(1) * states).sum(1) if self.score else states[:, -1]
        out: Tensor = self.head(seen)
        return out


def of_index(*, in_points: bool) -> Job:
    """Levels as they are quoted, about 4200, or about their mean on unit scale."""
    batches = seen_through(lambda x: 4200 + 90 * x if in_points else x, index())
    return trained(Own(nn.GRU(1, WIDTH, batch_first=True)), batches, RMSprop, squared_error, lr=5e-3)


class Mean(nn.Module):
    """Runs over what was heard and takes the mean over as many steps as there were."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.layer, self.head, self.least = nn.GRU(3, WIDTH, batch_first=True), nn.Linear(WIDTH, 1), least

    def forward(self, x: Tensor) -> Tensor:
        heard = (x.abs().sum(-1, keepdim=True) > 0).float()
        mean = (heard * self.layer(x)[0]).sum(1) / heard.sum(1).clamp(min=self.least)
        out: Tensor = self.head(mean)
        return out


def of_lengths(least: float) -> Job:
    """Sequences end early, and one in fifty, from the tenth batch on, is empty: only zeros are left of it."""
    cut = [(x.clone(), y) for x, y in opening()]
    for number, (x, _) in enumerate(cut):
        x[::3, 6:] = 0
        if number >= 10:
            x[7] = 0
    return trained(Mean(least), cut, Adam, squared_error, lr=2e-2)


class Clocked(nn.Module):
    """Some units are brought up to date at every second or fourth step alone (Koutník, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.again, self.head = nn.Linear(2, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1)
        self.register_buffer("period", torch.tensor([1, 2, 4]).repeat_interleave(8))

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            new = torch.tanh(self.enter(x[:, step]) + self.again(state))
            state = torch.where(step % self.period == 0, new, state)  # type: ignore[operator]
        out: Tensor = self.head(state)
        return out


class Diagonal(nn.Module):
    """A linear state, each number of which fades at a rate of its own, near 1 (Orvieto et al., 2023)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.gate, self.head = nn.Linear(2, 32), nn.Linear(2, 32), nn.Linear(32, 1)
        self.fade = nn.Parameter(torch.linspace(2.0, 6.0, 32))

    def forward(self, x: Tensor) -> Tensor:
        kept, state = self.fade.sigmoid(), x.new_zeros(len(x), 32)
        for step in range(x.shape[1]):
            heard = self.gate(x[:, step]).sigmoid() * self.enter(x[:, step])
            state = kept * state + (1 - kept.square()).sqrt() * heard
        out: Tensor = self.head(state)
        return out


class Started(nn.Module):
    """A learned first state is turned; weights stay orthogonal (Lezcano-Casado, 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.start, self.head = (
            nn.Linear(3, WIDTH),
            nn.Parameter(torch.zeros(WIDTH)),
            nn.Linear(WIDTH, 1),
        )
        self.turn = nn.utils.parametrizations.orthogonal(nn.Linear(WIDTH, WIDTH, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        state = self.start.expand(len(x), -1)
        for step in range(x.shape[1]):
            state = nn.functional.leaky_relu(self.enter(x[:, step]) + self.turn(state), 0.5)
        out: Tensor = self.head(state)
        return out


def clipped() -> Job:
    """A long error of absolute differences, on the mean of all states."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return nn.functional.l1_loss(model(batch[0]), batch[1])

    layer = nn.LSTM(1, 16, num_layers=2, dropout=0.2, batch_first=True)
    return trained(Own(layer, 16), index(), Adam, loss, lr=2e-2)


programs = (
    healthy("recurrent-keeps-most", lambda: keeping(0.9)),
    healthy("recurrent-identity-alone", lambda: from_identity(is_on_top=False)),
    healthy("recurrent-gates-by-width", lambda: of_gates(0.125)),
    healthy("recurrent-index-about-its-mean", lambda: of_index(in_points=False)),
    healthy("recurrent-at-least-one-step", lambda: of_lengths(1.0)),
    healthy("recurrent-clocks", lambda: trained(Clocked(), adding(), Adam, squared_error, lr=1e-2)),
    healthy("recurrent-fades-slowly", lambda: trained(Diagonal(), adding(), Adam, squared_error, lr=8e-2)),
    healthy("recurrent-only-turned", lambda: trained(Started(), opening(), Adam, squared_error, lr=1e-2)),
    healthy("recurrent-two-layers-absolute", clipped),
    healthy(
        "recurrent-steps-weighed",
        lambda: trained(
            Own(nn.GRU(3, WIDTH, batch_first=True), is_weighed=True), opening(), Adam, squared_error, lr=2e-2
        ),
    ),
    faulty(
        "recurrent-keeps-a-fifth",
        "vanishing-gradient",
        lambda: keeping(0.2),
        cause=WEIGHTS + "|recurren|state|over time|time steps?|decay|fad(e|ing)|kept|keep|leak|forget",
        twin="recurrent-keeps-most",
    ),
    faulty(
        "recurrent-identity-on-top",
        "exploding-gradient",
        lambda: from_identity(is_on_top=True),
        cause=GROWTH,
        twin="recurrent-identity-alone",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "recurrent-gates-of-unit-normals",
        "saturated-units",
        lambda: of_gates(1.0),
        cause=WEIGHTS + "|pre-activation",
        twin="recurrent-gates-by-width",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "recurrent-index-in-points",
        "unscaled-input",
        lambda: of_index(in_points=True),
        cause=INPUT + "|mean|offset|centr",
        twin="recurrent-index-about-its-mean",
        also=("saturated-units",),
    ),
    faulty(
        "recurrent-no-step-at-all",
        "non-finite",
        lambda: of_lengths(0.0),
        cause=DATA + "|divi|0/0|undefined|length|mean|operation",
        twin="recurrent-at-least-one-step",
    ),
)
