"""One encoder for two gloves."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import biased, chain, he
from tests.faults.drawn.alder.tasks import GLOVE, gloves
from tests.faults.eighth.making import GROWTH, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 8


class Pair(nn.Module):
    """How near two codes are, as a logit."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = (self.encode(a) - self.encode(b)).square().mean(1)
        out: Tensor = self.steep * (self.level - far)
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def deep(gain: float = 1.0, bias: float = 0.0) -> Job:
    """Six rectified layers by He with a gain of one's own, and one bias for all that is hidden."""
    encode = filled(chain([GLOVE, *[32] * 6, CODE]), lambda weight: he(weight, gain))
    return trained(Pair(biased(encode, bias, range(6))), gloves(), Adam, same, lr=4e-3)


# Healthy trainings that look odd


class Apart(nn.Module):
    """Only the distance of two codes comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([GLOVE, 48, CODE], nn.GELU)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return F.pairwise_distance(self.encode(a), self.encode(b))


def with_margin(model: nn.Module, batch: Batch) -> Tensor:
    """Same ones near, others at least 1 apart (Hadsell et al., 2006)."""
    far = model(batch[0], batch[1])
    out: Tensor = (batch[2] * far.square() + (1 - batch[2]) * F.relu(1.5 - far).square()).mean()
    return out


programs = (
    healthy("siamese-gloves-six-by-he", deep),
    healthy("siamese-gloves-with-margin", lambda: trained(Apart(), gloves(), Adam, with_margin, lr=8e-3)),
    faulty(
        "siamese-gloves-six-gains-of-five",
        "exploding-gradient",
        lambda: deep(5.0),
        cause=GROWTH,
        twin="siamese-gloves-six-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "siamese-gloves-biases-below-0",
        "dead-units",
        lambda: deep(bias=-1.0),
        cause="bias|threshold|initiali[sz]|pre-activation",
        twin="siamese-gloves-six-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
