"""Recurrent networks, and pairs of them that read one word and write another."""

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, NAdam

from tests.faults.building import cross_entropy, squared_error
from tests.faults.fourth.making import CUT, GROWTH, INPUT, STEP, seen_through, trained
from tests.faults.fourth.tasks import ciphers, fading, warmth
from tests.faults.program import Job, faulty, healthy

WIDTH = 24


class Simple(nn.Module):
    """A recurrent layer by hand, and a head on its last state; a state may be added to the next one."""

    def __init__(self, activation: nn.Module, *, is_added: bool = False) -> None:
        super().__init__()
        self.enter, self.again = nn.Linear(2, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.activation, self.head, self.is_added = activation, nn.Linear(WIDTH, 1), is_added
        nn.init.orthogonal_(self.again.weight)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            new = self.activation(self.enter(x[:, step]) + self.again(state))
            state = state + new if self.is_added else new
        out: Tensor = self.head(state)
        return out


def simple(*, is_added: bool = False) -> Job:
    return trained(Simple(nn.LeakyReLU(0.6), is_added=is_added), fading(), Adam, squared_error, lr=3e-3)


class Own(nn.Module):
    """One of PyTorch's recurrent layers, and a head on its last state, or on both ends of it."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer
        self.head = nn.Linear(layer.hidden_size * (2 if layer.bidirectional else 1), 1)

    def forward(self, x: Tensor) -> Tensor:
        states, last = self.layer(x)
        out: Tensor = self.head(torch.cat([*last], 1) if self.layer.bidirectional else states[:, -1])
        return out


def of_days(change: float = 0.0, by: float = 1.0) -> Job:
    """Days in degrees from the usual, or in Kelvin."""
    layer = nn.LSTM(1, WIDTH, batch_first=True)
    batches = seen_through(lambda x: change + by * x, warmth())
    return trained(Own(layer), batches, NAdam, squared_error, lr=1e-2)


class Kept(nn.Module):
    """A gated unit by hand that keeps nearly all of its state at first; steps are left out by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.keep, self.new = nn.Linear(2 + WIDTH, WIDTH), nn.Linear(2 + WIDTH, WIDTH)
        self.gate, self.head = nn.Sigmoid(), nn.Linear(WIDTH, 1)
        nn.init.constant_(self.keep.bias, 2.5)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), WIDTH)
        for step in range(x.shape[1]):
            seen = torch.cat([x[:, step], state], 1)
            keep = self.gate(self.keep(seen))
            moved = keep * state + (1 - keep) * self.new(seen).tanh()
            state = torch.where(torch.rand_like(state) < 0.1, state, moved) if self.training else moved
        out: Tensor = self.head(state)
        return out


def never_changed() -> Job:
    """Weights of the state are fixed at the identity, by design (Le et al., 2015)."""
    layer = nn.RNN(2, 32, nonlinearity="relu", batch_first=True)
    nn.init.eye_(layer.weight_hh_l0)  # type: ignore[arg-type]
    layer.weight_hh_l0.requires_grad_(False)
    nn.init.normal_(layer.weight_ih_l0, std=0.2)  # type: ignore[arg-type]
    return trained(Own(layer), fading(), Adam, squared_error, lr=5e-3)


class Writer(nn.Module):
    """Reads a word, and writes another letter by letter with an eye on all letters read."""

    def __init__(self, *, is_cut: bool = False) -> None:
        super().__init__()
        self.letter, self.place = nn.Embedding(8, WIDTH), nn.Embedding(7, WIDTH)
        self.read = nn.Linear(2 * WIDTH, WIDTH)
        self.write, self.head = nn.Linear(2 * WIDTH, WIDTH), nn.Linear(2 * WIDTH, 8)
        self.is_cut = is_cut
        nn.init.normal_(self.letter.weight, std=0.3)
        with torch.no_grad():
            self.letter.weight[:, 1:] *= 0.02  # letters begin near a line, and are hard to tell apart

    def reader(self, x: Tensor) -> Tensor:
        state, found = x.new_zeros(len(x), WIDTH, dtype=torch.float32), []
        for step in range(x.shape[1]):
            letter = self.letter(x[:, step])
            state = torch.tanh(self.read(torch.cat([letter, state], 1))) / 2 + letter
            found.append(state)
        return torch.stack(found, 1)

    def forward(self, x: Tensor) -> Tensor:
        memory = self.reader(x)
        if self.is_cut:
            memory = torch.from_numpy(memory.detach().numpy())
        state, out = memory.mean(1), []
        keys = memory + self.place.weight.flip(0)
        for step in range(x.shape[1]):
            shares = ((state + 3 * self.place.weight[step])[:, None] * keys).sum(-1) / WIDTH**0.5
            seen = (shares.softmax(-1)[..., None] * memory).sum(1)
            state = torch.tanh(self.write(torch.cat([seen, state], 1)))
            out.append(self.head(torch.cat([seen, state], 1)))
        return torch.stack(out, 1)


def written(kind: type = Adam, *, is_cut: bool = False, **settings: float) -> Job:
    return trained(Writer(is_cut=is_cut), ciphers(), kind, cross_entropy, **settings)


programs = (
    healthy("recurrent-fading", simple),
    healthy("recurrent-degrees-from-usual", of_days),
    healthy("recurrent-mostly-kept", lambda: trained(Kept(), fading(), Adam, squared_error, lr=1e-2)),
    healthy("recurrent-state-never-changed", never_changed),
    healthy(
        "recurrent-read-both-ways",
        lambda: trained(
            Own(nn.GRU(1, 16, batch_first=True, bidirectional=True)), warmth(), Adam, squared_error, lr=1e-2
        ),
    ),
    healthy("seq2seq-ciphers", lambda: written(lr=5e-3)),
    healthy("seq2seq-descent", lambda: written(SGD, lr=0.1, momentum=0.9)),
    faulty(
        "recurrent-added-to-itself",
        "exploding-gradient",
        lambda: simple(is_added=True),
        cause=GROWTH,
        twin="recurrent-fading",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "recurrent-kelvin",
        "unscaled-input",
        lambda: of_days(288.0, 5.0),
        cause=INPUT + "|mean|offset|centr",
        twin="recurrent-degrees-from-usual",
        also=("saturated-units",),
    ),
    faulty(
        "seq2seq-reader-through-numpy",
        "stalled-layer",
        lambda: written(lr=5e-3, is_cut=True),
        cause=CUT,
        twin="seq2seq-ciphers",
        also=("vanishing-gradient",),
    ),
    faulty(
        "seq2seq-rate-of-five",
        "unstable-updates",
        lambda: written(SGD, lr=5.0, momentum=0.9),
        cause=STEP,
        twin="seq2seq-descent",
        also=("saturated-units", "vanishing-gradient", "exploding-activation", "non-finite"),
    ),
)
