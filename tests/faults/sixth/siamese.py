"""Pairs of encoders of voices."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.sixth.making import LEFT_OUT, STEP, UNDEFINED, filled, trained
from tests.faults.sixth.tasks import voices

CODE = 8


class Towers(nn.Module):
    """One encoder for each of two microphones; codes of length 1 are compared."""

    def __init__(self, one: nn.Module, other: nn.Module | None = None) -> None:
        super().__init__()
        self.one, self.other = one, other or one
        self.sharpness, self.level = nn.Parameter(torch.tensor(3.0)), nn.Parameter(torch.tensor(1.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        near = F.cosine_similarity(self.one(a), self.other(b))
        return self.sharpness * near - self.level


def same(model: nn.Module, batch: Batch) -> Tensor:
    a, b, is_same = batch
    return F.binary_cross_entropy_with_logits(model(a, b), is_same)


def two_towers(*, is_whole: bool = True) -> Job:
    """Two encoders; the optimiser is given the parameters of both, or those of the first."""
    one, other = (filled(chain([16, 32, 32, CODE], nn.LeakyReLU), he) for _ in range(2))
    model = Towers(one, other)
    mine = [p for name, p in model.named_parameters() if is_whole or not name.startswith("other")]
    return Job(model, Adam(mine, lr=5e-3), voices(), same)


def in_batch(lr: float = 2e-3, *, is_by_hand: bool = False) -> Job:
    """Which of all others in the batch is said by the same one; twice the products of codes."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(model, Towers)
        a, b, is_same = batch
        near = model.one(a) @ model.one(b).t() * 2
        own = near.diagonal()
        each = near.exp().sum(1).log() - own if is_by_hand else near.logsumexp(1) - own
        out: Tensor = (is_same * each).sum() / is_same.sum()
        return out

    model = Towers(filled(chain([16, 64, 16]), he))
    return trained(model, voices(), AdamW, loss, lr=lr)


class Follows(nn.Module):
    """An encoder, what it foretells, and a slow copy of the encoder to be foretold (Grill et al., 2020)."""

    def __init__(self, kept: float | None) -> None:
        super().__init__()
        self.encode, self.foretell = chain([16, 48, CODE]), chain([CODE, 24, CODE])
        self.read, self.kept = nn.Linear(CODE, 2), kept
        self.slow = chain([16, 48, CODE]).requires_grad_(False) if kept else self.encode
        if kept:
            self.slow.load_state_dict(self.encode.state_dict())

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        if self.kept:
            with torch.no_grad():
                for slow, fast in zip(self.slow.parameters(), self.encode.parameters(), strict=True):
                    slow.lerp_(fast, 1 - self.kept)
        one, other = self.encode(a), self.encode(b)
        told = F.cosine_similarity(self.foretell(one), self.slow(b).detach())
        return told, self.read(one * other)


def follows(kept: float | None) -> Job:
    """Half of the loss is what is foretold, half whether both are the same."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        a, b, is_same = batch
        told, read = model(a, b)
        foretold = ((1 - told) * is_same).sum() / is_same.sum()
        out: Tensor = foretold + F.cross_entropy(read, is_same.long())
        return out

    return trained(Follows(kept), voices(), Adam, loss, lr=1e-2)


programs = (
    healthy("siamese-two-microphones", two_towers),
    healthy("siamese-log-of-sums-at-once", in_batch),
    healthy("siamese-follows-a-slow-copy", lambda: follows(0.9)),
    healthy("siamese-follows-itself-held", lambda: follows(None)),
    faulty(
        "siamese-second-microphone-left-out",
        "stalled-layer",
        lambda: two_towers(is_whole=False),
        cause=LEFT_OUT,
        twin="siamese-two-microphones",
    ),
    faulty(
        "siamese-log-of-exponentials",
        "non-finite",
        lambda: in_batch(is_by_hand=True),
        cause=UNDEFINED + "|overflow|exp|temperature|infini|too large",
        twin="siamese-log-of-sums-at-once",
    ),
    faulty(
        "siamese-sums-at-rate-a-half",
        "unstable-updates",
        lambda: in_batch(0.5),
        cause=STEP,
        twin="siamese-log-of-sums-at-once",
        also=("exploding-activation", "exploding-gradient", "dead-units", "non-finite"),
    ),
)
