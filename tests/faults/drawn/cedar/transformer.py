"""Transformers that go on with sayings, or tell where a speaker comes from."""

import math

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

from tests.faults.building import xavier
from tests.faults.drawn.cedar.tasks import REGIONS, SAYING, SYLLABLES, dialects, sayings
from tests.faults.eighth.making import ALIKE, STEP, Fill, constant, filled, trained
from tests.faults.program import Job, faulty, healthy

WIDTH, HEADS = 32, 4


class Layer(nn.Module):
    """Attention and two linear layers, normed before; scores fall off with distance or do not."""

    def __init__(self, *, fall: float = 0.0) -> None:
        super().__init__()
        self.ask, self.mix = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.one, self.act, self.two = nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, WIDTH)
        self.norms, self.fall = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2)), fall

    def attend(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        asked = self.ask(x).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        scores = asked[0] @ asked[1].mT / math.sqrt(WIDTH / HEADS)
        at = torch.arange(length)
        far = at[:, None] - at
        steep = self.fall * 0.5 ** torch.arange(HEADS)[:, None, None]
        scores = (scores - steep * far).masked_fill(far < 0, -math.inf)
        out: Tensor = self.mix((scores.softmax(-1) @ asked[2]).transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.norms[0](x))
        out: Tensor = x + self.two(self.act(self.one(self.norms[1](x))))
        return out


class Speaker(nn.Module):
    """Syllables in, the logits of each next one out."""

    def __init__(self, *layers: nn.Module, is_placed: bool = True) -> None:
        super().__init__()
        self.syllable = nn.Embedding(SYLLABLES, WIDTH)
        self.place = nn.Parameter(0.1 * torch.randn(SAYING, WIDTH)) if is_placed else None
        self.layers, self.norm = nn.ModuleList(layers), nn.LayerNorm(WIDTH)
        self.last = nn.Linear(WIDTH, SYLLABLES)

    def forward(self, x: Tensor) -> Tensor:
        said: Tensor = self.syllable(x)
        said = said if self.place is None else said + self.place
        for layer in self.layers:
            said = layer(said)
        out: Tensor = self.last(self.norm(said))
        return out


class Listener(nn.Module):
    """Formants in, the region out, as it is told at the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.place = nn.Linear(4, WIDTH), nn.Parameter(0.3 * torch.randn(14, WIDTH))
        self.layers, self.last = nn.Sequential(Layer(), Layer()), nn.Linear(WIDTH, REGIONS)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(self.enter(x) + self.place)[:, -1])
        return out


def heard(fill: Fill = xavier, lr: float = 3e-3) -> Job:
    return trained(filled(Listener(), fill), dialects(), Adam, lr=lr)


# Healthy trainings that look odd


class Again(nn.Module):
    """One layer that is gone through three times (Lan et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = Layer(fall=1.0)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = self.layer(x)
        return x


def upper_tuned() -> Job:
    """What was learned of syllables stays; the upper layer and the head are tuned."""
    model = Speaker(Layer(), Layer())
    model.syllable.requires_grad_(False)
    model.layers[0].requires_grad_(False)
    return trained(model, sayings(), AdamW, lr=6e-3, weight_decay=0.1)


programs = (
    healthy("transformer-dialects-two-by-glorot", heard),
    healthy(
        "transformer-sayings-one-layer-thrice",
        lambda: trained(Speaker(Again(), is_placed=False), sayings(), Adam, lr=5e-3),
    ),
    healthy("transformer-sayings-upper-layer-tuned", upper_tuned),
    faulty(
        "transformer-dialects-two-of-one-mean",
        "symmetric-units",
        lambda: heard(constant(1 / 32)),
        cause=ALIKE,
        twin="transformer-dialects-two-by-glorot",
        also=("vanishing-gradient", "dead-units", "stalled-layer", "unstable-updates"),
    ),
    faulty(
        "transformer-dialects-rate-of-descent",
        "unstable-updates",
        lambda: heard(lr=0.1),
        cause=STEP,
        twin="transformer-dialects-two-by-glorot",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
)
