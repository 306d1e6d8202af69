"""Pairs of encoders that tell whose hand a signature is of."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, he, xavier
from tests.faults.fifth.making import CUT, INPUT, WEIGHTS, filled, normal, trained
from tests.faults.fifth.tasks import PEOPLE, hands, signatures
from tests.faults.fourth.making import Fill
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 8


class Twins(nn.Module):
    """One encoder for both; codes of length 1 may be stretched before they are compared."""

    def __init__(self, encode: nn.Module, stretch: nn.Module | None = None, *, is_cut: bool = False) -> None:
        super().__init__()
        self.encode, self.stretch, self.is_cut = encode, stretch or nn.Identity(), is_cut
        self.sharpness, self.level = nn.Parameter(torch.tensor(3.0)), nn.Parameter(torch.tensor(0.0))

    def code(self, x: Tensor) -> Tensor:
        code = self.encode(x)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_cut):
            code = code / code.norm(dim=1, keepdim=True).clamp(min=1e-3)
        out: Tensor = self.stretch(code)
        return out

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.sharpness * (self.code(a) * self.code(b)).sum(1) - self.level


def same(model: nn.Module, batch: Batch) -> Tensor:
    a, b, is_same = batch
    return F.binary_cross_entropy_with_logits(model(a, b), is_same)


def close(model: nn.Module, batch: Batch) -> Tensor:
    """The further apart, the less alike (Hadsell, Chopra & LeCun, 2006), by a margin of 1."""
    a, b, is_same = batch
    assert isinstance(model, Twins)
    apart = (model.encode(a) - model.encode(b)).square().mean(1)
    return (is_same * apart + (1 - is_same) * F.relu(1 - (apart + 1e-6).sqrt()).square()).mean()


def eight(fill: Fill) -> Job:
    return trained(
        Twins(filled(chain([20, *[32] * 7, CODE], nn.Tanh), fill)), signatures(), AdamW, same, lr=3e-3
    )


def of_pens(by: float) -> Job:
    """Signatures in micrometres, as a tablet tells them, or on unit scale."""
    batches = [(by * a, by * b, is_same) for a, b, is_same in signatures()]
    return trained(Twins(filled(chain([20, 48, CODE]), he)), batches, Adam, close, lr=5e-3)


def cut(*, is_cut: bool) -> Job:
    """Lengths are taken out of codes where gradients are noted, or in a block of `no_grad`."""
    model = Twins(chain([20, 32, CODE], nn.ELU), nn.Linear(CODE, CODE, bias=False), is_cut=is_cut)
    return trained(model, signatures(), Adam, same, lr=1e-2)


class Queued(nn.Module):
    """An encoder, a slow copy of it, and codes of the last batches to be told from (He et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.fast = chain([20, 48, CODE])
        self.slow = deepcopy(self.fast).requires_grad_(False)
        self.register_buffer("old", F.normalize(torch.randn(96, CODE), dim=1))
        self.register_buffer("whose", torch.full((96,), -1))

    def forward(self, a: Tensor, b: Tensor, who: Tensor) -> Tensor:
        one = F.normalize(self.fast(a), dim=1)
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.fast.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            two, old, whose = F.normalize(self.slow(b), dim=1), self.old, self.whose
            self.old, self.whose = torch.cat([old, two])[-96:], torch.cat([whose, who])[-96:]
        others = (one @ old.t()).masked_fill(who[:, None] == whose, -torch.inf)
        return 5 * torch.cat([(one * two).sum(1, keepdim=True), others], 1)


def queued() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        logits = model(*batch)
        return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))

    return trained(Queued(), hands(), SGD, loss, lr=0.05, momentum=0.9)


class Both(nn.Module):
    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode(a), self.encode(b)


def spread(model: nn.Module, batch: Batch) -> Tensor:
    """Codes are alike, each number of them varies, and no two go together (Bardes, Ponce & LeCun, 2022)."""
    one, two = model(batch[0], batch[1])
    total = 2 * F.mse_loss(one, two)
    for code in (one, two):
        code = code - code.mean(0)
        together = code.t() @ code / (len(code) - 1)
        total = total + F.relu(1 - (together.diagonal() + 1e-4).sqrt()).mean()
        total = total + (together - together.diagonal().diag()).square().sum() / CODE / 4
    return total


def mostly_told(model: nn.Module, batch: Batch) -> Tensor:
    """Another hand is to be further away by a margin; most triples are soon far enough and add nothing."""
    a, b, who = batch
    one, two = model(a, b)
    apart = torch.cdist(one, two)
    wrong = F.relu(apart.diagonal()[:, None] - apart + 1.0)
    return 4 * (wrong * (who[:, None] != who)).mean()


class Nearest(nn.Module):
    """Hands are told by the nearest mean of a few signatures each (Snell, Swersky & Zemel, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(20, 32), nn.PReLU(), nn.Linear(32, CODE))

    def forward(self, shown: Tensor, asked: Tensor, who: Tensor) -> Tensor:
        own = F.one_hot(who, PEOPLE).float()
        means = own.t() @ self.encode(shown) / own.sum(0).clamp(min=1)[:, None]
        return -torch.cdist(self.encode(asked), means).square()


def by_nearest() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        a, b, who = batch
        return F.cross_entropy(model(a, b, who), who, label_smoothing=0.1)

    return trained(Nearest(), hands(), Adam, loss, lr=3e-3)


programs = (
    healthy("siamese-eight-by-glorot", lambda: eight(xavier)),
    healthy("siamese-pens-on-scale", lambda: of_pens(1.0)),
    healthy("siamese-lengths-noted", lambda: cut(is_cut=False)),
    healthy("siamese-queue-of-old", queued),
    healthy(
        "siamese-spread-out", lambda: trained(Both(chain([20, 48, CODE])), hands(), Adam, spread, lr=5e-3)
    ),
    healthy(
        "siamese-mostly-told",
        lambda: trained(Both(chain([20, 48, CODE], nn.GELU)), hands(), Adam, mostly_told, lr=1e-2),
    ),
    healthy("siamese-nearest-mean", by_nearest),
    faulty(
        "siamese-eight-of-three-hundredths",
        "vanishing-gradient",
        lambda: eight(normal(0.03)),
        cause=WEIGHTS,
        twin="siamese-eight-by-glorot",
        also=("stalled-layer",),
    ),
    faulty(
        "siamese-pens-in-micrometres",
        "unscaled-input",
        lambda: of_pens(1000.0),
        cause=INPUT,
        twin="siamese-pens-on-scale",
        also=("dead-units", "unstable-updates", "exploding-activation"),
    ),
    faulty(
        "siamese-lengths-in-no-grad",
        "stalled-layer",
        lambda: cut(is_cut=True),
        cause=CUT,
        twin="siamese-lengths-noted",
        also=("vanishing-gradient",),
    ),
)
