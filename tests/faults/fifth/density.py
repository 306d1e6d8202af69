"""Networks that tell how likely something is: flows, and mixtures; and one that takes a picture by places."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW, RMSprop

from tests.faults.building import chain, he, squared_error
from tests.faults.fifth.making import GROWTH, INPUT, UNDEFINED, filled, trained
from tests.faults.fifth.tasks import moons, picture, reached, titration
from tests.faults.program import Batch, Job, faulty, healthy


class Flow(nn.Module):
    """Each number in turns is moved and stretched by what the other says (Dinh et al., 2017)."""

    def __init__(self, layers: int, gain: float, *, is_bounded: bool) -> None:
        super().__init__()
        self.says = nn.ModuleList(chain([1, 24, 24, 2], nn.SiLU) for _ in range(layers))
        for net in self.says:
            filled(net, he)
            nn.init.normal_(net[-1].weight, std=gain)  # type: ignore[index,union-attr,arg-type]
        self.is_bounded = is_bounded

    def forward(self, x: Tensor) -> Tensor:
        kept, other = x.chunk(2, 1)
        stretched = x.new_zeros(len(x), 1)
        for says in self.says:
            stretch, move = says(kept).chunk(2, 1)
            stretch = stretch.tanh() if self.is_bounded else stretch
            kept, other = other * stretch.exp() + move, kept
            stretched = stretched + stretch
        squares = kept.square() + other.square()
        return (squares / 2 - stretched + math.log(2 * math.pi)).mean()


def unlikely(model: nn.Module, batch: Batch) -> Tensor:
    """In nats above 1.5, which no network comes near."""
    out: Tensor = model(batch[0]) - 1.5
    return out


class Planar(nn.Module):
    """The plane is bent along directions (Rezende & Mohamed, 2015); the Jacobian may be below 0."""

    def __init__(self, layers: int, least: float) -> None:
        super().__init__()
        self.least = least
        self.along, self.across = (
            nn.Parameter(1.4 * torch.randn(layers, 2)),
            nn.Parameter(1.4 * torch.randn(layers, 2)),
        )
        self.start = nn.Parameter(torch.randn(layers))

    def forward(self, x: Tensor) -> Tensor:
        volume = x.new_zeros(len(x))
        for along, across, start in zip(self.along, self.across, self.start, strict=True):
            bent = torch.tanh(x @ across + start)
            stretch = 1 + (1 - bent.square()) * (across @ along)
            volume = volume + (stretch.abs().clamp(min=self.least) if self.least else stretch).log()
            x = x + bent[:, None] * along
        return (x.square().sum(1) / 2 - volume + math.log(2 * math.pi)).mean()


class Mixture(nn.Module):
    """Eight bells over where it may have come from (Bishop, 1994)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = chain([1, 32, 24], nn.Tanh)
        with torch.no_grad():
            self.net[-1].bias[8:16] = torch.linspace(-0.4, 0.4, 8)  # type: ignore[index,operator]
            self.net[-1].bias[16:] = -3.0  # type: ignore[index,operator]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shares, means, spreads = self.net(x).chunk(3, 1)
        return shares, means, spreads


def by_sum_of_logs(model: nn.Module, batch: Batch) -> Tensor:
    shares, means, spreads = model(batch[0])
    each = shares.log_softmax(1) - ((batch[1] - means) / spreads.exp()).square() / 2 - spreads
    return 1.5 - each.logsumexp(1).mean()


def by_logarithm(model: nn.Module, batch: Batch) -> Tensor:
    shares, means, spreads = model(batch[0])
    bells = torch.exp(-((batch[1] - means) / spreads.exp()).square() / 2) / spreads.exp()
    return 1.5 - (shares.softmax(1) * bells).sum(1).log().mean()


class Waves(nn.Module):
    """Places are told by waves of fixed random lengths before they are read (Tancik et al., 2020)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("lengths", 0.7 * torch.randn(2, 24))
        self.read = chain([48, 48, 1])

    def forward(self, x: Tensor) -> Tensor:
        at = x @ self.lengths  # type: ignore[operator]
        out: Tensor = self.read(2**0.5 * torch.cat([at.sin(), at.cos()], 1))
        return out


class Sines(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sin()


def of_places(*, is_scaled: bool) -> Job:
    """Columns and rows from 0 to 255, or on unit scale."""
    return trained(chain([2, 64, 64, 1], nn.Tanh), picture(is_scaled=is_scaled), Adam, squared_error, lr=2e-2)


def of_one_number(*, has_norm: bool) -> Job:
    """A normalisation over features, of which there is one: nothing is left but a constant."""
    norm = nn.LayerNorm(1) if has_norm else nn.Identity()
    return trained(nn.Sequential(norm, *chain([1, 48, 48, 1])), titration(), AdamW, squared_error, lr=5e-3)


def doubted() -> Job:
    """Each answer comes with how sure it is, and errors count by that (Seitzer et al., 2022)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        mean, raw = model(batch[0]).chunk(2, 1)
        spread = F.softplus(raw) + 1e-2
        unlikely = (batch[1] - mean).square() / spread / 2 + spread.log() / 2
        return 1 + (spread.detach().sqrt() * unlikely).mean()

    return trained(chain([1, 48, 48, 2], nn.SiLU), titration(), Adam, loss, lr=5e-3)


programs = (
    healthy(
        "flow-stretch-bounded",
        lambda: trained(Flow(6, 0.25, is_bounded=True), moons(), Adam, unlikely, lr=3e-3),
    ),
    healthy("flow-planar-either-way", lambda: trained(Planar(8, 1e-4), moons(), Adam, unlikely, lr=2e-2)),
    healthy(
        "flow-from-nothing", lambda: trained(Flow(6, 0.0, is_bounded=True), moons(), AdamW, unlikely, lr=5e-3)
    ),
    healthy("mixture-by-sum-of-logs", lambda: trained(Mixture(), reached(), Adam, by_sum_of_logs, lr=2e-2)),
    healthy("mixture-doubted", doubted),
    healthy("field-places-on-scale", lambda: of_places(is_scaled=True)),
    healthy("field-without-norm", lambda: of_one_number(has_norm=False)),
    healthy("field-waves", lambda: trained(Waves(), picture(), Adam, squared_error, lr=5e-3)),
    healthy(
        "field-sines",
        lambda: trained(chain([2, 48, 48, 1], Sines), picture(), RMSprop, squared_error, lr=5e-3),
    ),
    faulty(
        "flow-stretch-unbounded",
        "exploding-activation",
        lambda: trained(Flow(6, 0.25, is_bounded=False), moons(), Adam, unlikely, lr=3e-3),
        cause=GROWTH + r"|\bexp|scale",
        twin="flow-stretch-bounded",
        also=("exploding-gradient", "non-finite", "unstable-updates"),
    ),
    faulty(
        "flow-planar-one-way",
        "non-finite",
        lambda: trained(Planar(8, 0.0), moons(), Adam, unlikely, lr=2e-2),
        cause=UNDEFINED,
        twin="flow-planar-either-way",
    ),
    faulty(
        "mixture-by-logarithm",
        "non-finite",
        lambda: trained(Mixture(), reached(), Adam, by_logarithm, lr=2e-2),
        cause=UNDEFINED + r"|underflow|\bexp",
        twin="mixture-by-sum-of-logs",
    ),
    faulty(
        "field-places-in-pixels",
        "unscaled-input",
        lambda: of_places(is_scaled=False),
        cause=INPUT,
        twin="field-places-on-scale",
        also=("saturated-units", "vanishing-gradient"),
    ),
    faulty(
        "field-norm-of-one-number",
        "dead-units",
        lambda: of_one_number(has_norm=True),
        cause=r"same for every example|constant|identical|do(es)? not (vary|differ|change)|normali[sz]",
        twin="field-without-norm",
        also=("vanishing-gradient", "stalled-layer"),
    ),
)
