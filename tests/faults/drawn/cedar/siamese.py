"""One encoder for two cards, which one hand wrote or two; and for two recordings of a speaker."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain
from tests.faults.drawn.cedar.tasks import HAND, hands, speakers
from tests.faults.eighth.making import ENDS, SIGMOID, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION

CODE = 10


class Angle(nn.Module):
    """The angle between two codes, as a logit; its cosine is kept off the ends or is not."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.encode, self.least = chain([HAND, 40, CODE], nn.SiLU), least
        self.level, self.steep = nn.Parameter(torch.tensor(0.6)), nn.Parameter(torch.tensor(2.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = F.normalize(self.encode(a), dim=1), F.normalize(self.encode(b), dim=1)
        cosine = (one * other).sum(1).clamp(self.least - 1, 1 - self.least)
        out: Tensor = self.steep * (self.level - cosine.acos())
        return out


def one_hand(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def angled(least: float) -> Job:
    """Some pairs are one card, scanned once."""
    batches: list[Batch] = []
    for a, b, same in hands():
        once = (same == 1) & (torch.arange(len(a)) % 7 == 0)
        batches.append((a, torch.where(once[:, None], a, b), same))
    return trained(Angle(least), batches, Adam, one_hand, lr=1e-2)


class Bits(nn.Module):
    """Codes between -1 and 1 that are to be cut to bits later (Cao et al., 2017), as steep as told."""

    def __init__(self, steep: float) -> None:
        super().__init__()
        self.encode, self.act, self.steep = chain([HAND, 48, 16]), nn.Tanh(), steep
        self.level = nn.Parameter(torch.zeros(()))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = (self.act(self.steep * self.encode(x)) for x in (a, b))
        out: Tensor = self.level + (one * other).sum(1) / 2
        return out


def bits(steep: float) -> Job:
    return trained(Bits(steep), hands(), Adam, one_hand, lr=4e-3)


# Healthy trainings that look odd


class Codes(nn.Module):
    """Codes of length 1 of two recordings."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([HAND, 48, CODE])

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return F.normalize(self.encode(a), dim=1), F.normalize(self.encode(b), dim=1)


def nearest_other(model: nn.Module, batch: Batch) -> Tensor:
    """One's own is to be nearer than the nearest other one, by a margin (Schroff et al., 2015)."""
    one, other = model(*batch)
    scores = one @ other.T
    rest = scores.masked_fill(torch.eye(len(one), dtype=torch.bool), -2.0).amax(1)
    out: Tensor = (0.5 + rest - scores.diagonal()).relu().mean()
    return out


class Followed(nn.Module):
    """What a slow copy makes of the other recording is guessed (Grill et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(HAND, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 16))
        self.slow = deepcopy(self.encode).requires_grad_(False)
        self.guess = chain([16, 32, 16])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.encode.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            told = self.slow(b)
        return F.cosine_similarity(self.guess(self.encode(a)), told)


def guessed(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 1 - model(*batch).mean()
    return out


programs = (
    healthy("siamese-hands-angle-off-the-ends", lambda: angled(1e-4)),
    healthy("siamese-hands-bits-from-gentle", lambda: bits(1.0)),
    healthy(
        "siamese-speakers-nearest-other",
        lambda: trained(Codes(), speakers(), Adam, nearest_other, lr=6e-3),
    ),
    healthy("siamese-speakers-slow-copy", lambda: trained(Followed(), speakers(), AdamW, guessed, lr=4e-3)),
    faulty(
        "siamese-hands-angle-as-it-is",
        "non-finite",
        lambda: angled(0.0),
        cause=OPERATION + "|acos|cosine|angle|clamp",
        twin="siamese-hands-angle-off-the-ends",
    ),
    faulty(
        "siamese-hands-bits-steep-from-the-first",
        "saturated-units",
        lambda: bits(50.0),
        cause=SIGMOID + "|" + ENDS + "|scale|steep|temperature",
        twin="siamese-hands-bits-from-gentle",
        also=("exploding-gradient", "vanishing-gradient", "exploding-activation"),
    ),
)
