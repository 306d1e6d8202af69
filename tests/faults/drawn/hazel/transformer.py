"""Transformers that go on with a reel, or with the months of a glacier."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from tests.faults.building import Make, squared_error
from tests.faults.drawn.hazel.tasks import BARS, NOTES, glaciers, reels
from tests.faults.eighth.making import (
    INPUT,
    STEP,
    Warmed,
    seen_through,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.twelfth.making import MASKED

WIDTH, HEADS = 32, 4


class Layer(nn.Module):
    """Attention by hand and two linear layers, each after a norm."""

    def __init__(self, act: Make = nn.GELU) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 64), act(), nn.Linear(64, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        batch, length, _ = x.shape
        asked = self.ask(self.norms[0](x)).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = asked[0] @ asked[1].mT / math.sqrt(WIDTH / HEADS) + hidden
        x = x + self.mix((scores.softmax(-1) @ asked[2]).transpose(1, 2).flatten(2))
        out: Tensor = x + self.feed(self.norms[1](x))
        return out


def later(least: float, from_: int = 1) -> Tensor:
    """What is added to scores of what comes later."""
    return torch.full((BARS, BARS), least).triu(from_)


class Fiddler(nn.Module):
    """Notes in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, hidden: Tensor | None = None, notes: int = NOTES) -> None:
        super().__init__()
        self.note, self.place = nn.Embedding(notes, WIDTH), nn.Embedding(BARS, WIDTH)
        self.layers, self.last = nn.ModuleList(layers), nn.Linear(WIDTH, NOTES)
        self.register_buffer("hidden", later(-1e9) if hidden is None else hidden)

    def forward(self, x: Tensor) -> Tensor:
        said = self.note(x) + self.place.weight
        for layer in self.layers:
            said = layer(said, self.hidden)
        out: Tensor = self.last(said)
        return out


def played(model: nn.Module, lr: float = 5e-3) -> Job:
    return trained(model, reels(), Adam, lr=lr)


class Months(nn.Module):
    """Months in, the next speed out: the last one is read."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(3, WIDTH), nn.Parameter(0.3 * torch.randn(12, WIDTH))
        self.layers, self.last = nn.ModuleList(layers), nn.Linear(WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        said = self.enter(x) + self.place
        for layer in self.layers:
            said = layer(said, torch.zeros(12, 12))
        out: Tensor = self.last(said[:, -1])
        return out


def months(unit: float, offset: float) -> Job:
    """Speeds and snow in centimetres, or about their means."""
    by, plus = torch.tensor([unit, unit, 1.0]), torch.tensor([offset, offset / 3, 0.0])
    batches = seen_through(lambda x: by * x + plus, glaciers())
    return trained(Months(Layer()), batches, Adam, squared_error, lr=5e-3)


# Healthy trainings that look odd


class Signs(Optimizer):
    """Each weight goes by the sign of a mean of gradients (Chen et al., 2023)."""

    def __init__(self, parameters: object, lr: float) -> None:
        super().__init__(parameters, {"lr": lr})  # type: ignore[arg-type]

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                p.sub_(group["lr"] * torch.sign(0.9 * mean + 0.1 * p.grad))
                mean.lerp_(p.grad, 0.01)


def softened(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten(), label_smoothing=0.1)


def tuned() -> Job:
    """Only norms and the head learn over a fixed body (Lu et al., 2022)."""
    model = Fiddler(Layer(), Layer())
    for layer in model.layers:
        for name, p in layer.named_parameters():
            p.requires_grad_("norms" in name)
    return played(model, 1.5e-2)


programs = (
    healthy(
        "transformer-reels-first-hears-itself", lambda: played(Fiddler(Layer(), hidden=later(-math.inf)))
    ),
    healthy("transformer-glaciers-about-means", lambda: months(1.0, 0.0)),
    healthy("transformer-reels-by-signs", lambda: trained(Fiddler(Layer(nn.SiLU)), reels(), Signs, lr=2e-3)),
    healthy(
        "transformer-reels-softened-and-warmed",
        lambda: trained(Fiddler(Layer(), notes=300), reels(), Warmed, softened, lr=8e-3, steps=15),
    ),
    healthy("transformer-reels-norms-tuned", tuned),
    faulty(
        "transformer-reels-first-hears-nothing",
        "non-finite",
        lambda: played(Fiddler(Layer(), hidden=later(-math.inf, 0))),
        cause=OPERATION + MASKED,
        twin="transformer-reels-first-hears-itself",
    ),
    faulty(
        "transformer-reels-rate-of-large-batches",
        "unstable-updates",
        lambda: played(Fiddler(Layer(), hidden=later(-math.inf)), 0.15),
        cause=STEP,
        twin="transformer-reels-first-hears-itself",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "transformer-glaciers-in-centimetres",
        "unscaled-input",
        lambda: months(90.0, 400.0),
        cause=INPUT + "|scale|offset",
        twin="transformer-glaciers-about-means",
        also=("exploding-activation", "exploding-gradient", "unstable-updates", "vanishing-gradient"),
    ),
)
