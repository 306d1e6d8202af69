"""One encoder for the sound of two violins; two for both sides of a coin among others."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import ALIKE, CUT, GROWTH, UNDEFINED, Fill, filled, normal, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.seventeenth.tasks import BOW, coins, violins
from tests.faults.tenth.making import DRIVEN

CODE = 8


class Pair(nn.Module):
    """How near two codes are, as a logit."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.steep * (self.level - (self.encode(a) - self.encode(b)).square().mean(1))
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def compared(encode: nn.Module, lr: float) -> Job:
    return trained(Pair(encode), violins(), Adam, same, lr=lr)


def by(fill: Fill, lr: float = 1e-3) -> Job:
    """Two wide layers; all are drawn in one way."""
    return compared(filled(chain([BOW, 320, 320, CODE]), fill), lr)


class Even(nn.Linear):
    """Weights of unit normals that are scaled as the layer is asked (Karras et al., 2018), or are not."""

    def __init__(self, inputs: int, outputs: int, *, is_scaled: bool) -> None:
        super().__init__(inputs, outputs)
        nn.init.normal_(self.weight)
        nn.init.zeros_(self.bias)
        self.scale = (1.6 / inputs) ** 0.5 if is_scaled else 1.0

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias)


def even(*, is_scaled: bool) -> Job:
    sizes = [BOW, *[32] * 5]
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        parts += [Even(inputs, outputs, is_scaled=is_scaled), nn.LeakyReLU(0.2)]
    return compared(nn.Sequential(*parts, Even(32, CODE, is_scaled=is_scaled)), 2e-2)


class Held(nn.Module):
    """Both codes, and a layer that guesses from them; the codes are held, on one side or on both."""

    def __init__(self, *, is_both: bool) -> None:
        super().__init__()
        self.encode, self.guess, self.is_both = chain([BOW, 32, 6], nn.SiLU), chain([12, 24, 1]), is_both
        filled(self.encode, normal(0.1))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = self.encode(a), self.encode(b).detach()
        one = one.detach() if self.is_both else one
        out: Tensor = self.guess(torch.cat([(one - other).square(), one * other], 1))
        return out[:, 0]


def held(*, is_both: bool) -> Job:
    return trained(Held(is_both=is_both), violins(), Adam, same, lr=1e-2)


class Sides(nn.Module):
    """Two encoders, one for each side, to codes of length 1; how near each is to each."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = (chain([BOW, 40, CODE]) for _ in range(2))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return F.normalize(self.one(a), dim=1) @ F.normalize(self.other(b), dim=1).T


class ByHand:
    """Shares among the coins of a batch, over a temperature: written out, or as torch has them."""

    def __init__(self, *, is_by_hand: bool) -> None:
        self.is_by_hand = is_by_hand

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        scores = model(*batch) / 0.01
        if self.is_by_hand:
            shares = scores.exp() / scores.exp().sum(1, keepdim=True)
            out: Tensor = -shares.diagonal().log().mean()
            return out
        return F.cross_entropy(scores, torch.arange(len(scores)))


def found(*, is_by_hand: bool) -> Job:
    return trained(Sides(), coins(), Adam, ByHand(is_by_hand=is_by_hand), lr=4e-3)


# Healthy trainings that look odd


class Whitened(nn.Module):
    """Codes of both sides whose numbers are to agree each with its own and with no other (Zbontar, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = (chain([BOW, 48, 10], nn.GELU) for _ in range(2))
        self.norm = nn.BatchNorm1d(10, affine=False)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.norm(self.one(a)).T @ self.norm(self.other(b)) / len(a)
        return out


def agreed(model: nn.Module, batch: Batch) -> Tensor:
    found = model(*batch)
    own = found.diagonal()
    out: Tensor = (1 - own).square().sum() + 0.05 * (found.square().sum() - own.square().sum())
    return out


class Apart(nn.Module):
    """The size of what differs, weighed; nothing else is learned over the codes (Koch et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.last = nn.Sequential(nn.Linear(BOW, 40), nn.Sigmoid()), nn.Linear(40, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.last(4 * (self.encode(a) - self.encode(b)).abs())[:, 0]
        return out


programs = (
    healthy("siamese-violins-wide-by-glorot", lambda: by(xavier)),
    healthy("siamese-violins-scaled-as-asked", lambda: even(is_scaled=True)),
    healthy("siamese-violins-one-side-held", lambda: held(is_both=False)),
    healthy("siamese-coins-shares-by-torch", lambda: found(is_by_hand=False)),
    healthy("siamese-coins-numbers-agree", lambda: trained(Whitened(), coins(), Adam, agreed, lr=5e-3)),
    healthy(
        "siamese-violins-differences-weighed", lambda: trained(Apart(), violins(), Adam, same, lr=1.5e-2)
    ),
    faulty(
        "siamese-violins-wide-by-eye",
        "symmetric-units",
        lambda: by(nn.init.eye_),
        cause=ALIKE + "|identity|eye",
        twin="siamese-violins-wide-by-glorot",
        also=("dead-units", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "siamese-violins-wide-driven-out",
        "dead-units",
        lambda: by(xavier, 0.3),
        cause=DRIVEN,
        twin="siamese-violins-wide-by-glorot",
        also=("unstable-updates", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "siamese-violins-scale-forgotten",
        "exploding-gradient",
        lambda: even(is_scaled=False),
        cause=GROWTH + "|scale",
        twin="siamese-violins-scaled-as-asked",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-violins-both-sides-held",
        "stalled-layer",
        lambda: held(is_both=True),
        cause=CUT,
        twin="siamese-violins-one-side-held",
        also=("vanishing-gradient",),
    ),
    faulty(
        "siamese-coins-shares-by-hand",
        "non-finite",
        lambda: found(is_by_hand=True),
        cause=UNDEFINED + "|softmax|temperature",
        twin="siamese-coins-shares-by-torch",
    ),
)
