"""One encoder for two prints of a seal."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, he
from tests.faults.drawn.juniper.tasks import SEAL, seals
from tests.faults.eighth.making import GROWTH, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN, OPERATION

CODE = 8


class Compared(nn.Module):
    """Both codes, and a layer on how far they are apart in each number."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode, self.last = encode, nn.Linear(CODE, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.last((self.encode(a) - self.encode(b)).abs())[:, 0]
        return out


def apart(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def printed(fill: Fill, lr: float = 4e-3) -> Job:
    """Six layers of rectifiers in the encoder."""
    encode = filled(chain([SEAL, *[64] * 6, CODE]), fill)
    return trained(Compared(encode), seals(), Adam, apart, lr=lr)


class Angled(nn.Module):
    """A logit from the angle between two codes, whose cosine is kept within some bound."""

    def __init__(self, bound: float) -> None:
        super().__init__()
        self.encode, self.bound = chain([SEAL, 48, CODE], nn.GELU), bound
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(3.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = F.normalize(self.encode(a), dim=1), F.normalize(self.encode(b), dim=1)
        cosine = (one * other).sum(1).clamp(-self.bound, self.bound)
        return self.steep * (self.level - cosine.acos())


def angled(bound: float) -> Job:
    """One pair in eight is the same photograph twice."""
    batches: list[Batch] = []
    for a, b, is_same in seals():
        twice = (is_same == 1) & (torch.arange(len(a)) % 8 < 2)
        batches.append((a, torch.where(twice[:, None], a, b), is_same))
    return trained(Angled(bound), batches, Adam, apart, lr=6e-3)


# Healthy trainings that look odd


class Coded(nn.Module):
    """Codes of both prints."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([SEAL, 48, CODE], nn.Tanh)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = (self.encode(a) - self.encode(b)).square().sum(1)
        return out


def beyond_margins(model: nn.Module, batch: Batch) -> Tensor:
    """No loss for those that are near enough or far enough, which most soon are."""
    far, is_same = model(batch[0], batch[1]), batch[2]
    each = torch.where(is_same == 1, (far - 1).relu(), (3 - far).relu())
    return each.mean()


class Crossed(nn.Module):
    """Each number of a code agrees between prints, and tells another thing (Zbontar et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(SEAL, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE))
        self.even = nn.BatchNorm1d(CODE, affine=False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.even(self.encode(a)).T @ self.even(self.encode(b)) / len(a)
        return out


def crossed(model: nn.Module, batch: Batch) -> Tensor:
    """Print and a noisy copy of it, which are the same by design."""
    agreed = model(batch[0], batch[0] + 0.4 * torch.randn_like(batch[0]))
    own = agreed.diagonal()
    out: Tensor = (1 - own).square().sum() + 0.05 * (agreed.square().sum() - own.square().sum())
    return out


programs = (
    healthy("siamese-seals-six-by-he", lambda: printed(he)),
    healthy("siamese-seals-angle-within-bounds", lambda: angled(0.999)),
    healthy("siamese-seals-beyond-margins", lambda: trained(Coded(), seals(), Adam, beyond_margins, lr=6e-3)),
    healthy("siamese-seals-numbers-that-agree", lambda: trained(Crossed(), seals(), Adam, crossed, lr=3e-3)),
    faulty(
        "siamese-seals-six-of-unit-normals",
        "exploding-gradient",
        lambda: printed(normal(1.0)),
        cause=GROWTH,
        twin="siamese-seals-six-by-he",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-seals-six-driven-out",
        "dead-units",
        lambda: printed(he, lr=0.15),
        cause=DRIVEN,
        twin="siamese-seals-six-by-he",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "siamese-seals-angle-to-itself",
        "non-finite",
        lambda: angled(1.0),
        cause=OPERATION + "|acos|cosine|angle|clamp",
        twin="siamese-seals-angle-within-bounds",
    ),
)
