"""Healthy trainings over pictures that look odd."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from tests.faults.building import cross_entropy
from tests.faults.eighteenth.scenes import BACKS, HOURS, beetles, dials, lichens
from tests.faults.eighth.making import seen_through, trained
from tests.faults.program import Batch, Job, healthy


class Peaks(nn.Module):
    """Where each of twelve maps is greatest, softly, and layers over these places (Finn et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=1))
        self.rest = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, HOURS))

    def forward(self, x: Tensor) -> Tensor:
        share = self.maps(x).flatten(2).softmax(-1).unflatten(2, x.shape[2:])
        at = torch.linspace(-1, 1, x.shape[-1])
        out: Tensor = self.rest(torch.cat([share.sum(2) @ at, share.sum(3) @ at], 1) * 3)
        return out


def repainted(model: nn.Module, batch: Batch) -> Tensor:
    """Colours change places, and a corner is blotted out, anew at each step."""
    x, y = batch
    x = x[:, torch.randperm(3)].clone()
    row, column = torch.randint(6, (2,)).tolist()
    x[..., row : row + 2, column : column + 2] = 0.0
    return F.cross_entropy(model(x), y)


class Bag(nn.Module):
    """Each patch is judged by itself, and the greatest of their votes count (Ilse et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = nn.Sequential(nn.Linear(48, 48), nn.LeakyReLU(0.1), nn.Linear(48, BACKS))

    def forward(self, x: Tensor) -> Tensor:
        patches = F.unfold(3 * (x - 0.5), 4, stride=2).mT
        out: Tensor = self.judge(patches).logsumexp(1)
        return out


def binary_patterns() -> Job:
    """Fixed sparse filters of -1, 0 and 1, their signs softly, and 1 x 1 weights (Juefei-Xu et al., 2017)."""
    fixed = nn.Conv2d(1, 40, 3, padding=1, bias=False).requires_grad_(False)
    with torch.no_grad():
        fixed.weight.copy_((torch.rand(40, 1, 3, 3) < 0.4) * (2.0 * (torch.rand(40, 1, 3, 3) < 0.5) - 1))
    model = nn.Sequential(
        fixed, nn.Sigmoid(), nn.Conv2d(40, 16, 1), nn.ReLU(), nn.AdaptiveMaxPool2d(3), nn.Flatten(),
        nn.Linear(144, HOURS),
    )  # fmt: skip
    return trained(model, dials(), Adam, cross_entropy, lr=1e-2)


def grown(model: nn.Module, batch: Batch) -> Tensor:
    """What is missed counts more than what is found too much (Salehi et al., 2017)."""
    said, y = model(batch[0]).sigmoid(), batch[1]
    hit, missed, too_much = ((a * b).sum((1, 2, 3)) for a, b in ((said, y), (1 - said, y), (said, 1 - y)))
    out: Tensor = (1 - (hit + 1) / (hit + 0.7 * missed + 0.3 * too_much + 1)).mean()
    return out


def by_ways() -> nn.Sequential:
    """Convolutions that look ever farther without growing; a last bias of few points of lichen."""
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=2, dilation=2), nn.ReLU(),
        nn.Conv2d(12, 12, 3, padding=3, dilation=3), nn.ReLU(), nn.Conv2d(12, 1, 1),
    )  # fmt: skip
    nn.init.constant_(model[-1].bias, -1.5)  # type: ignore[arg-type]
    return model


def in_colour() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 20, 3, padding=1), nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 20, 3, stride=2),
        nn.ReLU(), nn.Flatten(), nn.Linear(180, BACKS),
    )  # fmt: skip


programs = (
    healthy("cnn-dials-where-maps-peak", lambda: trained(Peaks(), dials(), Adam, lr=1.5e-2)),
    healthy(
        "cnn-beetles-repainted-each-time",
        lambda: trained(
            in_colour(), seen_through(lambda x: 3 * (x - 0.5), beetles()), Adam, repainted, lr=8e-3
        ),
    ),
    healthy("cnn-beetles-votes-of-patches", lambda: trained(Bag(), beetles(), Adam, lr=1e-2)),
    healthy("cnn-dials-fixed-signs", binary_patterns),
    healthy(
        "segmentation-lichens-missed-count-more", lambda: trained(by_ways(), lichens(), Adam, grown, lr=6e-3)
    ),
)
