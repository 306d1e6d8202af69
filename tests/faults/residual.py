"""Residual networks."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.faults.building import Scaled, adam, biased, chain, cross_entropy, he, sgd, xavier
from tests.faults.program import Job, faulty, healthy
from tests.faults.tasks import CLASSES, FEATURES, clusters

WIDTH = 32
Branch = Callable[[], nn.Module]


class Residual(nn.Module):
    """Blocks that add to what they get, between a first and a last linear layer."""

    def __init__(self, branches: list[nn.Module], after: Callable[[], nn.Module] = nn.Identity) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, CLASSES)
        self.branches = nn.ModuleList(branches)
        self.after = nn.ModuleList(after() for _ in branches)
        self.norm: nn.Module = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for branch, after in zip(self.branches, self.after, strict=True):
            x = after(x + branch(x))
        out: Tensor = self.last(self.norm(x))
        return out


def branch(gain: float = 1.0, *, norm: bool = True) -> nn.Module:
    """Two layers by He's initialisation; the second one multiplied by the gain."""
    parts = [nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)]
    he(parts[0].weight)  # type: ignore[arg-type]
    he(parts[2].weight, gain)  # type: ignore[arg-type]
    return nn.Sequential(*([nn.LayerNorm(WIDTH)] if norm else []), *parts)


def net(blocks: int = 8, *, gain: float = 1.0, norm: bool = True, lr: float = 2e-3) -> Job:
    model = Residual([branch(gain, norm=norm) for _ in range(blocks)])
    return Job(model, adam(model, lr), clusters(), cross_entropy)


def batch_normalised() -> Job:
    """Batch normalisation whose last scale in a branch is zero, so that a block begins as ReLU of a sum."""

    def block() -> nn.Module:
        parts = chain([WIDTH, WIDTH, WIDTH], between=[lambda: nn.BatchNorm1d(WIDTH)])
        last = nn.BatchNorm1d(WIDTH)
        nn.init.zeros_(last.weight)
        return nn.Sequential(*parts, last)

    model = Residual([block() for _ in range(4)], nn.ReLU)
    return Job(model, adam(model, 3e-3), clusters(), cross_entropy)


def only_branches(scale: float) -> Job:
    """Classes that no linear layer can tell, x and -x being of one; branches, multiplied by a scale, can."""
    model = Residual([nn.Sequential(branch(norm=False), Scaled(scale)) for _ in range(4)])
    xavier(model.first.weight)
    model.first.requires_grad_(False)
    return Job(model, sgd(model, 0.05), clusters(mirrored=True), cross_entropy)


def dead() -> Job:
    """A head behind a layer that never fires."""
    return head(bias=-10)


def head(bias: float) -> Job:
    model = Residual([branch() for _ in range(4)])
    model.norm = chain([WIDTH, WIDTH, WIDTH])
    biased(model.norm, bias, [0])
    return Job(model, adam(model, 3e-3), clusters(), cross_entropy)


def square_root_of_zero(safe: float) -> Job:
    """Branches measured by their length, which is 0 at first: its slope there is infinite."""
    model = Residual([Length(safe) for _ in range(4)])
    return Job(model, adam(model, 3e-3), clusters(), cross_entropy)


class Length(nn.Module):
    """A zero-initialised branch divided by a length."""

    def __init__(self, safe: float) -> None:
        super().__init__()
        self.inner, self.safe = chain([WIDTH, WIDTH, WIDTH]), safe
        last = self.inner[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x)
        return y / (1 + (y.square().sum(1, keepdim=True) + self.safe).sqrt())


def fast(lr: float) -> Job:
    job = net(4)
    return Job(job.model, torch.optim.Adam(job.model.parameters(), lr=lr), job.batches, job.loss)


programs = (
    healthy("residual-layer-norm", net),
    healthy("residual-zero-init", lambda: net(20, gain=0.0, norm=False)),
    healthy("residual-batch-norm", batch_normalised),
    healthy("residual-scaled-branches", lambda: only_branches(0.5)),
    healthy("residual-head", lambda: head(0)),
    healthy("residual-safe-length", lambda: square_root_of_zero(1e-6)),
    healthy("residual-adam", lambda: fast(3e-3)),
    faulty(
        "residual-without-norm",
        "exploding-activation",
        lambda: net(20, gain=2.0, norm=False),
        cause="without normalisation|weights are too large",
        twin="residual-zero-init",
        also=("exploding-gradient",),
    ),
    faulty("residual-dead-head", "dead-units", dead, cause="bias", twin="residual-head"),
    faulty(
        "residual-root-of-zero",
        "non-finite",
        lambda: square_root_of_zero(0.0),
        cause="the derivative|root",
        twin="residual-safe-length",
    ),
    faulty(
        "residual-adam-rate-1",
        "unstable-updates",
        lambda: fast(1.0),
        cause="learning rate|too large",
        twin="residual-adam",
        also=("non-finite", "dead-units"),
    ),
    faulty(
        "residual-branches-scaled-away",
        "stalled-layer",
        lambda: only_branches(1e-5),
        cause="gradient|scale|small|branch",
        twin="residual-scaled-branches",
        also=("vanishing-gradient",),
    ),
)
