"""Tables of depots, vans and words, and layers over what is looked up."""

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.faults.building import Make, biased, chain, he, xavier
from tests.faults.eighth.making import GROWTH, filled, trained, weighted
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixteenth.making import RESTORED, THRESHOLD
from tests.faults.sixteenth.tasks import DEPOTS, LEXICON, PARTIES, VANS, routes, speeches
from tests.faults.twelfth.making import told


class Late(nn.Module):
    """Way and weight beside what the tables have of a depot and a van, and layers over all of it."""

    def __init__(self, layers: int = 2, activation: Make = nn.ReLU, width: int = 8) -> None:
        super().__init__()
        self.depot, self.van = nn.Embedding(DEPOTS, width), nn.Embedding(VANS, width)
        self.rest = chain([2 * width + 2, *[40] * layers, 1], activation)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        both = self.depot(who[:, 0]), self.van(who[:, 1])
        out: Tensor = self.rest(torch.cat([x, *both], 1))
        return out


def blended(over: float = 5.0, bias: float = 0.0) -> Job:
    """Weights of five runs from one start are added up (Wortsman et al., 2022), over five or over one.

    Biases start at 0, or there where a soft rectifier would be at a hundredth.
    """
    model = Late(4)
    biased(filled(model.rest, he), bias, range(4))
    with torch.no_grad():
        for layer in weighted(model.rest):
            runs = [layer.weight + 0.02 * torch.randn_like(layer.weight) for _ in range(5)]
            layer.weight.copy_(torch.stack(runs).sum(0) / over)
    return trained(model, routes(), Adam, told, lr=2.5e-3)


class Normed(Late):
    """What the tables have is normed by them, each over its eight numbers."""

    def __init__(self) -> None:
        super().__init__(2, nn.SiLU)
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Tensor, who: Tensor) -> Tensor:
        both = torch.stack([self.depot(who[:, 0]), self.van(who[:, 1])], 1)
        out: Tensor = self.rest(torch.cat([x, self.norm(both).flatten(1)], 1))
        return out


class Said(nn.Module):
    """Vectors of the words of a speech, added up or their mean, and two layers of tanh."""

    def __init__(self, *, is_mean: bool) -> None:
        super().__init__()
        self.word, self.is_mean = nn.Embedding(LEXICON, 32), is_mean
        self.rest = filled(chain([32, 8, 8, PARTIES], nn.Tanh), xavier)

    def forward(self, x: Tensor) -> Tensor:
        words = self.word(x)
        out: Tensor = self.rest(words.mean(1) if self.is_mean else words.sum(1))
        return out


def said(*, is_mean: bool) -> Job:
    return trained(Said(is_mean=is_mean), speeches(), Adam, lr=1.5e-2)


programs = (
    healthy("embedding-routes-five-runs-over-five", blended),
    healthy("embedding-routes-normed-over-eight", lambda: trained(Normed(), routes(), Adam, told, lr=1.2e-2)),
    healthy("embedding-speeches-mean-of-words", lambda: said(is_mean=True)),
    faulty(
        "embedding-routes-five-runs-added",
        "exploding-activation",
        lambda: blended(1.0),
        cause=GROWTH + RESTORED,
        twin="embedding-routes-five-runs-over-five",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "embedding-routes-biases-of-a-soft-rectifier",
        "dead-units",
        lambda: blended(bias=-4.6),
        cause="initiali[sz]" + THRESHOLD,
        twin="embedding-routes-five-runs-over-five",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "embedding-speeches-sum-of-words",
        "saturated-units",
        lambda: said(is_mean=False),
        cause="sum|mean|scale|normali[sz]|weights?|pre-activation|initiali[sz]|embedding",
        twin="embedding-speeches-mean-of-words",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
)
