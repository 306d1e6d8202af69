"""One encoder for two shells, or two for what two microphones hear of a duet."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import Make, chain, he
from tests.faults.eighteenth.tasks import SHELL, duets, shells
from tests.faults.eighth.making import GROWTH, WEIGHTS, Fill, filled, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import OPERATION

CODE = 8


class Alike(nn.Module):
    """How near the codes of two shells are: by their distance, or by the angle between them."""

    def __init__(self, encode: nn.Module, least: float | None = None) -> None:
        super().__init__()
        self.encode, self.least = encode, least
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(1.5))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        one, other = self.encode(a), self.encode(b)
        if self.least is None:
            far = (one - other).square().mean(1)
        else:
            far = F.cosine_similarity(one, other).clamp(self.least - 1, 1 - self.least).acos()
        out: Tensor = self.steep * (self.level - far)
        return out


def same(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


def six(fill: Fill) -> Job:
    """Six hidden layers, filled in one way."""
    encode = filled(chain([SHELL, *[32] * 6, CODE], leaky), fill)
    return trained(Alike(encode), shells(), Adam, same, lr=4e-3)


def few_of_one(weight: Tensor) -> None:
    """Most weights are 0 and a few are drawn wide (Martens, 2010): half of each column is left."""
    nn.init.sparse_(weight, 0.5, std=2.0)


def slope_in_hundredths(weight: Tensor) -> None:
    """He's draw, told that the slope below 0 is 20: one of hundredths was meant."""
    nn.init.kaiming_normal_(weight, a=20, nonlinearity="leaky_relu")


def by_angle(least: float) -> Job:
    """Some pairs are one shell, measured once."""
    batches: list[Batch] = []
    for a, b, is_same in shells():
        once = (is_same == 1) & (torch.arange(len(a)) % 5 == 0)
        batches.append((a, torch.where(once[:, None], a, b), is_same))
    return trained(Alike(chain([SHELL, 48, CODE], nn.GELU), least), batches, Adam, same, lr=6e-3)


# Healthy trainings that look odd


class Two(nn.Module):
    """An encoder for each microphone."""

    def __init__(self, width: int = CODE, between: Make | None = None) -> None:
        super().__init__()
        self.one, self.other = (
            chain([SHELL, 40, width], between=[between] if between else []) for _ in range(2)
        )

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.one(a), self.other(b)


class Queued(Two):
    """Codes of the steps before are kept, as wrong answers to those of this one (He et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("before", F.normalize(torch.randn(96, CODE), dim=1))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        one, other = (F.normalize(code, dim=1) for code in super().forward(a, b))
        before = self.get_buffer("before")
        scores = torch.cat([(one * other).sum(1, keepdim=True), one @ before.T.clone()], 1)
        with torch.no_grad():
            before.copy_(torch.cat([other, before])[: len(before)])
        return 5 * scores, other


def own_first(model: nn.Module, batch: Batch) -> Tensor:
    scores = model(*batch)[0]
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


def spread(model: nn.Module, batch: Batch) -> Tensor:
    """Near each other, each number of deviation 1, and no two numbers alike (Bardes et al., 2022)."""
    codes = model(*batch)
    loss: Tensor = 4 * F.mse_loss(*codes)
    for code in codes:
        far = code - code.mean(0)
        shared = far.T @ far / (len(far) - 1)
        loss = loss + F.relu(1 - (shared.diagonal() + 1e-4).sqrt()).mean()
        loss = loss + (shared - shared.diagonal().diag()).square().sum() / len(shared) / 10
    return loss


class Codes(nn.Module):
    """The distance of two codes, kept from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = chain([SHELL, 48, 4], nn.SiLU)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = ((self.encode(a) - self.encode(b)).square().sum(1) + 1e-3).sqrt()
        return out


def up_to_a_margin(model: nn.Module, batch: Batch) -> Tensor:
    """Others are to be farther than 2, and how much farther is all the same (Hadsell et al., 2006)."""
    far, is_same = model(batch[0], batch[1]), batch[2]
    out: Tensor = (is_same * far.square() + (1 - is_same) * F.relu(2 - far).square()).mean()
    return out


programs = (
    healthy("siamese-shells-six-by-he", lambda: six(he)),
    healthy("siamese-shells-angle-kept-from-0", lambda: by_angle(1e-3)),
    healthy("siamese-duets-codes-of-before", lambda: trained(Queued(), duets(), Adam, own_first, lr=8e-3)),
    healthy(
        "siamese-duets-near-and-spread",
        lambda: trained(Two(6, lambda: nn.BatchNorm1d(40)), duets(batch=64), Adam, spread, lr=8e-3),
    ),
    healthy(
        "siamese-shells-up-to-a-margin", lambda: trained(Codes(), shells(), Adam, up_to_a_margin, lr=8e-3)
    ),
    faulty(
        "siamese-shells-six-few-drawn-wide",
        "exploding-gradient",
        lambda: six(few_of_one),
        cause=GROWTH,
        twin="siamese-shells-six-by-he",
        also=("exploding-activation", "unstable-updates"),
    ),
    faulty(
        "siamese-shells-six-slope-of-twenty",
        "vanishing-gradient",
        lambda: six(slope_in_hundredths),
        cause=WEIGHTS + "|slope|gain",
        twin="siamese-shells-six-by-he",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "siamese-shells-angle-of-nothing",
        "non-finite",
        lambda: by_angle(0.0),
        cause=OPERATION + "|acos|angle|cosine|similar",
        twin="siamese-shells-angle-kept-from-0",
    ),
)
