"""Multilayer perceptrons that train as they should, some in ways that look like faults."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adadelta, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from tests.faults.building import chain, cross_entropy, he, squared_error, weighted
from tests.faults.program import Batch, Job, healthy
from tests.faults.sixth.making import PacedDescent, filled, rates, told, trained
from tests.faults.sixth.tasks import concrete, customers


def counts_of_thousands() -> Job:
    """Strengths in kilopascal, about 35 000, with a last bias that starts at their mean."""
    batches = [(x, 35000 + 8000 * y) for x, y in concrete()]

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        return F.huber_loss(35000 + 8000 * model(batch[0]), batch[1], delta=8000.0) / 1e3

    return trained(chain([8, 64, 64, 1], nn.SiLU), batches, Adam, loss, lr=1e-2)


def one_in_eight_never() -> Job:
    """Eight of sixty-four units of each layer have been driven away, and the others do."""
    model = filled(chain([8, 64, 64, 1]), he)
    with torch.no_grad():
        for layer in weighted(model)[:2]:
            layer.bias[::8] = -30  # type: ignore[index]
    return trained(model, customers(), AdamW, told, lr=3e-3)


def slopes() -> Job:
    """Learned slopes below 0, some of which begin above 1 and some below 0."""
    parts = chain([8, 48, 48, 1], lambda: nn.PReLU(48))
    for part in parts:
        if isinstance(part, nn.PReLU):
            nn.init.uniform_(part.weight, -0.3, 1.3)
    return trained(parts, concrete(), Adam, squared_error, lr=5e-3)


def restarts() -> Job:
    model = filled(chain([8, 48, 48, 1]), he)
    paced = rates(lambda of: CosineAnnealingWarmRestarts(of, 20), 0.02)
    return Job(model, PacedDescent(model.parameters(), paced, momentum=0.9), concrete(), squared_error)


def tuned() -> Job:
    """Trained before, and tuned again at a small rate on what it knows."""
    model, batches = chain([8, 48, 1], nn.Tanh), concrete()
    first = Adam(model.parameters(), lr=1e-2)
    for step in range(4 * len(batches)):
        first.zero_grad()
        squared_error(model, batches[step % len(batches)]).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(model, batches, SGD, squared_error, lr=1e-4)


class Lowered(nn.Module):
    """A layer that stays as it was, and a product of two thin ones beside it (Hu et al., 2022)."""

    def __init__(self, old: nn.Linear) -> None:
        super().__init__()
        self.old = old.requires_grad_(False)
        self.down, self.up = (
            nn.Linear(old.in_features, 4, bias=False),
            nn.Linear(4, old.out_features, bias=False),
        )
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.old(x) + self.up(self.down(x))
        return out


def lowered() -> Job:
    """A model of another concrete, of which thin products are learned for this one."""
    old = chain([8, 48, 48, 1], nn.GELU)
    first = Adam(old.parameters(), lr=1e-2)
    for x, y in concrete()[:40]:
        first.zero_grad()
        F.mse_loss(old(x), y - x[:, :1] * x[:, 5:6]).backward()  # type: ignore[no-untyped-call]
        first.step()
    parts = [Lowered(part) if isinstance(part, nn.Linear) else part for part in old]
    return trained(nn.Sequential(*parts), concrete(), Adam, squared_error, lr=1e-2)


def rare() -> Job:
    """Biases let each of ninety-six units fire for one customer in ten or so."""
    model = filled(chain([8, 96, 96, 1]), lambda w: he(w, 1.4))
    for layer in weighted(model)[:-1]:
        nn.init.constant_(layer.bias, -1.5)  # type: ignore[arg-type]
    return trained(model, concrete(), Adam, squared_error, lr=5e-3)


programs = (
    healthy("mlp-strength-in-kilopascal", counts_of_thousands),
    healthy("mlp-one-in-eight-driven-away", one_in_eight_never),
    healthy("mlp-slopes-on-both-sides", slopes),
    healthy("mlp-cosine-restarts", restarts),
    healthy("mlp-tuned-on-what-it-knows", tuned),
    healthy("mlp-thin-products", lowered),
    healthy("mlp-rarely-above-0", rare),
    healthy(
        "mlp-six-customers",
        lambda: trained(
            chain([8, 48, 2], between=[lambda: nn.LayerNorm(48)]), customers(6), AdamW, cross_entropy, lr=1e-2
        ),
    ),
    healthy(
        "mlp-a-quarter-of-labels-new",
        lambda: trained(chain([8, 64, 64, 2], nn.CELU), customers(256, 0.28), Adam, cross_entropy, lr=1e-2),
    ),
    healthy(
        "mlp-decay-of-a-third",
        lambda: trained(chain([8, 64, 64, 1]), concrete(), AdamW, squared_error, lr=1e-2, weight_decay=0.3),
    ),
    healthy(
        "mlp-rate-of-one-normalised",
        lambda: trained(
            chain([8, 64, 64, 2], between=[lambda: nn.BatchNorm1d(64)]),
            customers(),
            SGD,
            cross_entropy,
            lr=1.0,
        ),
    ),
    healthy(
        "mlp-adadelta-of-concrete",
        lambda: trained(chain([8, 48, 1], nn.Softplus), concrete(), Adadelta, squared_error, lr=2.0),
    ),
    healthy(
        "mlp-columns-left-out-at-random",
        lambda: trained(
            nn.Sequential(nn.Dropout(0.3), *chain([8, 64, 64, 1], nn.Mish)),
            concrete(),
            Adam,
            squared_error,
            lr=1e-2,
        ),
    ),
)
