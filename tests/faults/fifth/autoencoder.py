"""Autoencoders of spectra, and such as draw their codes."""

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, he, squared_error
from tests.faults.fifth.making import ALIKE, CUT, UNDEFINED, constant, filled, trained
from tests.faults.fifth.tasks import CHANNELS, spectra
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import Pairs


class Sparse(nn.Module):
    """A code of 48 rectifiers, and the spectrum of it."""

    def __init__(self, activation: Make = nn.ReLU) -> None:
        super().__init__()
        self.encode, self.fire, self.decode = nn.Linear(CHANNELS, 48), activation(), nn.Linear(48, CHANNELS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.fire(self.encode(x))
        return self.decode(code), code


def penalised(weight: float) -> Job:
    """The code's sum counts as much as the error, times a weight (Olshausen & Field, 1996)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, code = model(batch[0])
        return F.mse_loss(made, batch[1]) + weight * code.abs().sum(1).mean()

    return trained(Sparse(), spectra(), Adam, loss, lr=3e-2)


class Quantised(nn.Module):
    """The nearest of 32 vectors is used; the gradient is passed on (van den Oord et al., 2017), or not."""

    def __init__(self, *, is_passed: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([CHANNELS, 32, 12]), chain([12, 32, CHANNELS])
        self.vectors, self.is_passed = nn.Parameter(0.5 * torch.randn(32, 4)), is_passed

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encode(x).tanh().unflatten(1, (3, 4))
        nearest = self.vectors[torch.cdist(code.detach(), self.vectors.detach()).argmin(-1)]
        used = code + (nearest - code).detach() if self.is_passed else nearest
        return self.decode(used.flatten(1)), (nearest - code.detach()).square().mean()


def quantised(*, is_passed: bool) -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, apart = model(batch[0])
        out: Tensor = F.mse_loss(made, batch[1]) + 0.25 * apart
        return out

    return trained(Quantised(is_passed=is_passed), spectra(), Adam, loss, lr=1e-2)


class Drawn(nn.Module):
    """Codes are drawn about where the encoder says, by `rsample`, or by `sample`."""

    def __init__(self, *, is_passed: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([CHANNELS, 48, 6], nn.ELU), chain([6, 48, CHANNELS], nn.ELU)
        self.is_passed = is_passed

    def forward(self, x: Tensor) -> Tensor:
        where = Normal(2 * self.encode(x).tanh(), 0.2)
        out: Tensor = self.decode(where.rsample() if self.is_passed else where.sample())
        return out


def of_intensities(output: Make) -> Job:
    """Spectra as counts about 6 in units of a thousand, made by a tanh in the end, or without it."""
    batches: Pairs = [(x, 2 * y + 6) for x, y in spectra()]
    model = nn.Sequential(*chain([CHANNELS, 48, 10, 48, CHANNELS], nn.SiLU), output())
    return trained(model, batches, Adam, squared_error, lr=1e-2)


def in_sixteen_bits(kind: torch.dtype) -> Job:
    """The error of whole numbers, as sums over a spectrum, in 16 bits or in 32."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        apart = (100 * (model(batch[0]) - batch[1])).to(kind)
        return apart.square().sum(1).float().mean() / 1e4 / CHANNELS

    return trained(chain([CHANNELS, 32, 8, 32, CHANNELS], nn.SiLU), spectra(), Adam, loss, lr=5e-3)


class Variational(nn.Module):
    """A mean and a deviation of each number of the code (Kingma & Welling, 2014)."""

    def __init__(self, positive: Make) -> None:
        super().__init__()
        self.encode, self.decode = chain([CHANNELS, 48, 12], nn.SiLU), chain([6, 48, CHANNELS], nn.SiLU)
        self.positive = positive()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, raw = self.encode(x).chunk(2, 1)
        deviation = self.positive(raw)
        far = (mean.square() + deviation.square() - 1).sum(1) / 2 - deviation.log().sum(1)
        return self.decode(mean + deviation * torch.randn_like(mean)), far.mean()


def bounded(weight: float, least: float = 0.0) -> object:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, far = model(batch[0])
        out: Tensor = F.mse_loss(made, batch[1]) + weight * far.clamp(min=least)
        return out

    return loss


def variational(positive: Make, weight: float = 0.01, least: float = 0.0, value: float | None = None) -> Job:
    model = Variational(positive)
    for part in (model.encode, model.decode) if value is not None else ():
        filled(part, constant(value))
    return trained(model, spectra(), Adam, bounded(weight, least), lr=1e-2)  # type: ignore[arg-type]


class Layered(nn.Module):
    """What the first code leaves is given to a second one (Juang & Gray, 1982), both of sigmoids."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (
            nn.Sequential(nn.Linear(CHANNELS, 16), nn.Sigmoid(), nn.Linear(16, CHANNELS)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        rough = self.first(x)
        out: Tensor = rough + self.second(x - rough.detach())
        return out


def steady(model: nn.Module, batch: Batch) -> Tensor:
    """The code is to change little in a random direction (Rifai et al., 2011)."""
    x, y = batch
    made, code = model(x)
    nudged = model(x + 0.1 * torch.randn_like(x))[1]
    out: Tensor = F.mse_loss(made, y) + 2.0 * (code - nudged).square().mean()
    return out


def rarely_on(model: nn.Module, batch: Batch) -> Tensor:
    """Each sigmoid of the code is to be on for one example in ten (Ng, 2011)."""
    made, code = model(batch[0])
    share = code.mean(0)
    far = 0.1 * (0.1 / share).log() + 0.9 * (0.9 / (1 - share)).log()
    out: Tensor = F.mse_loss(made, batch[1]) + 0.01 * far.sum()
    return out


programs = (
    healthy("autoencoder-light-penalty", lambda: penalised(2e-3)),
    healthy("autoencoder-nearest-passed-on", lambda: quantised(is_passed=True)),
    healthy(
        "autoencoder-drawn-with-gradient",
        lambda: trained(Drawn(is_passed=True), spectra(), Adam, squared_error, lr=1e-2),
    ),
    healthy("autoencoder-intensities-unbounded", lambda: of_intensities(nn.Identity)),
    healthy("autoencoder-sums-in-full", lambda: in_sixteen_bits(torch.float32)),
    healthy("autoencoder-layered", lambda: trained(Layered(), spectra(), AdamW, squared_error, lr=2e-2)),
    healthy(
        "autoencoder-steady-code", lambda: trained(Sparse(nn.Softplus), spectra(), Adam, steady, lr=1e-2)
    ),
    healthy(
        "autoencoder-rarely-on", lambda: trained(Sparse(nn.Sigmoid), spectra(), Adam, rarely_on, lr=3e-2)
    ),
    healthy(
        "autoencoder-gains-by-descent",
        lambda: trained(
            filled(chain([CHANNELS, 64, 8, 64, CHANNELS]), he),
            spectra(),
            SGD,
            squared_error,
            lr=0.05,
            momentum=0.9,
        ),
    ),
    healthy("vae-softplus", lambda: variational(nn.Softplus)),
    healthy("vae-free-of-charge", lambda: variational(nn.Softplus, 0.05, 3.0)),
    healthy("vae-half-collapsed", lambda: variational(nn.Softplus, 0.04)),
    faulty(
        "autoencoder-heavy-penalty",
        "dead-units",
        lambda: penalised(1.0),
        cause=r"penalt|spars|\bloss\b|bias|drift|push|driven|during training|update|\bl1\b",
        twin="autoencoder-light-penalty",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-nearest-not-passed-on",
        "stalled-layer",
        lambda: quantised(is_passed=False),
        cause=CUT + "|argmin|nearest|index|discrete",
        twin="autoencoder-nearest-passed-on",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-drawn-without-gradient",
        "stalled-layer",
        lambda: trained(Drawn(is_passed=False), spectra(), Adam, squared_error, lr=1e-2),
        cause=CUT + "|sampl|drawn",
        twin="autoencoder-drawn-with-gradient",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-intensities-through-tanh",
        "saturated-units",
        lambda: of_intensities(nn.Tanh),
        cause=r"target|output|range|pre-activation|during training|update",
        twin="autoencoder-intensities-unbounded",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-sums-in-half",
        "non-finite",
        lambda: in_sixteen_bits(torch.float16),
        cause=r"overflow|half|float16|precision|largest|too large|infini|\binf\b|\bloss\b",
        twin="autoencoder-sums-in-full",
    ),
    faulty(
        "vae-deviation-by-relu",
        "non-finite",
        lambda: variational(nn.ReLU),
        cause=UNDEFINED,
        twin="vae-softplus",
    ),
    faulty(
        "vae-all-from-zero",
        "symmetric-units",
        lambda: variational(nn.Softplus, value=0.0),
        cause=ALIKE,
        twin="vae-softplus",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
