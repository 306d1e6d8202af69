"""Papers that cite each other, experts, and bodies of several heads."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, AdamW

from tests.faults.building import chain, squared_error
from tests.faults.fifth.making import DATA, LEFT_OUT, UNDEFINED, trained
from tests.faults.fifth.tasks import FIELDS, citations, friedman, houses, papers
from tests.faults.program import Batch, Job, faulty, healthy


class Cites(nn.Module):
    """Two layers over the mean of what is cited and of what is said (Hamilton et al., 2017)."""

    def __init__(self, least: float, *, dropped: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("cited", citations())
        self.own, self.others = (nn.ModuleList([nn.Linear(8, 32), nn.Linear(32, FIELDS)]) for _ in range(2))
        self.least, self.dropped = least, dropped

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.cited, Tensor)
        kept = self.cited * (torch.rand(self.cited.shape) >= self.dropped) if self.dropped else self.cited
        mean = kept / kept.sum(1, keepdim=True).clamp(min=self.least)
        x = F.relu(self.own[0](x) + self.others[0](mean @ x))
        out: Tensor = self.own[1](x) + self.others[1](mean @ x)
        return out


def of_papers(least: float = 1.0, **settings: float) -> Job:
    return trained(Cites(least, **settings), papers(), Adam, lr=1e-2)


class First(nn.Module):
    """The likeliest of four experts alone, times its share, with some noise (Fedus et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.router, self.experts = nn.Linear(6, 4), nn.ModuleList(chain([6, 24, 1]) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        logits = self.router(x)
        which = (logits + 0.3 * torch.randn_like(logits)).argmax(1, keepdim=True)
        share = logits.softmax(1).gather(1, which)
        said = torch.cat([expert(x) for expert in self.experts], 1)
        return 2 * share * said.gather(1, which)


class Three(nn.Module):
    """A body, and heads for the function, its sign, and its square."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.heads = (
            chain([10, 48, 48], nn.SiLU),
            nn.ModuleList(nn.Linear(48, 1) for _ in range(3)),
        )
        self.doubts = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> list[Tensor]:
        seen = F.silu(self.body(x))
        return [head(seen) for head in self.heads]


def three(model: nn.Module, batch: Batch) -> Tensor:
    """Errors are weighed by how doubtful each head is (Kendall, Gal & Cipolla, 2018)."""
    x, y = batch
    value, sign, square = model(x)
    errors = [
        F.mse_loss(value, y),
        F.binary_cross_entropy_with_logits(sign, (y > 0).float()),
        F.mse_loss(square, y.square()),
    ]
    doubts = model.doubts
    assert isinstance(doubts, Tensor)
    return (torch.stack(errors) * (-doubts).exp() + doubts).sum()


class Later(nn.Module):
    """A body that was trained before, in a group of its own, with two new layers on top."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = (
            nn.Sequential(*chain([6, 32, 32], nn.GELU), nn.GELU()),
            chain([32, 16, 1], nn.GELU),
        )
        old = nn.Linear(32, 1)
        first = Adam([*self.body.parameters(), *old.parameters()], lr=5e-3)
        for x, y in houses()[:15]:
            first.zero_grad()
            F.mse_loss(old(self.body(x)), y.roll(1, 1) * x[:, :1].sign()).backward()  # type: ignore[no-untyped-call]
            first.step()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.body(x))
        return out


def thawing(lr: float) -> Job:
    """The body is to be let go after some steps, by a schedule that multiplies its rate of 0."""
    model = Later()
    optimizer = AdamW(
        [{"params": [*model.body.parameters()], "lr": lr}, {"params": [*model.head.parameters()], "lr": 3e-3}]
    )
    return Job(model, optimizer, houses(), squared_error)


programs = (
    healthy("graph-at-least-one", of_papers),
    healthy("graph-citations-dropped", lambda: of_papers(dropped=0.4)),
    healthy("experts-one-of-four", lambda: trained(First(), houses(), Adam, squared_error, lr=2e-2)),
    healthy("heads-of-doubts", lambda: trained(Three(), friedman(), Adam, three, lr=5e-3)),
    healthy("heads-body-let-go", lambda: thawing(3e-3)),
    faulty(
        "graph-alone",
        "non-finite",
        lambda: of_papers(0.0),
        cause=UNDEFINED + "|" + DATA + "|degree|neighbour|mean",
        twin="graph-at-least-one",
    ),
    faulty(
        "heads-body-at-rate-zero",
        "stalled-layer",
        lambda: thawing(0.0),
        cause=r"learning rate|\blr\b|group|" + LEFT_OUT,
        twin="heads-body-let-go",
    ),
)
