"""One encoder for two sherds of a pot, or for two scans of a piece of amber among others."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain
from tests.faults.drawn.hazel.tasks import SHERD, amber, sherds
from tests.faults.eighth.making import trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


class Angle(nn.Module):
    """The angle between two codes, as a logit; cosines are kept from 1 by some number, or are not."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.encode, self.most = chain([SHERD, 40, 8], nn.GELU), 1 - least
        self.wide, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(3.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = F.normalize(self.encode(a), dim=1), F.normalize(self.encode(b), dim=1)
        angle = torch.acos((one * other).sum(1).clamp(-self.most, self.most))
        out: Tensor = self.steep * (self.wide - angle)
        return out


def of_one_pot(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def angled(least: float) -> Job:
    """Some sherds are met with themselves."""
    batches: list[Batch] = []
    for a, b, is_same in sherds():
        itself = (is_same == 1) & (torch.arange(len(a)) % 8 == 3)
        batches.append((a, torch.where(itself[:, None], a, b), is_same))
    return trained(Angle(least), batches, Adam, of_one_pot, lr=6e-3)


# A healthy training that looks odd


class Alike(nn.Module):
    """How the numbers of two codes go together over a batch, about their means and of one deviation."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.norm = chain([SHERD, 48, 10], nn.SiLU), nn.BatchNorm1d(10, affine=False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.norm(self.encode(a)).T @ self.norm(self.encode(b)) / len(a)
        return out


def crossed(model: nn.Module, batch: Batch) -> Tensor:
    """Each number should go with itself and with no other (Zbontar et al., 2021)."""
    together = model(*batch)
    own = together.diagonal()
    others = together.square().sum() - own.square().sum()
    out: Tensor = ((1 - own).square().sum() + 0.15 * others) / len(own)
    return out


programs = (
    healthy("siamese-sherds-angles-short-of-none", lambda: angled(1e-3)),
    healthy("siamese-amber-numbers-go-together", lambda: trained(Alike(), amber(), Adam, crossed, lr=2.5e-3)),
    faulty(
        "siamese-sherds-angles-of-none",
        "non-finite",
        lambda: angled(0.0),
        cause=OPERATION + "|acos|arc|angle|cosine",
        twin="siamese-sherds-angles-short-of-none",
    ),
)
