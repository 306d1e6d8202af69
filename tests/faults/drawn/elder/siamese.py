"""One encoder for two strokes of a paddle."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, xavier
from tests.faults.drawn.elder.tasks import STROKE, strokes
from tests.faults.eighth.making import ENDS, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION


class Apart(nn.Module):
    """How far two codes are from each other; some number is added under the root."""

    def __init__(self, encode: nn.Module, least: float) -> None:
        super().__init__()
        self.encode, self.least = encode, least

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = ((self.encode(a) - self.encode(b)).square().sum(1) + self.least).sqrt()
        return out


def contrasted(model: nn.Module, batch: Batch) -> Tensor:
    """Near if of one paddler, and at least 1.5 apart if not (Hadsell et al., 2006)."""
    far = model(batch[0], batch[1])
    out: Tensor = (batch[2] * far.square() + (1 - batch[2]) * F.relu(1.5 - far).square()).mean()
    return out


def paired(fill: Fill = xavier, least: float = 1e-4) -> Job:
    """Among the pairs are strokes that are put beside themselves."""
    batches: list[Batch] = []
    for a, b, is_same in strokes():
        itself = (is_same == 1) & (torch.arange(len(a)) % 9 == 4)
        batches.append((a, torch.where(itself[:, None], a, b), is_same))
    encode = filled(chain([STROKE, 48, 48, 6], nn.Tanh), fill)
    return trained(Apart(encode, least), batches, Adam, contrasted, lr=4e-3)


# Healthy trainings that look odd


class Alike(nn.Module):
    """The cosine of two codes over a warmth that is learned, from an encoder with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(STROKE, 64), nn.Dropout(0.3), nn.Hardswish(), nn.Linear(64, 12))
        self.warmth, self.level = nn.Parameter(torch.tensor(1.4)), nn.Parameter(torch.tensor(0.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        near = F.cosine_similarity(self.encode(a), self.encode(b))
        return self.warmth.exp() * (near - self.level)


class Compared(nn.Module):
    """Products and distances of two codes, and layers that say whether they are of one paddler."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(STROKE, 40), nn.Softplus(), nn.LayerNorm(40))
        self.judge = chain([80, 32, 1], nn.Softsign)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = self.encode(a), self.encode(b)
        out: Tensor = self.judge(torch.cat([one * other, (one - other).abs()], 1))[:, 0]
        return out


def is_one(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


programs = (
    healthy("siamese-strokes-tanh-by-glorot", paired),
    healthy("siamese-strokes-cosine-and-warmth", lambda: trained(Alike(), strokes(), Adam, is_one, lr=8e-3)),
    healthy("siamese-strokes-compared", lambda: trained(Compared(), strokes(), AdamW, is_one, lr=6e-3)),
    faulty(
        "siamese-strokes-tanh-by-randn",
        "saturated-units",
        lambda: paired(normal(1.5)),
        cause=ENDS,
        twin="siamese-strokes-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "siamese-strokes-beside-themselves",
        "non-finite",
        lambda: paired(least=0.0),
        cause=OPERATION + "|distance",
        twin="siamese-strokes-tanh-by-glorot",
    ),
)
