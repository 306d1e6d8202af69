"""Autoencoders of firings of a kiln."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, he, squared_error
from tests.faults.eighth.making import ALIKE, CUT, Fill, filled, trained
from tests.faults.fifteenth.tasks import KILN, kilns
from tests.faults.program import Batch, Job, faulty, healthy


def narrowed(fill: Fill) -> Job:
    """Down to six numbers and up again, by rectifiers."""
    model = filled(chain([KILN, 48, 32, 6, 32, 48, KILN]), fill)
    return trained(model, kilns(), Adam, squared_error, lr=4e-3)


def below(weight: Tensor) -> None:
    """Uniform, from a number below 0 to one where the other sign was meant, and 0 was written."""
    nn.init.uniform_(weight, -0.2, 0.0)


def over_inputs(weight: Tensor) -> None:
    """Every weight is one over the number of inputs."""
    nn.init.constant_(weight, 1 / weight.shape[1])


class Stepped(nn.Module):
    """A code of eight numbers on five steps each; gradients go past the steps or stop there."""

    def __init__(self, *, is_past: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([KILN, 40, 8], nn.GELU), chain([8, 40, KILN], nn.GELU)
        self.is_past = is_past

    def forward(self, x: Tensor) -> Tensor:
        code = 2 * torch.tanh(self.encode(x))
        steps = code.round()
        out: Tensor = self.decode(code + (steps - code).detach() if self.is_past else steps)
        return out


class Coded(nn.Module):
    """A code between -1 and 1, which is told too."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.squash = chain([KILN, 48, 8], nn.SiLU), nn.Tanh()
        self.decode = chain([8, 48, KILN], nn.SiLU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = self.squash(self.encode(x))
        return self.decode(code), code


class Binary:
    """The error, and a price for codes that are far from both ends."""

    def __init__(self, price: float) -> None:
        self.price = price

    def __call__(self, model: nn.Module, batch: Batch) -> Tensor:
        made, code = model(batch[0])
        out: Tensor = F.mse_loss(made, batch[1]) + self.price * (1 - code.square()).mean()
        return out


def priced(price: float) -> Job:
    return trained(Coded(), kilns(), Adam, Binary(price), lr=8e-3)


# Healthy trainings that look odd


class Mirrored(nn.Module):
    """What goes up uses the weights of what went down, the other way round."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(KILN, 40), nn.Linear(40, 6)
        self.biases = nn.ParameterList([torch.zeros(40), torch.zeros(KILN)])

    def forward(self, x: Tensor) -> Tensor:
        code = self.two(F.elu(self.one(x)))
        return F.linear(
            F.elu(F.linear(code, self.two.weight.T, self.biases[0])), self.one.weight.T, self.biases[1]
        )


def patched(model: nn.Module, batch: Batch) -> Tensor:
    """Every third number is hidden, and only those are asked for."""
    x, y = batch
    hidden = (torch.arange(KILN) + torch.arange(len(x))[:, None]) % 3 == 0
    made = model(torch.where(hidden, 0.0, x))
    return F.mse_loss(made[hidden], y[hidden])


class Drawn(nn.Module):
    """A code is drawn about its mean (Kingma & Welling, 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([KILN, 48, 12], nn.ELU), chain([6, 48, KILN], nn.ELU)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log = self.encode(x).chunk(2, 1)
        far = (mean.square() + log.exp() - log - 1).mean() / 2
        return self.decode(mean + torch.randn_like(mean) * (log / 2).exp()), far


def bound(model: nn.Module, batch: Batch) -> Tensor:
    """A code may tell a little for nothing (Kingma et al., 2016)."""
    made, far = model(batch[0])
    out: Tensor = F.mse_loss(made, batch[1]) + 0.2 * far.clamp(min=0.05)
    return out


programs = (
    healthy("autoencoder-kilns-six-by-he", lambda: narrowed(he)),
    healthy(
        "autoencoder-kilns-past-the-steps",
        lambda: trained(Stepped(is_past=True), kilns(), Adam, squared_error, lr=8e-3),
    ),
    healthy("autoencoder-kilns-ends-at-a-small-price", lambda: priced(0.005)),
    healthy(
        "autoencoder-kilns-up-as-down", lambda: trained(Mirrored(), kilns(), AdamW, squared_error, lr=8e-3)
    ),
    healthy(
        "autoencoder-kilns-every-third-hidden",
        lambda: trained(chain([KILN, 64, 64, KILN], nn.GELU), kilns(), Adam, patched, lr=5e-3),
    ),
    healthy(
        "autoencoder-kilns-a-little-for-nothing", lambda: trained(Drawn(), kilns(), Adam, bound, lr=8e-3)
    ),
    faulty(
        "autoencoder-kilns-six-below-nothing",
        "dead-units",
        lambda: narrowed(below),
        cause=r"weights?|initiali[sz]|negative|below 0|pre-activation|sign",
        twin="autoencoder-kilns-six-by-he",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-kilns-six-over-inputs",
        "symmetric-units",
        lambda: narrowed(over_inputs),
        cause=ALIKE,
        twin="autoencoder-kilns-six-by-he",
        also=("vanishing-gradient", "dead-units", "unstable-updates"),
    ),
    faulty(
        "autoencoder-kilns-stopped-at-the-steps",
        "stalled-layer",
        lambda: trained(Stepped(is_past=False), kilns(), Adam, squared_error, lr=8e-3),
        cause=CUT + "|round|step|straight",
        twin="autoencoder-kilns-past-the-steps",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-kilns-ends-at-a-great-price",
        "saturated-units",
        lambda: priced(5.0),
        cause=r"penalt|regulari|price|\bloss\b|code|driven|pushed|pre-activation",
        twin="autoencoder-kilns-ends-at-a-small-price",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
