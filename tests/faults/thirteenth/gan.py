"""Generators that refine coarse scans, and judges that see fine ones alone."""

from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import Make, chain, xavier
from tests.faults.eighth.making import (
    ENDS,
    GROWTH,
    RATE,
    STEP,
    WEIGHTS,
    Fill,
    Loss,
    filled,
    normal,
)
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.tenth.making import DRIVEN
from tests.faults.thirteenth.tasks import COARSE, FINE, scans


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


def judging(*, is_bounded: bool = False) -> nn.Module:
    judge = chain([FINE, 32, 32, 1], leaky)
    if is_bounded:
        for layer in [*judge][::2]:
            spectral_norm(layer)
    return judge


class Contest(nn.Module):
    """What is made; what the judge says of the real, of the made, and of the made while it stands still."""

    def __init__(self, generator: nn.Module, judge: nn.Module | None = None) -> None:
        super().__init__()
        self.generator, self.judge = generator, judge or judging()

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        real, fake = self.judge(y), self.judge(made.detach())
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, made)


def with_pixels(made: Tensor, y: Tensor, judged: Tensor) -> Tensor:
    """The squared error, and a little of what the judge says (Ledig et al., 2017)."""
    return 3 * F.mse_loss(made, y) + 0.05 * judged.mean()


def relative(model: nn.Module, batch: Batch) -> Tensor:
    """The real is to be more real than the made, on average (Jolicoeur-Martineau, 2019)."""
    made, real, fake, caught = model(*batch)
    judge = F.softplus(fake.mean() - real) + F.softplus(fake - real.mean())
    return with_pixels(made, batch[1], judge + F.softplus(-caught))


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    made, real, fake, caught = model(*batch)
    return with_pixels(made, batch[1], (1 - real).relu() + (1 + fake).relu() - caught + 1)


def played(
    contest: Contest,
    loss: Loss = relative,
    lr: float = 5e-3,
    kind: type = Adam,
    judge_lr: float = 2e-3,
    **settings: object,
) -> Job:
    groups = [
        {"params": [*contest.generator.parameters()], "lr": lr},
        {"params": [*contest.judge.parameters()], "lr": judge_lr},
    ]
    return Job(contest, kind(groups, **settings), scans(), loss)


def refiner(layers: int, activation: Make, fill: Fill, lr: float = 6e-3) -> Job:
    return played(Contest(filled(chain([COARSE, *[32] * layers, FINE], activation), fill)), lr=lr)


def pasted(*, is_right: bool) -> Job:
    """The optimiser has a group for each side, or was made of the judge alone."""
    contest = Contest(chain([COARSE, 48, FINE], nn.SiLU))
    groups = [{"params": [*contest.judge.parameters()], "lr": 2e-3}]
    if is_right:
        groups.append({"params": [*contest.generator.parameters()], "lr": 6e-3})
    return Job(contest, Adam(groups), scans(), relative)


def dropped() -> nn.Module:
    """Noise comes from dropout, as in pix2pix."""
    return nn.Sequential(nn.Linear(COARSE, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, FINE))


programs = (
    healthy("gan-scans-four-relu", lambda: refiner(4, nn.ReLU, xavier)),
    healthy("gan-scans-five-tanh", lambda: refiner(5, nn.Tanh, xavier)),
    healthy("gan-scans-generator-known", lambda: pasted(is_right=True)),
    healthy(
        "gan-scans-hinge-spectral",
        lambda: played(Contest(chain([COARSE, 48, FINE], nn.ELU), judging(is_bounded=True)), hinge),
    ),
    healthy("gan-scans-dropped", lambda: played(Contest(dropped()), hinge, betas=(0.5, 0.9))),
    healthy(
        "gan-scans-judge-four-times-as-fast",
        lambda: played(Contest(chain([COARSE, 64, FINE])), judge_lr=2e-2),
    ),
    faulty(
        "gan-scans-four-of-two-hundredths",
        "vanishing-gradient",
        lambda: refiner(4, nn.ReLU, normal(0.02)),
        cause=WEIGHTS,
        twin="gan-scans-four-relu",
        also=("stalled-layer", "dead-units"),
    ),
    faulty(
        "gan-scans-four-by-randn",
        "exploding-gradient",
        lambda: refiner(4, nn.ReLU, normal(1.0)),
        cause=GROWTH,
        twin="gan-scans-four-relu",
        also=("exploding-activation", "unstable-updates", "dead-units"),
    ),
    faulty(
        "gan-scans-four-at-a-fifth",
        "dead-units",
        lambda: refiner(4, nn.ReLU, xavier, 0.2),
        cause=DRIVEN,
        twin="gan-scans-four-relu",
        also=(
            "unstable-updates",
            "exploding-activation",
            "vanishing-gradient",
            "stalled-layer",
            "exploding-gradient",
        ),
    ),
    faulty(
        "gan-scans-five-tanh-by-randn",
        "saturated-units",
        lambda: refiner(5, nn.Tanh, normal(1.0)),
        cause=ENDS,
        twin="gan-scans-five-tanh",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-scans-five-tanh-at-three-tenths",
        "unstable-updates",
        lambda: refiner(5, nn.Tanh, xavier, 0.3),
        cause=STEP,
        twin="gan-scans-five-tanh",
        also=("saturated-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "gan-scans-generator-not-known",
        "stalled-layer",
        lambda: pasted(is_right=False),
        cause=RATE,
        twin="gan-scans-generator-known",
    ),
)
