"""Networks with branches that are added: the hand of an arm, and loans."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, NAdam

from tests.faults.building import he, squared_error
from tests.faults.eighth.making import CUT, GROWTH, STEP, UNDEFINED, Warmed, filled, trained, weighted
from tests.faults.eighth.tasks import arm, loans
from tests.faults.program import Batch, Job, faulty, healthy

WIDTH = 32


class Own(torch.autograd.Function):
    """Swish with a derivative that was written by hand, which may be that of a constant."""

    @staticmethod
    def forward(context, x: Tensor, keeps: float) -> Tensor:  # type: ignore[no-untyped-def,override]
        context.save_for_backward(x)
        context.keeps = keeps
        return x * x.sigmoid()

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def,override]
        (x,) = context.saved_tensors
        gate = x.sigmoid()
        return gradient * context.keeps * (gate + x * gate * (1 - gate)), None


class Swish(nn.Module):
    def __init__(self, keeps: float) -> None:
        super().__init__()
        self.keeps = keeps

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = Own.apply(x, self.keeps)
        return out


class Added(nn.Module):
    """What a branch says is added to what came in, times a fixed number."""

    def __init__(self, branch: nn.Module, factor: float = 1.0) -> None:
        super().__init__()
        self.branch, self.factor = branch, factor

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.factor * self.branch(x)
        return out


class Gated(nn.Module):
    """A gate that begins almost shut chooses between both (Srivastava, Greff & Schmidhuber, 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.choose, self.gate = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Sigmoid()
        nn.init.constant_(self.choose.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.gate(self.choose(x))
        out: Tensor = gate * self.inner(x).relu() + (1 - gate) * x
        return out


def tower(blocks: list[nn.Module], inputs: int = 3, outputs: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.Linear(WIDTH, outputs))


def inner(norm: bool = False) -> nn.Sequential:
    parts: list[nn.Module] = [nn.LayerNorm(WIDTH)] if norm else []
    return nn.Sequential(*parts, nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))


def eight(factor: float) -> Job:
    model = filled(tower([Added(inner(), factor) for _ in range(8)]), he)
    return trained(model, arm(), Adam, squared_error, lr=3e-3)


class Recycled(nn.Module):
    """One branch in use ten times over, normalised before each use or never."""

    def __init__(self, *, is_normalised: bool) -> None:
        super().__init__()
        self.branch = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH) if is_normalised else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(10):
            x = x + F.elu(self.branch(self.norm(x)))
        return x


def recycled(*, is_normalised: bool) -> Job:
    model = tower([Recycled(is_normalised=is_normalised)])
    nn.init.normal_(weighted(model)[1].weight, std=0.4)
    nn.init.normal_(weighted(model)[2].weight, std=0.03)
    return trained(model, arm(), AdamW, squared_error, lr=3e-3)


def swished(keeps: float) -> Job:
    """A branch without a shortcut around its activation, six times; its derivative may be far too small."""
    blocks = [nn.Sequential(nn.Linear(WIDTH, WIDTH), Swish(keeps)) for _ in range(6)]
    return trained(filled(tower(blocks), he), arm(), SGD, squared_error, lr=0.1, momentum=0.5)


def risen(steps: int) -> Job:
    """A rate that rises over many steps, or that is there at once."""
    model = tower([Added(inner(norm=True)) for _ in range(4)], 6, 3)
    return Job(model, Warmed(model.parameters(), 0.2, steps), loans(), entropy)


def entropy(model: nn.Module, batch: Batch) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1])


class Unit(nn.Module):
    """Each example is divided by its length, which may be 0 after a rectifier."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        seen = (x - 0.8).relu()
        return 4 * seen / (seen.square().sum(-1, keepdim=True) + self.least).sqrt()


def to_unit(least: float) -> Job:
    blocks: list[nn.Module] = [
        Added(nn.Sequential(Unit(least), nn.Linear(WIDTH, WIDTH), nn.Tanh())) for _ in range(3)
    ]
    return trained(tower(blocks), arm(), Adam, squared_error, lr=5e-3)


class Dropped(nn.Module):
    """Deeper branches are left out more often in training (Huang et al., 2016)."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.inner, self.share = inner(norm=True), share

    def forward(self, x: Tensor) -> Tensor:
        if self.training and float(torch.rand(())) < self.share:
            return x
        out: Tensor = x + self.inner(x)
        return out


class Nothing(nn.Module):
    """A branch times a learned number that begins at 0 (Bachlechner et al., 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.share = inner(), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.share * self.inner(x)
        return out


class Cut(nn.Module):
    """What went around the branch is kept for later, with or without its gradient."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.head, self.is_cut = nn.Linear(WIDTH, 2), is_cut

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.tanh(self.first(x))
        seen = torch.from_numpy(seen.detach().numpy().copy()) if self.is_cut else seen
        out: Tensor = self.head(seen + F.softplus(self.second(seen)))
        return out


def through_numpy(*, is_cut: bool) -> Job:
    model = Cut(is_cut=is_cut)
    nn.init.normal_(model.first.weight, std=0.1)
    return trained(model, arm(), Adam, squared_error, lr=1e-2)


programs = (
    healthy("residual-eight-of-a-quarter", lambda: eight(0.25)),
    healthy("residual-recycled-normalised", lambda: recycled(is_normalised=True)),
    healthy("residual-own-swish", lambda: swished(1.0)),
    healthy("residual-rate-that-rises", lambda: risen(600)),
    healthy("residual-lengths-above-0", lambda: to_unit(1e-4)),
    healthy("residual-within-torch", lambda: through_numpy(is_cut=False)),
    healthy(
        "residual-gates-almost-shut",
        lambda: trained(tower([Gated() for _ in range(5)]), arm(), NAdam, squared_error, lr=5e-3),
    ),
    healthy(
        "residual-deeper-dropped",
        lambda: trained(
            tower([Dropped(0.1 * place) for place in range(5)]), arm(), Adam, squared_error, lr=5e-3
        ),
    ),
    healthy(
        "residual-shares-from-0",
        lambda: trained(tower([Nothing() for _ in range(8)]), arm(), Adam, squared_error, lr=2e-2),
    ),
    healthy(
        "residual-loans-one-by-one",
        lambda: trained(tower([Added(inner(norm=True))], 6, 3), loans(12), SGD, entropy, lr=0.1),
    ),
    faulty(
        "residual-eight-of-three",
        "exploding-gradient",
        lambda: eight(3.0),
        cause=GROWTH + "|factor|scale|multipl",
        twin="residual-eight-of-a-quarter",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "residual-recycled-without-norm",
        "exploding-activation",
        lambda: recycled(is_normalised=False),
        cause=GROWTH + "|reus|shared|repeat",
        twin="residual-recycled-normalised",
        also=("exploding-gradient", "unstable-updates"),
    ),
    faulty(
        "residual-own-swish-of-a-twentieth",
        "vanishing-gradient",
        lambda: swished(0.05),
        cause=r"backward|deriv|slope|activation|autograd|gradient.*\b(small|shrink|scal)",
        twin="residual-own-swish",
        also=("stalled-layer",),
    ),
    faulty(
        "residual-rate-at-once",
        "unstable-updates",
        lambda: risen(1),
        cause=STEP + "|warm",
        twin="residual-rate-that-rises",
        also=("dead-units", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "residual-lengths-of-0",
        "non-finite",
        lambda: to_unit(0.0),
        cause=UNDEFINED + "|norm|length",
        twin="residual-lengths-above-0",
    ),
    faulty(
        "residual-through-numpy",
        "stalled-layer",
        lambda: through_numpy(is_cut=True),
        cause=CUT + "|numpy",
        twin="residual-within-torch",
        also=("vanishing-gradient",),
    ),
)
