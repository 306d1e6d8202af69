"""Transformers over men on a small board, and over lines of a receipt."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import squared_error
from tests.faults.eighth.making import (
    GROWTH,
    INPUT,
    STEP,
    WEIGHTS,
    Loss,
    Warmed,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.fifteenth.tasks import PIECES, endings, tills
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH, HEADS = 32, 8


class Layer(nn.Module):
    """Attention by hand and two linear layers, each added to what came in unless sums were forgotten."""

    def __init__(self, *, is_soft: bool = True, is_added: bool = True) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), nn.GELU(), nn.Linear(64, WIDTH))
        self.is_soft, self.past = is_soft, float(is_added)

    def attend(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        query, key, value = self.ask(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = query @ key.mT / math.sqrt(WIDTH / HEADS)
        scores = scores.softmax(-1) if self.is_soft else scores
        out: Tensor = self.mix((scores @ value).transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor) -> Tensor:
        x = self.past * x + self.attend(x)
        out: Tensor = self.past * x + self.feed(x)
        return out


class Judge(nn.Module):
    """Men and where they stand in; who wins out, from the mean over men."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.man, self.place = nn.Embedding(PIECES, WIDTH), nn.Linear(2, WIDTH)
        self.layers, self.last = nn.Sequential(*layers), nn.Linear(WIDTH, 3)

    def forward(self, man: Tensor, place: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.man(man) + self.place(place)).mean(1))
        return out


def winner(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0], batch[1]), batch[2])


def judged(lr: float = 4e-3, *, is_soft: bool = True) -> Job:
    model = filled(Judge(*(Layer(is_soft=is_soft) for _ in range(3))), nn.init.xavier_normal_)
    return trained(model, endings(), Adam, winner, lr=lr)


class Reader(nn.Module):
    """Lines of numbers in, a number out."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.enter, self.layers, self.last = nn.Linear(2, WIDTH), nn.Sequential(*layers), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.enter(x)).mean(1))
        return out


def tipped(price: float = 1.0, usual: float = 0.0, *, is_added: bool = True) -> Job:
    """Prices about the mean on unit scale, or in cents; counts as they were."""
    scale, shift = torch.tensor([price, 1.0]), torch.tensor([usual, 0.0])
    batches = seen_through(lambda x: x * scale + shift, tills())
    model = filled(Reader(*(Layer(is_added=is_added) for _ in range(3))), normal(0.12))
    return trained(model, batches, Adam, squared_error, lr=5e-3)


# Healthy trainings that look odd


class Linearly(Layer):
    """Attention without a softmax, over features that are above 0 (Katharopoulos et al., 2020)."""

    def attend(self, x: Tensor) -> Tensor:
        query, key, value = self.ask(F.layer_norm(x, (WIDTH,))).chunk(3, -1)
        query, key = F.elu(query) + 1, F.elu(key) + 1
        told = query @ (key.mT @ value) / (query @ key.sum(1, keepdim=True).mT)
        out: Tensor = self.mix(told)
        return out


class Asked(nn.Module):
    """Two learned questions that look over all lines, in turn (Lee et al., 2019)."""

    def __init__(self) -> None:
        super().__init__()
        self.questions = nn.Parameter(torch.randn(2, WIDTH) / WIDTH**0.5)
        self.look = nn.MultiheadAttention(WIDTH, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        questions = self.questions.expand(len(x), -1, -1)
        out: Tensor = questions + self.look(questions, x, x, need_weights=False)[0]
        return out


class Gated(nn.Module):
    """A layer of torch after which a sigmoid says how much of it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(WIDTH, 4, 48, 0.0, batch_first=True, norm_first=True)
        self.gate = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Sigmoid())
        nn.init.constant_(self.gate[0].bias, 1.5)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        share = self.gate(x)
        out: Tensor = share * self.layer(x) + (1 - share) * x
        return out


def outliers(model: nn.Module, batch: Batch) -> Tensor:
    """The logarithm of the hyperbolic cosine, which is straight far out."""
    far: Tensor = model(batch[0]) - batch[1]
    return (far + F.softplus(-2 * far) - math.log(2)).mean()


def read(*layers: nn.Module, loss: Loss = squared_error) -> Job:
    return trained(Reader(*layers), tills(), AdamW, loss, lr=5e-3)


def frozen_men() -> Job:
    """Vectors of men are fixed by design, of length 1; what is over them learns after a rise of 15 steps."""
    model = Judge(Gated(), Gated())
    with torch.no_grad():
        nn.init.orthogonal_(model.man.weight)
    model.man.requires_grad_(False)
    return trained(model, endings(), Warmed, winner, lr=8e-3, steps=15)


programs = (
    healthy("transformer-endings-three-by-hand", judged),
    healthy("transformer-tills-about-the-mean", tipped),
    healthy("transformer-tills-attention-is-linear", lambda: read(Linearly(), Linearly())),
    healthy("transformer-tills-two-questions", lambda: read(Layer(), Asked())),
    healthy("transformer-tills-hyperbolic-cosine", lambda: read(Gated(), loss=outliers)),
    healthy("transformer-endings-men-fixed-gates-open", frozen_men),
    faulty(
        "transformer-endings-softmax-forgotten",
        "exploding-activation",
        lambda: judged(is_soft=False),
        cause=GROWTH + "|softmax|attention|score",
        twin="transformer-endings-three-by-hand",
        also=("exploding-gradient", "unstable-updates", "non-finite"),
    ),
    faulty(
        "transformer-tills-sums-forgotten",
        "vanishing-gradient",
        lambda: tipped(is_added=False),
        cause=WEIGHTS + "|residual|skip|shortcut|weights?|attention|branch|sum",
        twin="transformer-tills-about-the-mean",
        also=("stalled-layer",),
    ),
    faulty(
        "transformer-endings-point-lost-in-rate",
        "unstable-updates",
        lambda: judged(lr=0.3),
        cause=STEP,
        twin="transformer-endings-three-by-hand",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "transformer-tills-in-cents",
        "unscaled-input",
        lambda: tipped(180.0, 420.0),
        cause=INPUT + "|scale|offset",
        twin="transformer-tills-about-the-mean",
        also=("exploding-activation", "exploding-gradient", "unstable-updates", "vanishing-gradient"),
    ),
)
