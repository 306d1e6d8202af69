"""Autoencoders and denoisers of curves of two bumps."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam, RMSprop

from tests.faults.building import Make, chain, he, initialised, squared_error, weighted, xavier
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tasks import generator
from tests.faults.third.making import CUT, GROWTH, INPUT, STEP, seen_through, trained
from tests.faults.third.tasks import bumps

SIZE = 32


class OverFeatures(nn.Softmax):
    """A softmax over a layer's units."""

    def __init__(self) -> None:
        super().__init__(dim=-1)


def funnel(activation: Make) -> Job:
    """Four hidden layers of one activation, which may be one that is meant for chances at the end."""
    model = initialised(chain([SIZE, 48, 24, 24, 48, SIZE], activation))
    return trained(model, bumps(), NAdam, squared_error, lr=3e-3)


def drawn(bound: float | None) -> Job:
    """Every weight drawn evenly between -1 and 1, or by He's rule and the last ones by Glorot's."""

    def fill(weight: Tensor) -> None:
        nn.init.uniform_(weight, -1, 1) if bound else nn.init.xavier_uniform_(weight)

    model = initialised(chain([SIZE, *[48] * 9, SIZE]), fill if bound else he, fill)
    return trained(model, bumps(), Adam, squared_error, lr=1e-3)


def sparse(bias: float) -> Job:
    """A code whose units are to fire for one example in a hundred, so their bias begins far below 0."""
    model = initialised(chain([SIZE, 64, SIZE]))
    offset = weighted(model)[0].bias
    assert offset is not None
    nn.init.constant_(offset, bias)
    return trained(model, bumps(), RMSprop, squared_error, lr=2e-3)


class Chosen(nn.Module):
    """Eight letters of six each as a code: the likeliest ones, with the gradient of their chances or none."""

    def __init__(self, *, is_passed_on: bool) -> None:
        super().__init__()
        self.encode, self.decode = chain([SIZE, 48, 48], nn.SiLU), chain([48, 48, SIZE], nn.SiLU)
        self.is_passed_on = is_passed_on

    def forward(self, x: Tensor) -> Tensor:
        chances = self.encode(x).unflatten(-1, (8, 6)).softmax(-1)
        chosen = F.one_hot(chances.argmax(-1), 6).float()
        code = chosen + chances - chances.detach() if self.is_passed_on else chosen
        out: Tensor = self.decode(code.flatten(1))
        return out


def chosen(*, is_passed_on: bool) -> Job:
    return trained(Chosen(is_passed_on=is_passed_on), bumps(), AdamW, squared_error, lr=1e-2)


def linear(lr: float) -> Job:
    """A code without any activation, by descent."""
    return trained(chain([SIZE, 8, SIZE], nn.Identity), bumps(), SGD, squared_error, lr=lr, momentum=0.9)


def recorded(scale: float) -> Job:
    """Sound as whole numbers of sixteen bits, or on unit scale as the clean sound is."""
    batches = seen_through(lambda x: x * scale, bumps())
    return trained(initialised(chain([SIZE, 64, SIZE])), batches, SGD, squared_error, lr=0.2, momentum=0.5)


class Unrolled(nn.Module):
    """Convolutions over a curve, halved twice and doubled twice, with the finer curve handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv1d(1, 12, 4, 2, 1), nn.Conv1d(12, 16, 4, 2, 1)])
        self.up = nn.ModuleList([nn.ConvTranspose1d(16, 12, 4, 2, 1), nn.ConvTranspose1d(24, 1, 4, 2, 1)])

    def forward(self, x: Tensor) -> Tensor:
        fine = F.leaky_relu(self.down[0](x[:, None]), 0.1)
        coarse = F.leaky_relu(self.down[1](fine), 0.1)
        back = F.leaky_relu(self.up[0](coarse), 0.1)
        out: Tensor = self.up[1](torch.cat([back, fine], 1))[:, 0]
        return out


def masked() -> Job:
    """Three places in four are hidden, and count alone."""
    draw = generator(76)
    batches: list[Batch] = []
    for x, y in bumps():
        shown = (torch.rand(x.shape, generator=draw) < 0.5).float()
        batches.append((torch.cat([x * shown, shown], 1), y, 1 - shown))

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y, hidden = batch
        out: Tensor = ((model(x) - y).square() * hidden).sum() / hidden.sum()
        return out

    return trained(initialised(chain([2 * SIZE, 64, 64, SIZE], nn.GELU)), batches, Adam, loss, lr=3e-3)


class Noisy(nn.Module):
    """A variational code of which some numbers end as mere noise."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = chain([SIZE, 48, 24], nn.Tanh), chain([12, 48, SIZE], nn.Tanh)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, logarithm = self.encode(x).chunk(2, 1)
        made = self.decode(mean + (logarithm / 2).exp() * torch.randn_like(mean))
        return made, mean, logarithm


def variational() -> Job:
    def loss(model: nn.Module, batch: Batch) -> Tensor:
        made, mean, logarithm = model(batch[0])
        apart = (mean.square() + logarithm.exp() - 1 - logarithm).sum(1).mean() / 2
        out: Tensor = F.mse_loss(made, batch[1]) + 0.01 * apart
        return out

    return trained(Noisy(), bumps(), Adam, loss, lr=5e-3)


def one_number() -> Job:
    """A code of a single number, which can tell but a little."""
    model = initialised(chain([SIZE, 48, 1, 48, SIZE], nn.Tanh), xavier)
    return trained(model, bumps(), Adam, squared_error, lr=1e-2)


programs = (
    healthy("autoencoder-silu-funnel", lambda: funnel(nn.SiLU)),
    healthy("autoencoder-by-glorot", lambda: drawn(None)),
    healthy("autoencoder-overcomplete", lambda: sparse(0.0)),
    healthy("autoencoder-letters-passed-on", lambda: chosen(is_passed_on=True)),
    healthy("autoencoder-linear", lambda: linear(0.1)),
    healthy("autoencoder-sound", lambda: recorded(1.0)),
    healthy("autoencoder-handed-over", lambda: trained(Unrolled(), bumps(), Adam, squared_error, lr=5e-3)),
    healthy("autoencoder-half-hidden", masked),
    healthy("autoencoder-noisy-code", variational),
    healthy("autoencoder-one-number", one_number),
    faulty(
        "autoencoder-softmax-between",
        "vanishing-gradient",
        lambda: funnel(OverFeatures),
        cause="softmax|activation|slope|flat end|saturat",
        twin="autoencoder-silu-funnel",
    ),
    faulty(
        "autoencoder-between-minus-one-and-one",
        "exploding-gradient",
        lambda: drawn(1.0),
        cause=GROWTH,
        twin="autoencoder-by-glorot",
        also=("exploding-activation",),
    ),
    faulty(
        "autoencoder-bias-for-rare-firing",
        "dead-units",
        lambda: sparse(-18.0),
        cause="bias",
        twin="autoencoder-overcomplete",
        also=("vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "autoencoder-letters-by-argmax",
        "stalled-layer",
        lambda: chosen(is_passed_on=False),
        cause=CUT + "|argmax|one_hot|discrete|integer",
        twin="autoencoder-letters-passed-on",
        also=("vanishing-gradient",),
    ),
    faulty(
        "autoencoder-linear-diverges",
        "non-finite",
        lambda: linear(8.0),
        cause=STEP + "|diverg",
        twin="autoencoder-linear",
        also=("unstable-updates",),
    ),
    faulty(
        "autoencoder-sixteen-bits",
        "unscaled-input",
        lambda: recorded(12000.0),
        cause=INPUT,
        twin="autoencoder-sound",
        also=("non-finite", "unstable-updates", "dead-units"),
    ),
)
