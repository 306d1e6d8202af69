"""Plain layers in a row: tables of cars, passengers, beans, and the air of a town."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, chain, cross_entropy, he, squared_error, xavier
from tests.faults.eighth.making import Fill, Loss, filled, seen_through, trained
from tests.faults.program import Batch, Job
from tests.faults.tenth.tasks import KINDS, air, arrivals, beans, cars, passengers


def aired(*, is_standardised: bool) -> Job:
    """Pressure is in pascals, temperature in kelvins; or both on unit scale."""
    batches = air(is_standardised=is_standardised)
    return trained(chain([5, 48, 48, 1]), batches, Adam, squared_error, lr=5e-3)


def priced() -> Job:
    return trained(chain([6, 64, 32, 1], nn.Tanh), cars(), Adam, squared_error, lr=5e-3)


def in_amperes(by: float) -> Job:
    """Currents of a few microamperes, as they were read, or in microamperes."""
    batches = seen_through(lambda x: by * x, beans())
    return trained(chain([16, 48, KINDS]), batches, SGD, lr=0.1, momentum=0.9)


def from_scratch(by: float) -> Job:
    """Weights are drawn as `torch.randn(inputs, outputs)`, or that over the root of the inputs."""

    def fill(weight: Tensor) -> None:
        nn.init.normal_(weight, std=weight.shape[1] ** -by)

    model = filled(chain([16, 64, 64, 64, KINDS], nn.Tanh), fill)
    return trained(model, beans(), SGD, lr=0.05, momentum=0.9)


def with_ages(fill: float) -> Job:
    """The age of one passenger in five hundred is not known."""

    def known(x: Tensor) -> Tensor:
        age = torch.where(x[:, 3:4] > 2.6, fill, x[:, 2:3])
        return torch.cat([x[:, :2], age, x[:, 3:]], 1)

    return trained(chain([6, 48, 48, 2]), seen_through(known, passengers()), Adam, lr=1e-2)


def by_fares() -> Job:
    """The logarithm of a fare and one is read; some came for nothing."""

    def logs(x: Tensor) -> Tensor:
        fare = (10 + 6 * x[:, 3:4]).clamp(min=0)
        return torch.cat([x[:, :3], (fare + 1).log() - 2.2, x[:, 4:]], 1)

    return trained(chain([6, 48, 48, 2], nn.ELU), seen_through(logs, passengers()), Adam, lr=1e-2)


class Rates(nn.Module):
    """How many customers are expected."""

    def __init__(self, last: nn.Module) -> None:
        super().__init__()
        self.body, self.last = chain([6, 48, 48, 1]), last

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.body(x))
        return out


def by_poisson(model: nn.Module, batch: Batch) -> Tensor:
    """Shifted, so that it stays above 0."""
    rate = model(batch[0])
    return (rate - batch[1] * rate.log()).mean() + 1.0


def in_bits(dtype: torch.dtype) -> Loss:
    """Prices are about 20 thousand, give or take six; the error is squared in 16 bits, or in 32."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        price, said = 20000 + 6000 * batch[1], 20000 + 6000 * model(batch[0])
        return ((said - price) / 10).to(dtype).square().mean().float()

    return loss


def squared_in(dtype: torch.dtype) -> Job:
    return trained(chain([6, 64, 64, 1], nn.ELU), cars(), Adam, in_bits(dtype), lr=5e-3)


def by_rule(fill: Fill, activation: Make = nn.ReLU) -> Job:
    return trained(filled(chain([16, 48, 48, KINDS], activation), fill), beans(), Adam, lr=1e-2)


def deep(activation: Make, layers: int = 7, fill: Fill = xavier, lr: float = 2e-3) -> Job:
    model = filled(chain([6, *[48] * layers, 2], activation), fill)
    return trained(model, passengers(), Adam, lr=lr)


def descended(lr: float, momentum: float = 0.9) -> Job:
    return trained(chain([5, 64, 64, 1]), air(), SGD, squared_error, lr=lr, momentum=momentum)


def stepped(lr: float) -> Job:
    return trained(chain([6, 64, 64, 1], nn.SiLU), cars(), Adam, squared_error, lr=lr)


def replaced(*, is_in_time: bool) -> Job:
    """A head for other kinds, and a layer before it, were put in after the optimiser was made, or before."""
    model = chain([16, 48, 48, 10], nn.GELU)
    optimizer = Adam(model.parameters(), lr=1e-2)
    model[2], model[4] = nn.Linear(48, 48), nn.Linear(48, KINDS)
    optimizer = Adam(model.parameters(), lr=1e-2) if is_in_time else optimizer
    return Job(model, optimizer, beans(), cross_entropy)


class Stacked(nn.Module):
    """Parts are put together; as a new tensor, or by `torch.cat`."""

    def __init__(self, *, is_new: bool) -> None:
        super().__init__()
        self.one, self.other, self.last = nn.Linear(3, 2), nn.Linear(3, 2), chain([4, 32, 1], nn.Tanh)
        self.is_new = is_new

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.one(x[:, :3]).tanh(), self.other(x[:, 3:]).tanh()]
        both = torch.tensor([[*a, *b] for a, b in zip(*(p.tolist() for p in parts), strict=True)])
        out: Tensor = self.last(both if self.is_new else torch.cat(parts, 1))
        return out


def stacked(*, is_new: bool) -> Job:
    return trained(Stacked(is_new=is_new), cars(), Adam, squared_error, lr=1e-2)


class Spread(nn.Module):
    """A mean, and the logarithm of a variance."""

    def __init__(self) -> None:
        super().__init__()
        self.body = chain([5, 48, 2], nn.Softplus)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.body(x).chunk(2, 1)
        return mean, log_variance.clamp(-6, 6)


def doubtful(model: nn.Module, batch: Batch) -> Tensor:
    mean, log_variance = model(batch[0])
    out: Tensor = (log_variance + (batch[1] - mean).square() / log_variance.exp()).mean() + 2.0
    return out


class Tuned(nn.Module):
    """A body of fixed features, and small factors beside it that learn (Hu et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = filled(chain([16, 64, 64], nn.Tanh), xavier).requires_grad_(False)
        self.down, self.up, self.last = nn.Linear(16, 6), nn.Linear(6, 64), nn.Linear(64, KINDS)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last((self.body(x) + self.up(self.down(x))).tanh())
        return out


class Averaged(nn.Module):
    """Weights are averaged in a copy, which takes no part in training."""

    def __init__(self) -> None:
        super().__init__()
        self.net = chain([6, 64, 64, 2], nn.Mish)
        self.mean = deepcopy(self.net).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            for mean, now in zip(self.mean.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(now, 0.02)
        out: Tensor = self.net(x)
        return out


def large_targets(model: nn.Module, batch: Batch) -> Tensor:
    """Prices in hundreds: the loss is large, and falls."""
    return F.mse_loss(model(batch[0]), 20 * batch[1] + 30)


def slopes(start: float) -> Job:
    model = chain([16, 48, 48, KINDS], lambda: nn.PReLU(48, init=start))
    return trained(model, beans(), AdamW, lr=1e-2)


def partly_off() -> Job:
    """One unit in eight was pushed below 0 for good; the others are enough."""
    model = filled(chain([16, 64, 64, KINDS]), he)
    with torch.no_grad():
        model[0].bias[:8] = -9.0  # type: ignore[index]
    return trained(model, beans(), SGD, lr=0.03, momentum=0.9)


def decayed() -> Job:
    return trained(chain([6, 64, 64, 2]), passengers(), AdamW, lr=1e-2, weight_decay=0.5)


def smoothed(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1], label_smoothing=0.1)


def one_by_one() -> Job:
    """Four examples a step."""
    batches = [(x[:4], y[:4]) for x, y in air()]
    return trained(chain([5, 48, 48, 1], nn.Tanh), batches, RMSprop, squared_error, lr=1e-3)


def few_at_a_time() -> Job:
    batches = [(x[:24], y[:24]) for x, y in beans()]
    return trained(filled(chain([16, 64, KINDS]), he), batches, SGD, lr=0.15)


def hinged(model: nn.Module, batch: Batch) -> Tensor:
    return F.multi_margin_loss(model(batch[0]), batch[1])


def poisson(last: nn.Module, loss: Loss = by_poisson) -> Job:
    return trained(Rates(last), arrivals(), Adam, loss, lr=5e-3)


class Exponential(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(max=4).exp()


def learned_before() -> Job:
    """Trained long ago, and tuned on with small steps."""
    model = chain([16, 64, KINDS], nn.SiLU)
    before, batches = Adam(model.parameters(), lr=1e-2), beans()
    for x, y in batches[::-1] * 2:
        before.zero_grad()
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        before.step()
    return trained(model, batches, Adam, lr=1e-4)
