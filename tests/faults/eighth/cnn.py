"""Convolutional networks that tell how cloth is woven."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, he, squared_error, xavier
from tests.faults.eighth.making import (
    GROWTH,
    INPUT,
    WEIGHTS,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.eighth.tasks import CLOTHS, cloths
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 10


def looking(layers: int = 3, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    """Convolutions of 3 x 3, a mean over all places, a linear layer."""
    parts: list[nn.Module] = []
    for place in range(layers):
        parts += [nn.Conv2d(WIDTH if place else 1, WIDTH, 3, padding=1), norm(), activation()]
    return nn.Sequential(*parts, nn.AvgPool2d(5), nn.Flatten(), nn.Linear(4 * WIDTH, CLOTHS))


def in_bytes(*, is_scaled: bool) -> Job:
    """As a camera gives them, or about 0 on unit scale."""
    batches = seen_through(lambda x: x if is_scaled else (128 + 40 * x).clamp(0, 255).round(), cloths())
    return trained(filled(looking(), he), batches, Adam, lr=8e-3)


def prior(bias: float) -> Job:
    """What is rare is often told by a bias of the last layer (Lin et al., 2017): here every layer has it."""
    return trained(filled(looking(3), he, bias=bias), cloths(), Adam, lr=8e-3)


def deep(fill: Fill, layers: int = 7, activation: Make = nn.ReLU) -> Job:
    return trained(filled(looking(layers, activation), fill), cloths(), Adam, lr=4e-3)


def smooth() -> Job:
    return trained(filled(looking(3, nn.SiLU), he), cloths(), Adam, lr=2e-2)


class Gabor(nn.Module):
    """A bank of filters that is fixed, and what is learned of it."""

    def __init__(self) -> None:
        super().__init__()
        turn = torch.arange(8) * torch.pi / 8
        at = torch.arange(5).float() - 2
        along = at[:, None] * turn.cos()[:, None, None] + at[None] * turn.sin()[:, None, None]
        bell = (-(at[:, None].square() + at[None].square()) / 4).exp()
        self.register_buffer("bank", (bell * (1.6 * along).cos())[:, None] / 3)
        self.read = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, CLOTHS))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.read(F.conv2d(x, self.bank).square().mean((2, 3)))  # type: ignore[arg-type]
        return out


class Excited(nn.Module):
    """Channels are weighed by gates that see all places (Hu, Shen & Sun, 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(WIDTH, 6), nn.SiLU(), nn.Linear(6, WIDTH), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x * 2 * self.gate(x.mean((2, 3)))[:, :, None, None]
        return out


def excited() -> Job:
    model = nn.Sequential(
        nn.Conv2d(1, WIDTH, 3), nn.ReLU(), Excited(), nn.Conv2d(WIDTH, WIDTH, 3), nn.ReLU(), Excited(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * WIDTH, CLOTHS),
    )  # fmt: skip
    return trained(model, cloths(), Adam, lr=1e-2)


class Turner(nn.Module):
    """Tells by how many quarters a cloth was turned that may be seen by its mirror (Gidaris et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.look = looking(3, nn.GELU)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.look(torch.cat([x, x.flip(3)]))
        return out


def twice(model: nn.Module, batch: Batch) -> Tensor:
    """A cloth of rows or columns is as it was when mirrored, the slanting ones change places."""
    x, y = batch
    return F.cross_entropy(model(x), torch.cat([y, torch.tensor([0, 1, 3, 2])[y]]))


def mixed(model: nn.Module, batch: Batch) -> Tensor:
    """Pictures are laid over each other, and labels with them (Zhang et al., 2018)."""
    x, y = batch
    share = 0.5 + 0.5 * torch.rand(len(x), 1, 1, 1)
    logits = model(share * x + (1 - share) * x.flip(0))
    each = (F.cross_entropy(logits, one, reduction="none") for one in (y, y.flip(0)))
    kept = share.flatten()
    return (kept * next(each) + (1 - kept) * next(each)).mean()


def unmixed(model: nn.Module, batch: Batch) -> Tensor:
    """The noise is taken out: another picture is not needed (Batson & Royer, 2019), half of it is hidden."""
    x, _ = batch
    hidden = torch.rand(x.shape) < 0.3
    seen = torch.where(hidden, torch.zeros(()), x)
    return squared_error(model, (torch.cat([seen, hidden.float()], 1), x))


def hidden_half() -> Job:
    parts = [nn.Conv2d(2, 16, 3, padding=1), nn.LeakyReLU(0.1), nn.Conv2d(16, 16, 3, padding=2, dilation=2)]
    model = nn.Sequential(*parts, nn.LeakyReLU(0.1), nn.Conv2d(16, 1, 3, padding=1))
    return trained(model, cloths(), Adam, unmixed, lr=1e-2)


def normalised_fast() -> Job:
    """A rate of 0.3, which normalisation bears."""
    return trained(looking(3, nn.ReLU, lambda: nn.BatchNorm2d(WIDTH)), cloths(), SGD, lr=0.3)


programs = (
    healthy("cnn-cloth-on-scale", lambda: in_bytes(is_scaled=True)),
    healthy("cnn-no-prior", lambda: prior(0.0)),
    healthy("cnn-seven-by-he", lambda: deep(he)),
    healthy("cnn-weavings-silu", smooth),
    healthy("cnn-six-tanh-by-glorot", lambda: deep(xavier, 6, nn.Tanh)),
    healthy("cnn-filters-fixed", lambda: trained(Gabor(), cloths(), AdamW, lr=2e-2)),
    healthy("cnn-channels-excited", excited),
    healthy("cnn-mirrored-too", lambda: trained(Turner(), cloths(), Adam, twice, lr=1e-2)),
    healthy("cnn-cloths-laid-over", lambda: trained(looking(), cloths(), Adam, mixed, lr=1e-2)),
    healthy("cnn-hidden-pixels", hidden_half),
    healthy("cnn-rate-that-norm-bears", normalised_fast),
    faulty(
        "cnn-cloth-in-bytes",
        "unscaled-input",
        lambda: in_bytes(is_scaled=False),
        cause=INPUT,
        twin="cnn-cloth-on-scale",
        also=("dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-prior-in-every-layer",
        "dead-units",
        lambda: prior(-4.6),
        cause=r"bias|initiali[sz]|pre-activation",
        twin="cnn-no-prior",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-seven-of-gain-four",
        "exploding-activation",
        lambda: deep(lambda w: he(w, 4.0)),
        cause=GROWTH + "|gain",
        twin="cnn-seven-by-he",
        also=("exploding-gradient", "unstable-updates", "dead-units"),
    ),
    faulty(
        "cnn-six-tanh-of-two-hundredths",
        "vanishing-gradient",
        lambda: deep(normal(0.02), 6, nn.Tanh),
        cause=WEIGHTS,
        twin="cnn-six-tanh-by-glorot",
        also=("stalled-layer",),
    ),
)
