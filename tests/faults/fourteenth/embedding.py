"""Tables of listeners, tracks and words, and layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.optim import Adagrad, Adam

from tests.faults.building import Make, biased, chain, he, xavier
from tests.faults.eighth.making import (
    INPUT,
    RATE,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.fourteenth.tasks import LEXICON, LISTENERS, TRACKS, mails, plays
from tests.faults.program import Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import EMPTY, told

FOLDERS = 4


class Liking(nn.Module):
    """Numbers of a track beside what its table and that of listeners have, and layers over all of it."""

    def __init__(self, layers: int = 1, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.listener, self.track = nn.Embedding(LISTENERS, 8), nn.Embedding(TRACKS, 8)
        self.rest = chain([18, *[40] * layers, 1], activation)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        both = self.listener(who[:, 0]), self.track(who[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def layered(fill: Fill) -> Job:
    """Only the layers over the tables are filled."""
    model = Liking(2, nn.Tanh)
    filled(model.rest, fill)
    return trained(model, plays(), Adam, told, lr=6e-3)


def tables_known(*, is_all: bool) -> Job:
    """Tables that came after the optimiser was made of the layers, or before."""
    model = Liking(2, nn.GELU)
    nn.init.normal_(model.listener.weight, std=0.05)
    nn.init.normal_(model.track.weight, std=0.05)
    return Job(model, Adam([*(model if is_all else model.rest).parameters()], lr=1e-2), plays(), told)


def stacked(bias: float = 0.0, by: float = 1.0, plus: float = 0.0) -> Job:
    """Layers with one bias; tempo and length of tracks about their means, or in beats and seconds."""
    model = Liking(2)
    biased(filled(model.rest, he), bias, [0, 1])
    return trained(model, seen_through(lambda x: by * x + plus, plays()), Adam, told, lr=6e-3)


class Words(nn.Module):
    """The mean of the vectors of a mail's words; where there is no word it counts at least some."""

    def __init__(self, least: float = 1.0, width: int = 16) -> None:
        super().__init__()
        self.word = nn.Embedding(LEXICON + 1, width, padding_idx=0)
        self.rest, self.least = chain([width, 32, FOLDERS]), least

    def forward(self, x: Tensor) -> Tensor:
        count = (x > 0).sum(1, keepdim=True).float().clamp(min=self.least)
        out: Tensor = self.rest(self.word(x).sum(1) / count)
        return out


def fixed() -> Job:
    """Vectors of words that are fixed by design; layers over their mean learn."""
    model = Words(width=48)
    model.word.weight.requires_grad_(False)
    return trained(model, mails(), Adam, lr=1.2e-2)


def hashed() -> Job:
    """Tables of a thousand rows, of which these few are asked for, and sparse gradients of their own."""
    model = Liking(1)
    model.listener, model.track = nn.Embedding(1000, 8), nn.Embedding(1000, 8)
    return trained(model, plays(), Adagrad, told, lr=3e-2)


programs = (
    healthy("embedding-plays-two-tanh-by-glorot", lambda: layered(xavier)),
    healthy("embedding-plays-tables-known", lambda: tables_known(is_all=True)),
    healthy("embedding-plays-biases-of-0", stacked),
    healthy("embedding-mails-one-word-at-least", lambda: trained(Words(), mails(), Adam, lr=1.2e-2)),
    healthy("embedding-mails-vectors-fixed", fixed),
    healthy("embedding-plays-of-a-thousand-rows", hashed),
    faulty(
        "embedding-plays-two-tanh-drawn-wide",
        "saturated-units",
        lambda: layered(normal(2.0)),
        cause="weights?|initiali[sz]|pre-activation",
        twin="embedding-plays-two-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "embedding-plays-in-beats-and-seconds",
        "unscaled-input",
        lambda: stacked(by=40.0, plus=160.0),
        cause=INPUT + "|scale|offset",
        twin="embedding-plays-biases-of-0",
        also=("dead-units", "unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "embedding-plays-tables-not-known",
        "stalled-layer",
        lambda: tables_known(is_all=False),
        cause=RATE,
        twin="embedding-plays-tables-known",
    ),
    faulty(
        "embedding-plays-biases-of-minus-six",
        "dead-units",
        lambda: stacked(-6.0),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="embedding-plays-biases-of-0",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "embedding-mails-of-no-word",
        "non-finite",
        lambda: trained(Words(least=0.0), mails(), Adam, lr=1.2e-2),
        cause=OPERATION + EMPTY,
        twin="embedding-mails-one-word-at-least",
    ),
)
