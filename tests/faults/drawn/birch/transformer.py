"""Transformers over spices in a pot, and over the waves of a night."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.drawn.birch.tasks import POT, SPICES, STAGES, nights, pots
from tests.faults.eighth.making import CUT, RATE, STEP, Warmed, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION

WIDTH, HEADS = 32, 2


class Attention(nn.Module):
    """Of two heads; what is hidden is filled by minus infinity, or that times a mask of ones is added."""

    def __init__(self, *, is_product: bool = False) -> None:
        super().__init__()
        self.ask, self.mix, self.is_product = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), is_product

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        batch, length, _ = x.shape
        ask, key, value = self.ask(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = ask @ key.mT / math.sqrt(WIDTH / HEADS)
        if hidden is not None and self.is_product:
            scores = scores + hidden.float() * -math.inf
        elif hidden is not None:
            scores = scores.masked_fill(hidden, -math.inf)
        out: Tensor = self.mix((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))
        return out


class Layer(nn.Module):
    """Attention and two layers, with a norm before each."""

    def __init__(self, feed: nn.Module | None = None, *, is_product: bool = False) -> None:
        super().__init__()
        self.one, self.two = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attend = Attention(is_product=is_product)
        self.feed = feed or nn.Sequential(nn.Linear(WIDTH, 64), nn.GELU(), nn.Linear(64, WIDTH))

    def forward(self, x: Tensor, hidden: Tensor | None = None) -> Tensor:
        x = x + self.attend(self.one(x), hidden)
        out: Tensor = x + self.feed(self.two(x))
        return out


class Next(nn.Module):
    """Spices in, the logits of each next one out; what comes later is hidden."""

    def __init__(self, *layers: nn.Module, times: int = 1, dropped: float = 0.0) -> None:
        super().__init__()
        self.spice, self.place = nn.Embedding(SPICES, WIDTH), nn.Embedding(POT, WIDTH)
        self.layers, self.norm = nn.ModuleList(layers), nn.LayerNorm(WIDTH)
        self.last, self.times, self.dropped = nn.Linear(WIDTH, SPICES), times, dropped
        self.hidden = torch.ones(POT, POT, dtype=torch.bool).triu(1)

    def forward(self, x: Tensor) -> Tensor:
        said = F.dropout(self.spice(x) + self.place.weight, self.dropped, self.training)
        for _ in range(self.times):
            for layer in self.layers:
                said = layer(said, self.hidden)
        out: Tensor = self.last(self.norm(said))
        return out


def seasoned(*, is_product: bool = False, lr: float = 3e-3) -> Job:
    model = Next(*(Layer(is_product=is_product) for _ in range(2)))
    return trained(model, pots(), Adam, lr=lr)


class Night(nn.Module):
    """A front that is narrow, layers over all hours, and the mean of them; the front may be only run."""

    def __init__(self, *layers: nn.Module, is_front_only_run: bool = False) -> None:
        super().__init__()
        self.front = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 2))
        self.enter, self.place = nn.Linear(2, WIDTH), nn.Parameter(0.3 * torch.randn(14, WIDTH))
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, STAGES)
        self.is_front_only_run = is_front_only_run

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_front_only_run):
            seen = self.front(x)
        out: Tensor = self.last(self.layers(self.enter(seen) + self.place).mean(1))
        return out


def slept(*, is_front_only_run: bool) -> Job:
    return trained(Night(Layer(), is_front_only_run=is_front_only_run), nights(), Adam, lr=6e-3)


# Healthy trainings that look odd


class Squared(nn.Module):
    """What is above 0, squared (So et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(WIDTH, 64), nn.Linear(64, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.two(self.one(x).relu().square())
        return out


def softened(model: nn.Module, batch: Batch) -> Tensor:
    """A tenth of each target is spread over all (Szegedy et al., 2016)."""
    x, y = batch
    return F.cross_entropy(model(x).flatten(0, -2), y.flatten(), label_smoothing=0.1)


def warmed() -> Job:
    """Dropout, softened targets and a rate that rises for a third of the steps."""
    model = Next(Layer(), Layer(), dropped=0.1)
    return Job(model, Warmed(model.parameters(), 6e-3, 20), pots(), softened)


programs = (
    healthy("transformer-spices-later-filled", seasoned),
    healthy("transformer-sleep-front-learned", lambda: slept(is_front_only_run=False)),
    healthy(
        "transformer-spices-one-layer-thrice", lambda: trained(Next(Layer(), times=3), pots(), Adam, lr=5e-3)
    ),
    healthy("transformer-spices-softened-and-warmed", warmed),
    healthy(
        "transformer-spices-squared-feed", lambda: trained(Next(Layer(Squared())), pots(), Adam, lr=6e-3)
    ),
    faulty(
        "transformer-spices-infinity-times-mask",
        "non-finite",
        lambda: seasoned(is_product=True),
        cause=OPERATION + "|infin|-inf|mask|attention",
        twin="transformer-spices-later-filled",
    ),
    faulty(
        "transformer-spices-rate-of-old-optimiser",
        "unstable-updates",
        lambda: seasoned(lr=0.1),
        cause=STEP,
        twin="transformer-spices-later-filled",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-sleep-front-only-run",
        "stalled-layer",
        lambda: slept(is_front_only_run=True),
        cause=CUT + "|" + RATE,
        twin="transformer-sleep-front-learned",
        also=("vanishing-gradient",),
    ),
)
