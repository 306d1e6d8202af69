"""One encoder for two fingerprints, or for two photographs of a shoe among others."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    SIGMOID,
    Fill,
    constant,
    filled,
    normal,
    trained,
)
from tests.faults.fourteenth.tasks import PRINT, fingers, shoes
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION

CODE = 8


class Pair(nn.Module):
    """How near two codes are, as a logit; the distance may be under a root."""

    def __init__(self, encode: nn.Module, root: float | None = None) -> None:
        super().__init__()
        self.encode, self.root = encode, root
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = (self.encode(a) - self.encode(b)).square().mean(1)
        far = far if self.root is None else (far + self.root).sqrt()
        out: Tensor = self.steep * (self.level - far)
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def deep(layers: int, activation: Make, fill: Fill) -> Job:
    encode = filled(chain([PRINT, *[32] * layers, CODE], activation), fill)
    return trained(Pair(encode), fingers(), Adam, same, lr=4e-3)


def rooted(least: float) -> Job:
    """Some pairs are one scan, twice."""
    batches: list[Batch] = []
    for a, b, is_same in fingers():
        twice = (is_same == 1) & (torch.arange(len(a)) % 6 == 0)
        batches.append((a, torch.where(twice[:, None], a, b), is_same))
    return trained(Pair(chain([PRINT, 48, CODE], nn.GELU), least), batches, Adam, same, lr=6e-3)


class Shops(nn.Module):
    """Two encoders, one for each kind of photograph, to codes of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = (chain([PRINT, 40, CODE]) for _ in range(2))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = F.normalize(self.one(a), dim=1), F.normalize(self.other(b), dim=1)
        out: Tensor = 8 * one @ other.T
        return out


def among_others(model: nn.Module, batch: Batch) -> Tensor:
    """Each is to find its own among those of the batch, both ways (Radford et al., 2021)."""
    scores = model(*batch)
    own = torch.arange(len(scores))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


class Held(nn.Module):
    """What one side guesses of the other, which is held (Chen & He, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(
            nn.Linear(PRINT, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 16), nn.BatchNorm1d(16)
        )
        self.guess = chain([16, 32, 16])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = self.encode(a), self.encode(b)
        near = F.cosine_similarity(self.guess(one), other.detach())
        return near + F.cosine_similarity(self.guess(other), one.detach())


def nearer(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 1 - model(*batch).mean() / 2
    return out


programs = (
    healthy("siamese-fingers-six-leaky-by-he", lambda: deep(6, nn.LeakyReLU, he)),
    healthy("siamese-fingers-six-by-glorot", lambda: deep(6, nn.Tanh, xavier)),
    healthy("siamese-fingers-root-and-a-bit", lambda: rooted(1e-3)),
    healthy("siamese-shoes-among-others", lambda: trained(Shops(), shoes(), Adam, among_others, lr=8e-3)),
    healthy("siamese-shoes-other-held", lambda: trained(Held(), shoes(), Adam, nearer, lr=4e-3)),
    faulty(
        "siamese-fingers-six-squashed",
        "vanishing-gradient",
        lambda: deep(6, nn.Sigmoid, xavier),
        cause=SIGMOID,
        twin="siamese-fingers-six-by-glorot",
        also=("stalled-layer", "saturated-units"),
    ),
    faulty(
        "siamese-fingers-six-of-one-number",
        "symmetric-units",
        lambda: deep(6, nn.Tanh, constant(0.03)),
        cause=ALIKE,
        twin="siamese-fingers-six-by-glorot",
        also=("vanishing-gradient", "exploding-activation"),
    ),
    faulty(
        "siamese-fingers-six-of-unit-normals",
        "exploding-gradient",
        lambda: deep(6, nn.LeakyReLU, normal(1.0)),
        cause=GROWTH,
        twin="siamese-fingers-six-leaky-by-he",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-fingers-root-of-nothing",
        "non-finite",
        lambda: rooted(0.0),
        cause=OPERATION + "|distance",
        twin="siamese-fingers-root-and-a-bit",
    ),
)
