"""Attention over the accounts of a journal, and over scenes that an aid hears."""

import math

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import Make, xavier
from tests.faults.drawn.fir.tasks import ACCOUNTS, POSTING, SCENES, postings, sounds
from tests.faults.eighth.making import STEP, Warmed, filled, trained
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 32, 4
LENGTH = 14


class Layer(nn.Module):
    """Attention and two linear layers, each beside what comes in and behind a norm of its own."""

    def __init__(self, activation: Make = nn.GELU) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.widen, self.act, self.narrow = nn.Linear(WIDTH, 64), activation(), nn.Linear(64, WIDTH)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        batch, length, _ = x.shape
        asked = self.ask(self.norms[0](x)).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = (asked[0] @ asked[1].mT / math.sqrt(WIDTH / HEADS)).masked_fill(hidden, -math.inf)
        x = x + self.mix((scores.softmax(-1) @ asked[2]).transpose(1, 2).flatten(2))
        out: Tensor = x + self.narrow(self.act(self.widen(self.norms[1](x))))
        return out


class Journal(nn.Module):
    """Accounts in, the logits of each next one out; one layer may be used several times."""

    def __init__(self, *layers: nn.Module, times: int = 1) -> None:
        super().__init__()
        self.account, self.place = nn.Embedding(ACCOUNTS, WIDTH), nn.Embedding(POSTING, WIDTH)
        self.layers, self.times = nn.ModuleList(layers), times
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, ACCOUNTS)
        self.later = torch.ones(POSTING, POSTING, dtype=torch.bool).triu(1)

    def forward(self, x: Tensor) -> Tensor:
        said = self.account(x) + self.place.weight
        for layer in [*self.layers] * self.times:
            said = layer(said, self.later)
        out: Tensor = self.last(self.norm(said))
        return out


def booked(lr: float = 4e-3, steps: int = 10) -> Job:
    """A rate that rises over some steps, as in the paper, or is there at once."""
    return trained(
        filled(Journal(Layer(nn.ReLU), Layer(nn.ReLU)), xavier), postings(), Warmed, lr=lr, steps=steps
    )


class Heard(nn.Module):
    """Steps of a scene in, its kind out; some scenes end early, and what is after is not attended."""

    def __init__(self, *, is_turned: bool) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(4, WIDTH), nn.Parameter(0.2 * torch.randn(LENGTH, WIDTH))
        self.layers, self.last = nn.ModuleList([Layer()]), nn.Linear(WIDTH, SCENES)
        self.is_turned = is_turned

    def forward(self, x: Tensor) -> Tensor:
        filled_in = (x != 0).any(-1)
        hidden = filled_in if self.is_turned else ~filled_in
        said = self.enter(x) + self.place
        for layer in self.layers:
            said = layer(said, hidden[:, None, None, :])
        weight = filled_in[..., None].float()
        out: Tensor = self.last((said * weight).sum(1) / weight.sum(1))
        return out


def ended(x: Tensor) -> Tensor:
    """Every third scene ends after nine steps; the rest of it is 0."""
    is_after = (torch.arange(len(x)) % 3 == 2)[:, None] & (torch.arange(LENGTH) >= 9)
    return x.masked_fill(is_after[..., None], 0.0)


def heard(*, is_turned: bool) -> Job:
    """The mask says what to hide, or, as another library has it, what to keep."""
    batches = [(ended(x), y) for x, y in sounds()]
    return trained(filled(Heard(is_turned=is_turned), xavier), batches, AdamW, lr=6e-3)


class SquaredReLU(nn.Module):
    """The square of what is above 0 (So et al., 2021)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu().square()


programs = (
    healthy("transformer-postings-rate-rising", booked),
    healthy("transformer-scenes-ends-hidden", lambda: heard(is_turned=False)),
    healthy(
        "transformer-postings-squared-rectifiers",
        lambda: trained(Journal(Layer(SquaredReLU)), postings(), Adam, lr=5e-3),
    ),
    healthy(
        "transformer-postings-one-layer-thrice",
        lambda: trained(Journal(Layer(), times=3), postings(), AdamW, lr=4e-3),
    ),
    faulty(
        "transformer-postings-warm-up-left-out",
        "unstable-updates",
        lambda: booked(lr=WIDTH**-0.5, steps=1),
        cause=STEP + "|warm",
        twin="transformer-postings-rate-rising",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-scenes-mask-the-other-way",
        "non-finite",
        lambda: heard(is_turned=True),
        cause=OPERATION + MASKED,
        twin="transformer-scenes-ends-hidden",
    ),
)
