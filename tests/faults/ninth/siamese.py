"""Two faces, and whether they are of one person; and two views of one."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he
from tests.faults.eighth.making import GROWTH, INPUT, RATE, STEP, Fill, Loss, filled, normal, trained
from tests.faults.ninth.tasks import pairs_of_faces, portraits
from tests.faults.program import Batch, Job, faulty, healthy

PIXELS, CODE = 64, 8


class Twice(nn.Module):
    """One encoder for both faces, and how far their codes are apart."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode, self.level = encode, nn.Parameter(torch.tensor(1.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = (self.encode(a) - self.encode(b)).square().mean(1)
        out: Tensor = self.level - far
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    a, b, y = batch
    return F.binary_cross_entropy_with_logits(model(a, b), y)


def in_grey(x: Tensor) -> Tensor:
    return (110 + 45 * x).clamp(0, 255).round()


def compared(
    encode: nn.Module, lr: float = 5e-3, kind: type = Adam, loss: Loss = same, *, in_bytes: bool = False
) -> Job:
    batches = pairs_of_faces()
    if in_bytes:
        batches = [(in_grey(a), in_grey(b), y) for a, b, y in batches]
    return trained(Twice(encode), batches, kind, loss, lr=lr)


def plain(fill: Fill = he, activation: Make = nn.ReLU) -> nn.Module:
    return filled(chain([PIXELS, 48, 48, CODE], activation), fill)


def six(fill: Fill, activation: Make = nn.ReLU) -> nn.Module:
    return filled(chain([PIXELS, *[40] * 5, CODE], activation), fill)


def from_elsewhere(*, is_late: bool) -> Job:
    """The first layer is put in place of another before the optimiser is made, or after."""
    encode = chain([PIXELS, 24, CODE], nn.Tanh)
    model = Twice(encode)
    if is_late:
        optimizer = Adam(model.parameters(), lr=8e-3)
    encode[0] = filled(nn.Linear(PIXELS, 24), normal(0.05))
    if not is_late:
        optimizer = Adam(model.parameters(), lr=8e-3)
    return Job(model, optimizer, pairs_of_faces(), same)


def two(model: nn.Module, loss: Loss, lr: float = 5e-3) -> Job:
    return trained(model, portraits(), Adam, loss, lr=lr)


class Stopped(nn.Module):
    """Each view guesses the other's code, which is held (Chen & He, 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(PIXELS, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 16))
        self.norm = nn.BatchNorm1d(16, affine=False)
        self.guess = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 16))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        one, other = self.norm(self.encode(x)), self.norm(self.encode(y))
        near = F.cosine_similarity(self.guess(one), other.detach())
        return near + F.cosine_similarity(self.guess(other), one.detach())


def apart(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = 2 - model(*batch).mean()
    return out


class Teacher(nn.Module):
    """A slow copy whose sharpened and centred shares are to be said again (Caron et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.fast = chain([PIXELS, 48, 10], nn.GELU)
        self.slow = deepcopy(self.fast).requires_grad_(False)
        self.register_buffer("centre", torch.zeros(10))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.fast.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            said = self.slow(y)
            share = ((said - self.centre) / 0.2).softmax(1)
            self.centre.lerp_(said.mean(0), 0.1)  # type: ignore[operator]
        out: Tensor = -(share * (self.fast(x) / 0.5).log_softmax(1)).sum(1)
        return out


def said_again(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = model(*batch).mean()
    return out


class Views(nn.Module):
    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode(x), self.encode(y)


def nearest(model: nn.Module, batch: Batch) -> Tensor:
    """Each view finds its own among all, at a temperature of a fifth (Chen et al., 2020)."""
    one, other = (F.normalize(code, dim=1) for code in model(*batch))
    scores = one @ other.t() / 0.2
    return F.cross_entropy(scores, torch.arange(len(scores)))


def small(sizes: list[int]) -> nn.Module:
    return chain([PIXELS, *sizes], nn.SiLU)


programs = (
    healthy("siamese-faces", lambda: compared(plain(), 3e-3)),
    healthy("siamese-faces-six-by-he", lambda: compared(six(he), 2e-3)),
    healthy("siamese-faces-optimiser-after-encoder", lambda: from_elsewhere(is_late=False)),
    healthy("siamese-faces-each-guesses-the-other", lambda: two(Stopped(), apart)),
    healthy("siamese-faces-slow-teacher", lambda: two(Teacher(), said_again, 5e-3)),
    healthy("siamese-faces-own-view-among-all", lambda: two(Views(small([48, 16])), nearest)),
    faulty(
        "siamese-faces-in-bytes",
        "unscaled-input",
        lambda: compared(plain(), 3e-3, in_bytes=True),
        cause=INPUT,
        twin="siamese-faces",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-faces-rate-of-a-third",
        "dead-units",
        lambda: compared(plain(), 0.3),
        cause=STEP,
        twin="siamese-faces",
        also=("unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "siamese-faces-six-default-normal",
        "exploding-activation",
        lambda: compared(six(normal(1.0)), 2e-3),
        cause=GROWTH,
        twin="siamese-faces-six-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "siamese-faces-optimiser-before-encoder",
        "stalled-layer",
        lambda: from_elsewhere(is_late=True),
        cause=RATE,
        twin="siamese-faces-optimiser-after-encoder",
    ),
)
