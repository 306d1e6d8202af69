"""Lines of powders that are pressed into few numbers, and made again."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import chain, initialised, squared_error, xavier
from tests.faults.drawn.cedar.tasks import LINES, spectra
from tests.faults.eighth.making import CUT, GROWTH, Fill, Loss, trained
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN


class Rounded(nn.Module):
    """A code of whole numbers; the gradient goes straight through the rounding or does not."""

    def __init__(self, *, is_straight: bool) -> None:
        super().__init__()
        self.press, self.make = chain([LINES, 48, 3], nn.ReLU), chain([3, 48, LINES], nn.ReLU)
        self.is_straight = is_straight

    def forward(self, x: Tensor) -> Tensor:
        code = 2 * self.press(x)
        near = code.round()
        out: Tensor = self.make(code + (near - code).detach() if self.is_straight else near)
        return out


def rounded(*, is_straight: bool) -> Job:
    return trained(Rounded(is_straight=is_straight), spectra(), Adam, squared_error, lr=6e-3)


class Sparse(nn.Module):
    """Twice as many codes as lines, of which few are to be above 0 at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.press, self.act, self.make = nn.Linear(LINES, 2 * LINES), nn.ReLU(), nn.Linear(2 * LINES, LINES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.act(self.press(x))
        return self.make(code), code


def few_by_mean(model: nn.Module, batch: Batch) -> Tensor:
    """The error as a mean over lines, and some share of how large the codes are on the mean."""
    made, code = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.6 * code.mean()
    return out


def few_by_sum(model: nn.Module, batch: Batch) -> Tensor:
    """The same with the sum over codes, which belongs to an error that is summed too."""
    made, code = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.6 * code.sum(1).mean()
    return out


def few(loss: Loss) -> Job:
    return trained(Sparse(), spectra(), SGD, loss, lr=0.2, momentum=0.9)


def orthogonal(gain: float) -> Fill:
    def fill(weight: Tensor) -> None:
        nn.init.orthogonal_(weight, gain=gain)

    return fill


def pressed(gain: float) -> Job:
    """Five leaky layers down and five up, drawn as of some gain."""
    sizes = [LINES, 24, 24, 20, 16, 6, 16, 20, 24, 24, LINES]
    model = initialised(chain(sizes, lambda: nn.LeakyReLU(0.3)), orthogonal(gain), xavier)
    return trained(model, spectra(), Adam, squared_error, lr=3e-3)


# Healthy trainings that look odd


class Covered(nn.Module):
    """A third of the lines is covered by 0; what is under it is to be guessed."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([2 * LINES, 64, 64, LINES], nn.GELU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = (torch.rand_like(x) > 1 / 3).float()
        return self.body(torch.cat([x * seen, seen], 1)), 1 - seen


def under_cover(model: nn.Module, batch: Batch) -> Tensor:
    made, covered = model(batch[0])
    out: Tensor = ((made - batch[1]).square() * covered).sum() / covered.sum()
    return out


class Greatest(nn.Module):
    """Only the six greatest of 64 codes are kept (Makhzani & Frey, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.press, self.make = nn.Linear(LINES, 64), nn.Linear(64, LINES)

    def forward(self, x: Tensor) -> Tensor:
        code = self.press(x)
        best = code.topk(6, 1)
        out: Tensor = self.make(torch.zeros_like(code).scatter(1, best.indices, best.values))
        return out


programs = (
    healthy("autoencoder-spectra-rounded-straight-through", lambda: rounded(is_straight=True)),
    healthy("autoencoder-spectra-few-codes", lambda: few(few_by_mean)),
    healthy("autoencoder-spectra-ten-orthogonal", lambda: pressed(1.3)),
    healthy(
        "autoencoder-spectra-covered", lambda: trained(Covered(), spectra(), AdamW, under_cover, lr=6e-3)
    ),
    healthy(
        "autoencoder-spectra-six-greatest",
        lambda: trained(Greatest(), spectra(), Adam, squared_error, lr=4e-3),
    ),
    faulty(
        "autoencoder-spectra-rounded-as-it-is",
        "stalled-layer",
        lambda: rounded(is_straight=False),
        cause=CUT + "|round|straight",
        twin="autoencoder-spectra-rounded-straight-through",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-spectra-penalty-of-the-sum",
        "dead-units",
        lambda: few(few_by_sum),
        cause=DRIVEN + "|penalty|spars|regulari|\\bloss\\b|L1",
        twin="autoencoder-spectra-few-codes",
        also=("unstable-updates",),
    ),
    faulty(
        "autoencoder-spectra-ten-of-gain-4",
        "exploding-gradient",
        lambda: pressed(4.0),
        cause=GROWTH + "|gain",
        twin="autoencoder-spectra-ten-orthogonal",
        also=("exploding-activation", "unstable-updates"),
    ),
)
