"""What the programs of plain layers are made of: grades of wines, rents, customers who leave."""

from collections.abc import Callable, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, Scheduled, chain, cross_entropy, he, squared_error, xavier
from tests.faults.eighth.making import Fill, Loss, filled, seen_through, trained, weighted
from tests.faults.eleventh.tasks import WINES, churn, rentals, wines
from tests.faults.program import Batch, Job

Change = Callable[[Tensor], Tensor]


def rented(change: Change = lambda x: x, *, is_standardised: bool = True) -> Job:
    """Areas in square metres, years, metres and euros as they are; or all on unit scale."""
    batches = seen_through(change, rentals(is_standardised=is_standardised))
    return trained(chain([7, 64, 32, 1]), batches, Adam, squared_error, lr=5e-3)


def not_noted(x: Tensor) -> Tensor:
    """Of one flat in three hundred nobody noted the floor."""
    return torch.cat([x[:, :3], torch.where(x[:, 5:6] > 2.7, torch.nan, x[:, 3:4]), x[:, 4:]], 1)


def earned(x: Tensor) -> Tensor:
    """The last column is what a customer earns in a year, in euros."""
    return torch.cat([x[:, :7], 40000 + 15000 * x[:, 7:]], 1)


def plain(
    layers: int, fill: Fill | None, activation: Make = nn.ReLU, lr: float = 2e-3, bias: float = 0.0
) -> Job:
    """Layers as torch draws them, or drawn by a rule, with a bias that all but the last start from."""
    model = chain([11, *[40] * layers, WINES], activation)
    if fill:
        filled(model, fill, bias=bias)
        nn.init.zeros_(model[-1].bias)  # type: ignore[arg-type]
    return trained(model, wines(), Adam, lr=lr)


def normalised(layers: int = 12) -> Job:
    model = chain([11, *[40] * layers, WINES], between=[lambda: nn.BatchNorm1d(40)])
    return trained(model, wines(), Adam, lr=3e-3)


def by_rand(by: float) -> Fill:
    """As `torch.rand` says, and about 0 if a half is taken off first."""

    def fill(weight: Tensor) -> None:
        nn.init.uniform_(weight, -0.5 * by, 1 - 0.5 * by)

    return fill


def squashed(fill: Fill) -> Job:
    return trained(filled(chain([11, 64, 64, WINES], nn.Sigmoid), fill), wines(), Adam, lr=1e-2)


def descended(lr: float, loss: Loss = squared_error) -> Job:
    return trained(chain([7, 64, 64, 1]), rentals(), SGD, loss, lr=lr, momentum=0.9)


def leaving(lr: float, activation: Make = nn.ReLU, change: Change = lambda x: x) -> Job:
    return trained(chain([8, 64, 64, 2], activation), seen_through(change, churn()), Adam, lr=lr)


def of_sum(model: nn.Module, batch: Batch) -> Tensor:
    """The error of a batch is summed, not its mean taken; what is reported is the mean."""
    mean = squared_error(model, batch)
    total = mean * len(batch[1])
    return mean.detach() + total - total.detach()


def divergence(least: float) -> Loss:
    """Of the labels, 1 at one place and 0 elsewhere, from what the softmax says: t log (t / q)."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        aim, said = F.one_hot(batch[1], WINES).float(), model(batch[0]).softmax(1)
        out: Tensor = (aim * ((aim + least) / said).log()).sum(1).mean()
        return out

    return loss


class Logged(nn.Module):
    """The logarithm of one and more, which is for amounts, of columns on unit scale."""

    def __init__(self) -> None:
        super().__init__()
        self.rest = chain([7, 64, 32, 1])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.rest(x.log1p())
        return out


class Headed(nn.Module):
    """A body and a head; what the body says goes on as it is, or is wrapped into a new tensor."""

    def __init__(self, *, is_wrapped: bool) -> None:
        super().__init__()
        self.body, self.head = chain([7, 32, 2], nn.Tanh), chain([2, 32, 1], nn.Tanh)
        self.is_wrapped = is_wrapped

    def forward(self, x: Tensor) -> Tensor:
        code = self.body(x).tanh()
        out: Tensor = self.head(torch.from_numpy(code.detach().numpy().copy()) if self.is_wrapped else code)
        return out


def headed(*, is_wrapped: bool) -> Job:
    return trained(Headed(is_wrapped=is_wrapped), rentals(), Adam, squared_error, lr=1e-2)


class Two(nn.Module):
    """Two layers, one after the other; and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.head = nn.Linear(8, 6), nn.Linear(6, 4), nn.Linear(4, 2)
        self.acts = nn.ModuleList([nn.Tanh(), nn.Tanh()])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.acts[1](self.two(self.acts[0](self.one(x)))))
        return out


def part_of(*names: str) -> Job:
    """The optimiser knows the layers of these names."""
    model = Two()
    known = [p for name in names for p in getattr(model, name).parameters()]
    return Job(model, Adam(known, lr=2e-2), churn(), cross_entropy)


def tiled(*, is_tiled: bool) -> Job:
    """A net was made wider by repeating its unit, or by drawing more of them."""
    model = filled(chain([11, 48, 48, WINES], nn.Tanh), xavier)
    if is_tiled:
        with torch.no_grad():
            for weight in (layer.weight for layer in weighted(model)):
                rows = weight[:1].repeat(48, 1) if len(weight) == 48 else weight
                columns = rows[:, :1].repeat(1, 48) / 7 if rows.shape[1] == 48 else rows
                weight.copy_(columns)
    return trained(model, wines(), Adam, lr=1e-2)


class Slow(nn.Module):
    """A net and the slow mean of its weights, which teaches it (Tarvainen & Valpola, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = chain([11, 64, WINES], nn.GELU)
        self.teacher = deepcopy(self.net).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.teacher.parameters(), self.net.parameters(), strict=True):
                slow.lerp_(fast, 0.1)
            taught = self.teacher(x)
        return self.net(x), taught


def taught(model: nn.Module, batch: Batch) -> Tensor:
    said, aim = model(batch[0] + 0.1 * torch.randn(batch[0].shape))
    return F.cross_entropy(said, batch[1]) + 0.1 * F.mse_loss(said, aim)


class Gated(nn.Module):
    """A gate of a sigmoid for each unit, which opens for some examples only."""

    def __init__(self) -> None:
        super().__init__()
        self.value, self.gate, self.last = nn.Linear(8, 48), nn.Linear(8, 48), nn.Linear(48, 2)
        self.sigmoid = nn.Sigmoid()
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.value(x) * self.sigmoid(self.gate(x)))
        return out


def silent_some(share: float = 0.125) -> Job:
    """Some units of both layers never fire; there are enough of others."""
    model = filled(chain([7, 64, 64, 1]), he)
    with torch.no_grad():
        for place in (0, 2):
            model[place].bias[: int(64 * share)] = -12.0  # type: ignore[index]
    return trained(model, rentals(), Adam, squared_error, lr=4e-3)


def in_euros(model: nn.Module, batch: Batch) -> Tensor:
    """Rents are in euros; the loss is large, and falls."""
    return F.l1_loss(1200 + 350 * model(batch[0]), 1200 + 350 * batch[1])


def known_before() -> Job:
    """Trained long ago on the same customers; now with a rate that is small by intent."""
    model, batches = chain([8, 64, 64, 2], nn.SiLU), churn()
    before = Adam(model.parameters(), lr=5e-3)
    for x, y in batches * 3:
        before.zero_grad()
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        before.step()
    return trained(model, batches, AdamW, lr=2e-5)


def warmed(factors: Sequence[float]) -> Job:
    model = filled(chain([11, 64, 64, WINES]), he)
    return Job(model, Scheduled(model, 0.3, factors), wines(), cross_entropy)
