"""Plain layers in a row: species of penguins, heat of buildings, customers who leave."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW

from tests.faults.building import Make, chain, cross_entropy, he, squared_error, weighted, xavier
from tests.faults.eighth.making import Fill, filled, seen_through, trained
from tests.faults.program import Batch, Job
from tests.faults.twelfth.tasks import SPECIES, churn, heating, landings, penguins


def weighed_in(*, is_standardised: bool) -> Job:
    """Penguins of 4200 grams and 201 millimetres, or all of it standardised."""
    batches = penguins(is_standardised=is_standardised)
    return trained(chain([5, 64, 32, SPECIES]), batches, SGD, lr=0.05, momentum=0.9)


def logged(more: float) -> Job:
    """The logarithm of minutes that somebody spoke, or of those and one; one in twenty never spoke."""

    def known(x: Tensor) -> Tensor:
        minutes = (8 + 5 * x[:, :1]).clamp(min=0)
        return torch.cat([(minutes + more).log() - 2, x[:, 1:]], 1)

    return trained(chain([8, 48, 48, 2]), seen_through(known, churn()), Adam, lr=8e-3)


def heated(layers: int, fill: Fill, activation: Make = nn.ReLU, lr: float = 3e-3) -> Job:
    model = filled(chain([8, *[48] * layers, 1], activation), fill)
    return trained(model, heating(), Adam, squared_error, lr=lr)


def descended(lr: float, momentum: float = 0.0) -> Job:
    model = filled(chain([8, 64, 64, 1]), he)
    return trained(model, heating(), SGD, squared_error, lr=lr, momentum=momentum)


def filled_with(fill: Fill) -> Job:
    return trained(filled(chain([8, 48, 48, 1], nn.Tanh), fill), heating(), Adam, squared_error, lr=1e-2)


class Joined(nn.Module):
    """Plans and walls each have a small encoder; what they say is joined, by way of numpy or not."""

    def __init__(self, *, is_numpy: bool) -> None:
        super().__init__()
        self.plans, self.walls = nn.Linear(4, 2), nn.Linear(4, 2)
        self.rest, self.is_numpy = chain([4, 48, 1]), is_numpy

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.tanh(self.plans(x[:, :4])), torch.tanh(self.walls(x[:, 4:]))
        both = torch.cat(parts, 1)
        both = torch.from_numpy(both.detach().numpy()) if self.is_numpy else both
        out: Tensor = self.rest(both)
        return out


def joined(*, is_numpy: bool) -> Job:
    return trained(Joined(is_numpy=is_numpy), heating(), Adam, squared_error, lr=1e-2)


def grouped(rate: float) -> Job:
    """The first layers have a group of their own, whose rate may be one that a schedule ended at."""
    model = chain([5, 2, 24, 24, SPECIES], nn.Tanh)
    early, late = [*model[:4].parameters()], [*model[4:].parameters()]
    groups = [{"params": early, "lr": rate}, {"params": late, "lr": 1e-2}]
    return Job(model, AdamW(groups), penguins(), cross_entropy)


def fired(less: int) -> Job:
    """Actions count by how much better than the others of the batch they went (Peng et al., 2019).

    Every fifth batch, the end of a pass, has one example, whose deviation among n - 1 is none.
    """

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, done, went = batch
        off = went - went.mean()
        better = off / ((off.square().sum() / (len(went) - less)).sqrt() + 1e-8)
        weight = better.clamp(-2, 2).exp()
        out: Tensor = (weight * F.cross_entropy(model(x), done, reduction="none")).mean()
        return out

    return trained(chain([6, 64, 64, 4], nn.Tanh), landings(last=1), Adam, loss, lr=8e-3)


class Teacher(nn.Module):
    """A student, and a teacher that is its slow average (Tarvainen & Valpola, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.student = nn.Sequential(nn.Dropout(0.1), *chain([8, 64, 64, 2], nn.ReLU))
        self.teacher = deepcopy(self.student).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for slow, fast in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
            aim = self.teacher(x).softmax(1)
        return self.student(x), aim


def agreeing(model: nn.Module, batch: Batch) -> Tensor:
    said, aim = model(batch[0])
    return F.cross_entropy(said, batch[1]) + 0.3 * F.mse_loss(said.softmax(1), aim)


def in_watts(model: nn.Module, batch: Batch) -> Tensor:
    """The absolute error in watts: a loss of hundreds that falls."""
    return F.l1_loss(1000 * model(batch[0]), 4000 + 1000 * batch[1])


def some_off() -> Job:
    """One unit in seven stays below 0 for every customer; the others are enough."""
    model = filled(chain([8, 56, 56, 2]), he)
    with torch.no_grad():
        model[2].bias[::7] = -7.0  # type: ignore[index]
    return trained(model, churn(), SGD, lr=0.05, momentum=0.9)


def known_before() -> Job:
    """Trained by others on the same penguins, and tuned further in small steps."""
    model = chain([5, 64, SPECIES], nn.ReLU)
    before, batches = Adam(model.parameters(), lr=1e-2), penguins()
    for x, y in batches[::-1] * 2:
        before.zero_grad()
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        before.step()
    return trained(model, batches, AdamW, lr=5e-5)


def adapter() -> Job:
    """A frozen network of random but sensible features, a narrow layer between, and a head that learn."""
    body = filled(chain([8, 64, 64], nn.Tanh), xavier).requires_grad_(False)
    model = nn.Sequential(body, nn.Linear(64, 12), nn.GELU(), nn.Linear(12, 2))
    return trained(model, churn(), AdamW, lr=1e-2)


def noisy() -> Job:
    """A third of all labels is drawn anew, on top of those that were."""
    draw = torch.Generator().manual_seed(1250)
    batches: list[Batch] = [
        (x, torch.where(torch.rand(len(y), generator=draw) < 0.3, (y + 1) % SPECIES, y))
        for x, y in penguins()
    ]
    return trained(chain([5, 48, 48, SPECIES]), batches, Adam, lr=1e-2)


def sparse() -> Job:
    """Biases of minus one: units fire for one example in five."""
    model = filled(chain([8, 96, 1]), xavier)
    first = weighted(model)[0]
    assert first.bias is not None
    nn.init.constant_(first.bias, -1.0)
    nn.init.normal_(first.weight, std=0.4)
    return trained(model, heating(), Adam, squared_error, lr=2e-2)
