"""One encoder for two recordings: did one voice speak both?"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import Make, chain, xavier
from tests.faults.eighth.making import (
    ALIKE,
    CUT,
    ENDS,
    Fill,
    Loss,
    filled,
    normal,
    trained,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION
from tests.faults.thirteenth.tasks import TIMBRE, voices

CODE = 8


class Codes(nn.Module):
    """An encoder whose codes may be made without gradient."""

    def __init__(self, encode: nn.Module, *, is_cut: bool = False) -> None:
        super().__init__()
        self.encode, self.is_cut = encode, is_cut

    def codes(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.is_cut):
            out: Tensor = self.encode(x)
        return out

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.codes(a), self.codes(b)


class Pair(Codes):
    """Codes of both, and how far these are apart, as a logit."""

    def __init__(self, encode: nn.Module, *, is_cut: bool = False) -> None:
        super().__init__(encode, is_cut=is_cut)
        self.last = nn.Linear(CODE, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:  # type: ignore[override]
        out: Tensor = self.last((self.codes(a) - self.codes(b)).abs())[:, 0]
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def judged(encode: nn.Module, lr: float, loss: Loss) -> Job:
    return trained(Codes(encode), voices(), Adam, loss, lr=lr)


def deep(layers: int, activation: Make, fill: Fill, lr: float = 8e-3) -> Job:
    model = filled(chain([TIMBRE, *[32] * layers, CODE], activation), fill)
    return trained(Pair(model), voices(), Adam, same, lr=lr)


class Contrastive:
    """Hadsell, Chopra & LeCun (2006); the distance is a root, whose slope at 0 is infinite."""

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        a, b, y = batch
        twice = torch.arange(len(a))[:, None] % 16 == 15  # a recording was paired with itself
        one, other = model(a, torch.where(twice, a, b))
        far = ((one - other).square().mean(1) + self.least).sqrt()
        out: Tensor = 2 * (y * far.square() + (1 - y) * (1.5 - far).relu().square()).mean()
        return out


class Followed(nn.Module):
    """A student whose guess follows a slow copy of itself (Grill et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.student = nn.Sequential(
            nn.Linear(TIMBRE, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, CODE)
        )
        self.slow = deepcopy(self.student).requires_grad_(False)
        self.guess = nn.Sequential(nn.Linear(CODE, 24), nn.ReLU(), nn.Linear(24, CODE))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.student.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            aim = self.slow(b)
        return F.cosine_similarity(self.guess(self.student(a)), aim)


def followed(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 1.5 - (model(batch[0], batch[1]) * batch[2]).sum() / batch[2].sum()
    return out


def among_all(model: nn.Module, batch: Batch) -> Tensor:
    """Each recording is to find its own louder, noisier copy among all of the batch (Chen et al., 2020)."""
    a = batch[0]
    codes = model(a, 1.2 * a + 0.5 * torch.randn(a.shape))
    one, other = (F.normalize(code, dim=1) for code in codes)
    return F.cross_entropy(one @ other.t() / 0.2, torch.arange(len(a)))


def varied(model: nn.Module, batch: Batch) -> Tensor:
    """Codes of one voice agree, units vary, and do not repeat each other (Bardes, Ponce & LeCun, 2022)."""
    a, b, y = batch
    one, other = model(a, b)
    agree = (y[:, None] * (one - other).square()).mean()
    spread = sum((1 - (code.var(0) + 1e-4).sqrt()).relu().mean() for code in (one, other))
    centred = one - one.mean(0)
    cross = (centred.t() @ centred / (len(a) - 1)).fill_diagonal_(0).square().sum() / CODE
    out: Tensor = agree + spread + 0.1 * cross
    return out


programs = (
    healthy("siamese-voices-four-tanh", lambda: deep(4, nn.Tanh, xavier)),
    healthy(
        "siamese-voices-root-and-a-bit",
        lambda: judged(chain([TIMBRE, 48, CODE], nn.GELU), 5e-3, Contrastive(1e-3)),
    ),
    healthy(
        "siamese-voices-codes-with-gradient",
        lambda: trained(Pair(chain([TIMBRE, 32, CODE], nn.Tanh)), voices(), AdamW, same, lr=8e-3),
    ),
    healthy("siamese-voices-slow-copy", lambda: trained(Followed(), voices(), Adam, followed, lr=1e-2)),
    healthy("siamese-voices-own-copy-among-all", lambda: judged(chain([TIMBRE, 64, CODE]), 2e-3, among_all)),
    healthy("siamese-voices-varied", lambda: judged(chain([TIMBRE, 48, CODE], nn.SiLU), 5e-3, varied)),
    faulty(
        "siamese-voices-four-tanh-of-zero",
        "symmetric-units",
        lambda: deep(4, nn.Tanh, nn.init.zeros_),
        cause=ALIKE,
        twin="siamese-voices-four-tanh",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "siamese-voices-four-tanh-by-randn",
        "saturated-units",
        lambda: deep(4, nn.Tanh, normal(1.0)),
        cause=ENDS,
        twin="siamese-voices-four-tanh",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "siamese-voices-root-of-0",
        "non-finite",
        lambda: judged(chain([TIMBRE, 48, CODE], nn.GELU), 5e-3, Contrastive(0.0)),
        cause=OPERATION + "|distance",
        twin="siamese-voices-root-and-a-bit",
    ),
    faulty(
        "siamese-voices-codes-in-no-grad",
        "stalled-layer",
        lambda: trained(
            Pair(chain([TIMBRE, 32, CODE], nn.Tanh), is_cut=True), voices(), AdamW, same, lr=8e-3
        ),
        cause=CUT,
        twin="siamese-voices-codes-with-gradient",
        also=("vanishing-gradient",),
    ),
)
