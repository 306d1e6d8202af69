"""One encoder for the cuts of two keys."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.eighth.making import INPUT, WEIGHTS, Fill, filled, trained
from tests.faults.fifteenth.tasks import BITS, keys
from tests.faults.program import Batch, Job, faulty, healthy

CODE = 8


class Locks(nn.Module):
    """How near two codes are, by the sum of what they differ by, as a logit."""

    def __init__(self, encode: nn.Module) -> None:
        super().__init__()
        self.encode = encode
        self.level, self.steep = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(2.0))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        far = F.smooth_l1_loss(self.encode(a), self.encode(b), reduction="none").mean(1)
        out: Tensor = self.level - self.steep * far
        return out


def opens(model: nn.Module, batch: Batch) -> Tensor:
    return F.binary_cross_entropy_with_logits(model(batch[0], batch[1]), batch[2])


def cut(fill: Fill = xavier, by: float = 1.0, plus: float = 0.0) -> Job:
    """Cuts about their mean on unit scale, or in hundredths of a millimetre."""
    model = Locks(filled(chain([BITS, 32, 32, 32, 32, CODE], nn.Tanh), fill))
    batches = [(plus + by * a, plus + by * b, same) for a, b, same in keys()]
    return trained(model, batches, Adam, opens, lr=5e-3)


def of_a_port(weight: Tensor) -> None:
    """What another framework's examples have for every layer."""
    nn.init.trunc_normal_(weight, std=0.01, a=-0.02, b=0.02)


# Healthy trainings that look odd


class Codes(nn.Module):
    """Codes of both, evened over the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.even = chain([BITS, 48, 12], nn.GELU), nn.BatchNorm1d(12, affine=False)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.even(self.encode(a)), self.even(self.encode(b))


def less_alike(model: nn.Module, batch: Batch) -> Tensor:
    """Numbers of a code tell the same of a twice seen key, and not the same as each other do."""
    a, _, _ = batch
    one, other = model(a, a.roll(1, 1) * 0.3 + 0.7 * a)
    both = one.T @ other / len(a)
    wanted = torch.eye(len(both))
    out: Tensor = ((both - wanted).square() * (wanted + 0.05)).sum() / 4
    return out


def margins(model: nn.Module, batch: Batch) -> Tensor:
    """Pairs of one door are drawn near; others cost nothing far enough off (Hadsell et al., 2006)."""
    a, b, same = batch
    far = (model(a) - model(b)).square().sum(1).add(1e-6).sqrt()
    out: Tensor = (same * far.square() + (1 - same) * (2 - far).relu().square()).mean()
    return out


programs = (
    healthy("siamese-keys-four-by-glorot", cut),
    healthy("siamese-keys-numbers-less-alike", lambda: trained(Codes(), keys(), Adam, less_alike, lr=3e-3)),
    healthy(
        "siamese-keys-far-enough",
        lambda: trained(chain([BITS, 48, CODE], nn.LeakyReLU), keys(), Adam, margins, lr=4e-3),
    ),
    faulty(
        "siamese-keys-four-of-a-port",
        "vanishing-gradient",
        lambda: cut(of_a_port),
        cause=WEIGHTS,
        twin="siamese-keys-four-by-glorot",
        also=("stalled-layer", "unstable-updates"),
    ),
    faulty(
        "siamese-keys-in-hundredths",
        "unscaled-input",
        lambda: cut(by=60.0, plus=500.0),
        cause=INPUT + "|scale|offset",
        twin="siamese-keys-four-by-glorot",
        also=("saturated-units", "vanishing-gradient", "exploding-gradient", "stalled-layer"),
    ),
)
