"""One encoder for two signatures: did one hand write both?"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he
from tests.faults.eighth.making import GROWTH, UNDEFINED, Fill, filled, normal, trained
from tests.faults.eleventh.tasks import STROKE, signatures
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.siamese import Twins, same

CODE = 8


def told(fill: Fill) -> Job:
    model = Twins(filled(chain([STROKE, *[32] * 5, CODE]), fill))
    return trained(model, signatures(), Adam, same, lr=3e-3)


class Alone(nn.Module):
    """Each guesses the other's code, which is held still (Chen & He, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(STROKE, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.Linear(40, CODE))
        self.guess = chain([CODE, 24, CODE])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = self.encode(a), self.encode(b)
        ahead = F.cosine_similarity(self.guess(one), other.detach())
        back = F.cosine_similarity(self.guess(other), one.detach())
        return 2 - ahead - back


def alike(model: nn.Module, batch: Batch) -> Tensor:
    far = model(batch[0], batch[1])
    out: Tensor = (far * batch[2]).sum() / batch[2].sum()
    return out


class Euclid(Twins):
    """A distance by its root; some pairs are one signature twice."""

    def __init__(self, least: float) -> None:
        super().__init__(chain([STROKE, 40, CODE], nn.SiLU))
        self.least = least

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        b = torch.where(torch.arange(len(a))[:, None] % 20 == 7, a, b)
        far = ((self.encode(a) - self.encode(b)).square().mean(1) + self.least).sqrt()
        out: Tensor = self.steep * (self.level - far)
        return out


programs = (
    healthy("siamese-signatures-five-by-he", lambda: told(he)),
    healthy("siamese-root-and-a-bit", lambda: trained(Euclid(1e-4), signatures(), AdamW, same, lr=1e-2)),
    healthy("siamese-guess-alone", lambda: trained(Alone(), signatures(), Adam, alike, lr=5e-3)),
    faulty(
        "siamese-signatures-five-of-unit-normals",
        "exploding-gradient",
        lambda: told(normal(1.0)),
        cause=GROWTH,
        twin="siamese-signatures-five-by-he",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "siamese-root-of-no-distance",
        "non-finite",
        lambda: trained(Euclid(0.0), signatures(), AdamW, same, lr=1e-2),
        cause=UNDEFINED + "|distance",
        twin="siamese-root-and-a-bit",
    ),
)
