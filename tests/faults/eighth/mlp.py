"""Plain networks: loans, the hand of an arm, what a larger network says, and settings of machines."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import chain, cross_entropy, he, squared_error
from tests.faults.eighth.making import ALIKE, INPUT, RATE, STEP, filled, seen_through, trained
from tests.faults.eighth.tasks import answers, arm, loans, machines
from tests.faults.program import Batch, Job, faulty, healthy


def lent(*, is_standardised: bool) -> Job:
    """Money in full and years, or each on unit scale."""
    batches = loans(is_standardised=is_standardised)
    return trained(filled(chain([6, 48, 48, 3]), he), batches, Adam, lr=5e-3)


def seeded_each(*, is_each: bool) -> Job:
    """A seed is set before every number that is drawn, or once."""

    def fill(weight: Tensor) -> None:
        draw = torch.Generator().manual_seed(7)
        drawn = torch.randn(1 if is_each else weight.numel(), generator=draw)
        with torch.no_grad():
            weight.copy_((drawn * weight.shape[1] ** -0.5).expand(weight.numel()).reshape(weight.shape))

    return trained(filled(chain([3, 32, 32, 2], nn.Tanh), fill), arm(), Adam, squared_error, lr=1e-2)


class Shared(nn.Module):
    """One trunk, and a head each for how much a machine makes and whether that is enough."""

    def __init__(self, inputs: int = 10, activation: type[nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(inputs, 16), activation(), nn.Linear(16, 16), activation())
        self.much, self.enough = nn.Linear(16, 1), nn.Linear(16, 1)
        self.doubt = nn.Parameter(torch.zeros(2))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.trunk(x)
        return self.much(seen), self.enough(seen)


def both(model: nn.Module, batch: Batch) -> Tensor:
    x, _, y = batch
    much, enough = model(x)
    return F.mse_loss(much, y) + F.binary_cross_entropy_with_logits(enough, (y > 0).float())


def doubted(model: nn.Module, batch: Batch) -> Tensor:
    """Each task by how sure the network is of it (Kendall, Gal & Cipolla, 2018); 2 is added."""
    assert isinstance(model, Shared)
    x, _, y = batch
    much, enough = model(x)
    each = torch.stack([F.mse_loss(much, y), F.binary_cross_entropy_with_logits(enough, (y > 0).float())])
    out: Tensor = ((-model.doubt).exp() * each + model.doubt).sum() + 2
    return out


def heads_alone(*, is_alone: bool) -> Job:
    model = Shared()
    known = [*model.much.parameters(), *model.enough.parameters()] if is_alone else [*model.parameters()]
    return Job(model, Adam(known, lr=2e-2), machines(), both)


def taught(lr: float) -> Job:
    """Descent without momentum on what a teacher says in logits."""
    return trained(filled(chain([12, 48, 48, 4]), he), answers(), SGD, said, lr=lr)


def said(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[1])


def softly(model: nn.Module, batch: Batch) -> Tensor:
    """The classes, and what a teacher says of them, at a temperature of 3 (Hinton et al., 2015)."""
    x, teacher, y = batch
    logits = model(x)
    soft = F.kl_div((logits / 3).log_softmax(-1), (teacher / 3).softmax(-1), reduction="batchmean")
    return 0.5 * F.cross_entropy(logits, y) + 4.5 * soft


def pushed(momentum: float) -> Job:
    model = filled(chain([3, 48, 48, 2], nn.GELU), he)
    return trained(model, arm(), SGD, squared_error, lr=0.1, momentum=momentum)


class Modulated(nn.Module):
    """The code of a machine stretches and moves what is made of its settings (Perez et al., 2018)."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.inner, self.leave = nn.Linear(4, 32), nn.Linear(32, 32), nn.Linear(32, 1)
        self.film = nn.Linear(6, 64)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor) -> Tensor:
        code, settings = x.split([6, 4], 1)
        stretch, move = self.film(code).chunk(2, 1)
        seen = self.inner(self.enter(settings).relu())
        out: Tensor = self.leave((seen * (1 + stretch) + move).relu())
        return out


def made(model: nn.Module, batch: Batch) -> Tensor:
    return F.mse_loss(model(batch[0]), batch[2])


def few_at_once() -> Job:
    """Batches of six, and a small step."""
    return trained(chain([6, 32, 32, 3], nn.ELU), loans(6), AdamW, lr=4e-3, weight_decay=0.1)


def in_hundreds() -> Job:
    """Where the hand is, in hundredths of a unit: the loss begins in ten thousands, and falls."""
    batches = [(x, 100 * y) for x, y in arm()]
    return trained(filled(chain([3, 64, 64, 2]), he), batches, Adam, squared_error, lr=3e-2)


class Adapted(nn.Module):
    """A network that had learned other risks; small matrices are added to its layers (Hu et al., 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.old = filled(chain([6, 48, 48, 3], nn.SiLU), he)
        first = Adam(self.old.parameters(), lr=5e-3)
        for x, y in loans():
            first.zero_grad()
            F.cross_entropy(self.old(x[:, [1, 0, 2, 4, 3, 5]]), y).backward()  # type: ignore[no-untyped-call]
            first.step()
        self.old.requires_grad_(False)
        sizes = [(6, 48), (48, 48), (48, 3)]
        self.down = nn.ModuleList(nn.Linear(one, 4, bias=False) for one, _ in sizes)
        self.up = nn.ModuleList(nn.Linear(4, other, bias=False) for _, other in sizes)
        for layer in self.up:
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        for place, (down, up) in enumerate(zip(self.down, self.up, strict=True)):
            x = self.old[2 * place](x) + up(down(x))  # type: ignore[index]
            x = F.silu(x) if place < 2 else x
        return x


class Winners(nn.Module):
    """Of 64 units the eight that are greatest are kept."""

    def forward(self, x: Tensor) -> Tensor:
        least = x.topk(8, -1).values[..., -1:]
        return x * (x >= least)


def tuned() -> Job:
    """What had learned these loans goes on with them, at a small rate."""
    model = filled(chain([6, 48, 3]), he)
    first = Adam(model.parameters(), lr=1e-2)
    for x, y in loans() * 4:
        first.zero_grad()
        F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        first.step()
    return trained(deepcopy(model), loans(), AdamW, lr=1e-4)


def measured_low() -> Job:
    """Angles with an offset of one, as they are often measured."""
    batches = seen_through(lambda x: x + 1, arm())
    model = nn.Sequential(nn.Linear(3, 48), nn.PReLU(48, -0.3), nn.Linear(48, 48), nn.PReLU(48, 1.4))
    return trained(nn.Sequential(*model, nn.Linear(48, 2)), batches, Adam, squared_error, lr=1e-2)


programs = (
    healthy("mlp-loans-standardised", lambda: lent(is_standardised=True)),
    healthy("mlp-one-seed-for-all", lambda: seeded_each(is_each=False)),
    healthy("mlp-trunk-and-heads-known", lambda: heads_alone(is_alone=False)),
    healthy("mlp-taught-by-small-steps", lambda: taught(0.1)),
    healthy("mlp-hand-with-light-momentum", lambda: pushed(0.5)),
    healthy("mlp-taught-softly", lambda: trained(chain([12, 48, 4]), answers(), Adam, softly, lr=1e-2)),
    healthy("mlp-modulated", lambda: trained(Modulated(), machines(), Adam, made, lr=1e-2)),
    healthy("mlp-tasks-by-doubt", lambda: trained(Shared(), machines(), Adam, doubted, lr=2e-2)),
    healthy("mlp-six-loans-at-once", few_at_once),
    healthy("mlp-hand-in-hundredths", in_hundreds),
    healthy("mlp-loans-low-rank", lambda: trained(Adapted(), loans(), Adam, lr=1e-2)),
    healthy(
        "mlp-eight-winners",
        lambda: trained(
            nn.Sequential(nn.Linear(6, 64), Winners(), nn.Linear(64, 3)),
            loans(),
            RMSprop,
            cross_entropy,
            lr=5e-3,
        ),
    ),
    healthy("mlp-loans-known-before", tuned),
    healthy("mlp-slopes-outside", measured_low),
    faulty(
        "mlp-loans-in-full",
        "unscaled-input",
        lambda: lent(is_standardised=False),
        cause=INPUT,
        twin="mlp-loans-standardised",
        also=("dead-units", "exploding-activation", "unstable-updates"),
    ),
    faulty(
        "mlp-a-seed-for-each-number",
        "symmetric-units",
        lambda: seeded_each(is_each=True),
        cause=ALIKE,
        twin="mlp-one-seed-for-all",
    ),
    faulty(
        "mlp-heads-known-alone",
        "stalled-layer",
        lambda: heads_alone(is_alone=True),
        cause=RATE,
        twin="mlp-trunk-and-heads-known",
    ),
    faulty(
        "mlp-taught-by-great-steps",
        "dead-units",
        lambda: taught(0.6),
        cause=STEP,
        twin="mlp-taught-by-small-steps",
        also=("unstable-updates", "exploding-activation", "exploding-gradient"),
    ),
    faulty(
        "mlp-hand-with-heavy-momentum",
        "unstable-updates",
        lambda: pushed(0.99),
        cause=STEP + "|momentum",
        twin="mlp-hand-with-light-momentum",
        also=("exploding-activation", "exploding-gradient", "dead-units"),
    ),
)
