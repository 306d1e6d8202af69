"""One encoder for two photographs, or one each: are they of the same face?"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import ENDS, Fill, Loss, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.tenth.tasks import PHOTO, photos

CODE = 8


class Twins(nn.Module):
    """Codes of both photographs by one encoder, and how far these are apart, turned into a logit."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = (self.encode(a) - self.encode(b)).square().mean(1)
        return self.steep * (self.level - far)


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def told(encode: nn.Module, lr: float = 5e-3, loss: Loss = same, kind: type = Adam) -> Job:
    return trained(Twins(encode), photos(), kind, loss, lr=lr)


def deep(activation: Make, layers: int, fill: Fill, lr: float = 4e-3) -> Job:
    return told(filled(chain([PHOTO, *[32] * layers, CODE], activation), fill), lr)


class Cosine(nn.Module):
    """The cosine by hand; of some faces there is no photograph, which is 0 everywhere."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Linear(PHOTO, 48, bias=False), nn.Tanh(), nn.Linear(48, CODE, bias=False)
        )
        self.level, self.steep = nn.Parameter(torch.tensor(0.3)), nn.Parameter(torch.tensor(3.0))
        self.least = least

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        a = torch.where(torch.arange(len(a))[:, None] % 16 > 0, a, 0.0)
        one, other = self.encode(a), self.encode(b)
        lengths = (one.square().sum(1) + self.least).sqrt() * (other.square().sum(1) + self.least).sqrt()
        return self.steep * ((one * other).sum(1) / lengths - self.level)


def margin(model: nn.Module, batch: Batch) -> Tensor:
    """Alike ones are to be near, and others at least 1 apart (Hadsell, Chopra & LeCun, 2006)."""
    assert isinstance(model, Twins)
    a, b, is_same = batch
    far = (model.encode(a) - model.encode(b)).square().mean(1)
    apart = (1 - (far + 1e-6).sqrt()).clamp(min=0).square()
    out: Tensor = (is_same * far + (1 - is_same) * apart).mean()
    return out


class Bootstrap(nn.Module):
    """Guesses what a slow copy makes of the other photograph (Grill et al., 2020), of the same face."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(PHOTO, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE))
        self.guess = chain([CODE, 32, CODE])
        self.slow = deepcopy(self.encode).requires_grad_(False)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.encode.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            aim = self.slow(b)
        return self.guess(self.encode(a)), aim


def guessed(model: nn.Module, batch: Batch) -> Tensor:
    said, aim = model(batch[0], batch[1])
    far = 2 - 2 * F.cosine_similarity(said, aim)
    out: Tensor = (far * batch[2]).sum() / batch[2].sum()
    return out


def in_batch(model: nn.Module, batch: Batch) -> Tensor:
    """Scores of pairs in the batch: those known to be alike come first (Sohn, 2016)."""
    assert isinstance(model, Twins)
    a, b, is_same = batch
    scores = 4 * F.normalize(model.encode(a), dim=1) @ F.normalize(model.encode(b), dim=1).t()
    return F.cross_entropy(scores[is_same > 0], torch.arange(len(a))[is_same > 0])


programs = (
    healthy("siamese-photos-four-relu", lambda: deep(nn.ReLU, 4, he, 3e-3)),
    healthy("siamese-photos-eight-tanh", lambda: deep(nn.Tanh, 8, xavier, 2e-3)),
    healthy("siamese-cosine-and-a-bit", lambda: trained(Cosine(1e-6), photos(), Adam, same, lr=1e-2)),
    healthy("siamese-photos-in-small-steps", lambda: told(chain([PHOTO, 48, CODE], nn.GELU), 5e-3)),
    healthy("siamese-photos-apart", lambda: told(chain([PHOTO, 48, CODE], nn.SiLU), 5e-3, margin, AdamW)),
    healthy("siamese-photos-guessed", lambda: trained(Bootstrap(), photos(), Adam, guessed, lr=8e-3)),
    healthy("siamese-photos-in-batch", lambda: told(chain([PHOTO, 48, CODE], nn.Tanh), 1e-2, in_batch)),
    faulty(
        "siamese-photos-eight-tanh-too-strong",
        "saturated-units",
        lambda: deep(nn.Tanh, 8, normal(1.2), 2e-3),
        cause=ENDS,
        twin="siamese-photos-eight-tanh",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "siamese-cosine-of-no-photo",
        "non-finite",
        lambda: trained(Cosine(0.0), photos(), Adam, same, lr=1e-2),
        cause=OPERATION + r"|cosine|length|data|input",
        twin="siamese-cosine-and-a-bit",
    ),
)
