"""Two encoders, or one twice: pictures and captions, signatures of machines, two views of genes."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, he, xavier
from tests.faults.eighth.making import (
    ENDS,
    INPUT,
    UNDEFINED,
    Fill,
    Loss,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.eighth.tasks import captions, genes
from tests.faults.program import Batch, Job, faulty, healthy

SEEN, SAID, CODE = 24, 16, 12


class Both(nn.Module):
    """One encoder of pictures and one of captions; codes of length 1, unless they are told as they are."""

    def __init__(self, see: nn.Module, say: nn.Module | None = None) -> None:
        super().__init__()
        self.see, self.say = see, say or chain([SAID, 48, CODE], nn.GELU)
        self.sharpness = nn.Parameter(torch.tensor(1.6))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        one, other = F.normalize(self.see(x), dim=1), F.normalize(self.say(y), dim=1)
        out: Tensor = self.sharpness.exp() * one @ other.t()
        return out


def contrasted(model: nn.Module, batch: Batch) -> Tensor:
    """Each picture is to find its caption, and each caption its picture (Radford et al., 2021)."""
    scores = model(*batch)
    own = torch.arange(len(scores))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.t(), own)) / 2


def by_hand(model: nn.Module, batch: Batch) -> Tensor:
    """The same as a share of exponentials."""
    shares = model(*batch).exp()
    own = shares.diagonal()
    return -((own / shares.sum(0)).log() + (own / shares.sum(1)).log()).mean() / 2


def matched(model: nn.Module, loss: Loss = contrasted, lr: float = 5e-3, kind: type = Adam) -> Job:
    return trained(model, captions(), kind, loss, lr=lr)


def sharp(loss: Loss) -> Job:
    """A temperature of a two-hundredth, which is learned on from there."""
    model = Both(chain([SEEN, 48, CODE], nn.GELU))
    nn.init.constant_(model.sharpness, 5.0)
    return matched(model, loss, 3e-3)


def tanh(fill: Fill) -> Job:
    return matched(Both(filled(chain([SEEN, 64, 64, CODE], nn.Tanh), fill)))


def small() -> Job:
    return matched(Both(chain([SEEN, 48, 48, CODE])), lr=3e-3, kind=AdamW)


def lit(by: float) -> Job:
    """Pictures are in the least of units, or on unit scale."""
    model = Both(filled(chain([SEEN, 48, CODE], nn.Tanh), xavier))
    return trained(model, seen_through(lambda x: by * x, captions()), SGD, contrasted, lr=0.5, momentum=0.5)


class Once(nn.Module):
    """One encoder for genes of a cell and of another, or of the same again."""

    def __init__(self, activation: Make = nn.GELU) -> None:
        super().__init__()
        self.encode = chain([30, 48, 8], activation)
        self.level, self.steep = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.encode(x) - self.encode(y)


def apart(least: float) -> Loss:
    """The first halves of the batch with themselves read again, or, of one in eight, with the very same."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(model, Once)
        x, y = batch
        other = torch.cat([x[:6], y[6:24], y[24:].roll(1, 0)])
        far = (model(x, other).square().sum(1) + least).sqrt()
        same = (torch.arange(len(x)) < 24).float()
        return F.binary_cross_entropy_with_logits(model.steep * (model.level - far), same)

    return loss


def distant(least: float) -> Job:
    return trained(Once(), genes(), Adam, apart(least), lr=5e-3)


class Guess(nn.Module):
    """One view guesses what a slow copy says of the other (Grill et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.fast, self.guess = chain([30, 48, 8], nn.ELU), chain([8, 24, 8], nn.ELU)
        self.slow = deepcopy(self.fast).requires_grad_(False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            for slow, fast in zip(self.slow.parameters(), self.fast.parameters(), strict=True):
                slow.lerp_(fast, 0.03)
            told = F.normalize(self.slow(y), dim=1)
        guessed = F.normalize(self.guess(self.fast(x)), dim=1)
        return 2 - 2 * (guessed * told).sum(1)


def guessed(model: nn.Module, batch: Batch) -> Tensor:
    out: Tensor = model(*batch).mean()
    return out


class Barlow(nn.Module):
    """Codes of both views, each number normalised over the batch (Zbontar et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode = nn.Sequential(chain([30, 48, 8]), nn.BatchNorm1d(8, affine=False))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.encode(x).t() @ self.encode(y) / len(x)


def uncorrelated(model: nn.Module, batch: Batch) -> Tensor:
    together = model(*batch)
    on = (1 - together.diagonal()).square().sum()
    return on / 4 + 0.05 * (together - together.diagonal().diag()).square().sum()


def frozen_eye() -> Job:
    """An encoder of pictures stays as it was drawn, captions are brought to it (Zhai et al., 2022)."""
    model = Both(filled(chain([SEEN, 64, CODE]), he))
    model.see.requires_grad_(False)
    return matched(model, lr=1e-2)


def alone(model: nn.Module, batch: Batch) -> Tensor:
    """Each pair is told by itself (Zhai et al., 2023)."""
    scores = model(*batch)
    return -F.logsigmoid((scores - 3) * (2 * torch.eye(len(scores)) - 1)).sum(1).mean()


programs = (
    healthy("siamese-captions-by-entropy", lambda: sharp(contrasted)),
    healthy("siamese-captions-tanh-by-glorot", lambda: tanh(xavier)),
    healthy("siamese-captions-silu", lambda: matched(Both(chain([SEEN, 48, CODE], nn.SiLU)))),
    healthy("siamese-captions-in-small-steps", lambda: small()),
    healthy("siamese-pictures-on-scale", lambda: lit(1.0)),
    healthy("siamese-distances-above-0", lambda: distant(1e-4)),
    healthy("siamese-guess-of-a-slow-copy", lambda: trained(Guess(), genes(), Adam, guessed, lr=5e-3)),
    healthy("siamese-views-uncorrelated", lambda: trained(Barlow(), genes(), Adam, uncorrelated, lr=5e-3)),
    healthy("siamese-eye-that-stays", frozen_eye),
    healthy("siamese-each-pair-by-itself", lambda: matched(Both(chain([SEEN, 48, CODE])), alone, 1e-2)),
    faulty(
        "siamese-captions-by-exponentials",
        "non-finite",
        lambda: sharp(by_hand),
        cause=UNDEFINED + "|temperature|score",
        twin="siamese-captions-by-entropy",
    ),
    faulty(
        "siamese-captions-tanh-of-unit-normals",
        "saturated-units",
        lambda: tanh(normal(1.0)),
        cause=ENDS,
        twin="siamese-captions-tanh-by-glorot",
        also=("exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "siamese-pictures-in-thousandths",
        "unscaled-input",
        lambda: lit(1e-3),
        cause=INPUT,
        twin="siamese-pictures-on-scale",
        also=("vanishing-gradient", "stalled-layer", "saturated-units"),
    ),
    faulty(
        "siamese-distances-of-0",
        "non-finite",
        lambda: distant(0.0),
        cause=UNDEFINED + "|norm|distance",
        twin="siamese-distances-above-0",
    ),
)
