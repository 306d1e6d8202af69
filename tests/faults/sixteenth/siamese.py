"""One encoder for the tails of two whales, and two encoders for a leaf and what is brewed of it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he
from tests.faults.eighth.making import CUT, GROWTH, UNDEFINED, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixteenth.making import FRACTION, Standardised, same
from tests.faults.sixteenth.tasks import FLUKE, brews, flukes
from tests.faults.twelfth.siamese import Pair

CODE = 8


def tails(*layers: nn.Module, lr: float = 5e-3) -> Job:
    return trained(Pair(nn.Sequential(*layers)), flukes(), Adam, same, lr=lr)


def standardised(*, is_by_fan: bool) -> Job:
    parts: list[nn.Module] = []
    for inputs in (FLUKE, 32, 32, 32, 32, 32, 32):
        parts += [Standardised(inputs, 32, is_by_fan=is_by_fan), nn.LeakyReLU(0.2)]
    return tails(*parts, nn.Linear(32, CODE), lr=3e-3)


class Sharp(nn.Module):
    """A code between -1 and 1, the steeper the nearer to one bit each (Cao et al., 2017)."""

    def __init__(self, steep: float) -> None:
        super().__init__()
        self.bend, self.steep = nn.Tanh(), steep

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bend(self.steep * x)
        return out


def hashed(steep: float) -> Job:
    """The steepness with which the paper starts, or with which it ends."""
    return tails(filled(chain([FLUKE, 40, CODE], nn.SiLU), he), Sharp(steep), lr=8e-3)


class Brewed(nn.Module):
    """Two encoders to codes of length 1; the second may be run without gradients, as a slow copy would be."""

    def __init__(self, activation: Make = nn.SiLU, *, is_slow: bool = False) -> None:
        super().__init__()
        self.leaf, self.brew = (chain([FLUKE, 40, CODE], activation) for _ in range(2))
        self.is_slow = is_slow

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one = F.normalize(self.leaf(a), dim=1)
        with torch.set_grad_enabled(not self.is_slow and torch.is_grad_enabled()):
            other = F.normalize(self.brew(b), dim=1)
        return one @ other.T


class Among:
    """Each leaf is to find its brew among others; the softmax is by hand, or as torch has it."""

    def __init__(self, temperature: float, *, is_by_hand: bool = False) -> None:
        self.temperature, self.is_by_hand = temperature, is_by_hand

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        scores = model(*batch) / self.temperature
        if self.is_by_hand:
            high = scores.exp()
            own: Tensor = high.diagonal() / high.sum(1)
            return -own.log().mean()
        return F.cross_entropy(scores, torch.arange(len(scores)))


def among(*, is_by_hand: bool = False, is_slow: bool = False) -> Job:
    loss = Among(0.011, is_by_hand=is_by_hand)
    return trained(Brewed(is_slow=is_slow), brews(), Adam, loss, lr=6e-3)


programs = (
    healthy("siamese-flukes-standardised-by-fan", lambda: standardised(is_by_fan=True)),
    healthy("siamese-flukes-bits-of-first-steepness", lambda: hashed(0.6)),
    healthy("siamese-brews-softmax-of-torch", among),
    faulty(
        "siamese-flukes-standardised-to-1",
        "exploding-gradient",
        lambda: standardised(is_by_fan=False),
        cause=GROWTH + FRACTION,
        twin="siamese-flukes-standardised-by-fan",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-flukes-bits-of-last-steepness",
        "saturated-units",
        lambda: hashed(30.0),
        cause="steep|scale|tanh|weights?|pre-activation|saturat|multipl",
        twin="siamese-flukes-bits-of-first-steepness",
        also=("vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
    faulty(
        "siamese-brews-one-as-a-slow-copy",
        "stalled-layer",
        lambda: among(is_slow=True),
        cause=CUT,
        twin="siamese-brews-softmax-of-torch",
        also=("vanishing-gradient",),
    ),
    faulty(
        "siamese-brews-softmax-by-hand",
        "non-finite",
        lambda: among(is_by_hand=True),
        cause=UNDEFINED + "|temperature|softmax|inf",
        twin="siamese-brews-softmax-of-torch",
    ),
)
