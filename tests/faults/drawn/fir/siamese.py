"""One encoder for two scans of cut stones: are they of one block?"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.drawn.fir.tasks import STONE, stones
from tests.faults.eighth.making import WEIGHTS, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


class Angled(nn.Module):
    """The angle between two codes, from a cosine that is kept off its ends or is not; a logit of it."""

    def __init__(self, encode: nn.Module, off: float = 1e-3) -> None:
        super().__init__()
        self.encode, self.off = encode, off
        self.level, self.steep = nn.Parameter(torch.tensor(0.8)), nn.Parameter(torch.tensor(3.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = (F.normalize(self.encode(x), dim=1) for x in (a, b))
        cosine = (one * other).sum(1).clamp(self.off - 1, 1 - self.off)
        out: Tensor = self.steep * (self.level - cosine.acos())
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def angled(fill: Fill = he, *, off: float = 1e-3, bias: float = 0.0) -> Job:
    """Five hidden layers, all filled in one way, with one bias."""
    encode = filled(chain([STONE, *[48] * 5, 8]), fill, bias=bias)
    return trained(Angled(encode, off), stones(), Adam, same, lr=3e-3)


# Healthy trainings that look odd


class Shared(nn.Module):
    """Distances between the codes of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([STONE, 48, 12], nn.PReLU)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = (self.encode(a) - self.encode(b)).square().sum(1)
        return out


def margin(model: nn.Module, batch: Batch) -> Tensor:
    """Pairs of one block are pulled together, others pushed to a margin, past which they cost nothing."""
    far, is_same = model(batch[0], batch[1]), batch[2]
    apart = (2 - (far + 1e-4).sqrt()).relu().square()
    out: Tensor = (is_same * far + (1 - is_same) * apart).mean()
    return out


programs = (
    healthy("siamese-stones-angles-off-their-ends", angled),
    healthy("siamese-stones-pushed-to-a-margin", lambda: trained(Shared(), stones(), Adam, margin, lr=3e-3)),
    faulty(
        "siamese-stones-angles-at-their-ends",
        "non-finite",
        lambda: angled(off=0.0),
        cause=OPERATION + "|a(rc)?cos|cosine|angle|clamp",
        twin="siamese-stones-angles-off-their-ends",
    ),
    faulty(
        "siamese-stones-five-of-unit-normals",
        "exploding-gradient",
        lambda: angled(normal(1.0)),
        cause=WEIGHTS,
        twin="siamese-stones-angles-off-their-ends",
        also=("exploding-activation", "vanishing-gradient", "dead-units"),
    ),
    faulty(
        "siamese-stones-biases-of-minus-three",
        "dead-units",
        lambda: angled(bias=-3.0),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="siamese-stones-angles-off-their-ends",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
