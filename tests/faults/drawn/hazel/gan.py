"""Generators that cut masks, and judges that see both the wood and the face."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import Make, chain, xavier
from tests.faults.drawn.hazel.tasks import MASK, WOOD, masks
from tests.faults.eighth.making import ENDS, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


def leaky() -> nn.Module:
    return nn.LeakyReLU(0.2)


class Workshop(nn.Module):
    """A carver and a judge; what is carved is judged once without the carver, and once by a judge at rest."""

    def __init__(self, carver: nn.Module, judge: nn.Module | None = None, *, mist: float = 0.0) -> None:
        super().__init__()
        self.carver, self.mist = carver, mist
        self.judge = judge or chain([WOOD + MASK, 48, 1], leaky)

    def seen(self, x: Tensor, face: Tensor) -> Tensor:
        return torch.cat([x, face + self.mist * torch.randn(face.shape)], 1)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        cut = self.carver(x)
        real, fake = self.judge(self.seen(x, y)), self.judge(self.seen(x, cut.detach()))
        rest = {name: value.detach() for name, value in self.judge.named_parameters()}
        return cut, real, fake, functional_call(self.judge, rest, self.seen(x, cut))


def translated(model: nn.Module, batch: Batch) -> Tensor:
    """Both sides' entropies, and how far each face is from its own (Isola et al., 2017)."""
    cut, real, fake, passed = model(*batch)
    said = F.softplus(-real) + F.softplus(fake) + F.softplus(-passed)
    out: Tensor = 4 * F.l1_loss(cut, batch[1]) + 0.1 * said.mean()
    return out


def by_margin(model: nn.Module, batch: Batch) -> Tensor:
    """A judge by margins, and a carver by what the judge says (Miyato et al., 2018); and the distance."""
    cut, real, fake, passed = model(*batch)
    said = F.relu(1 - real) + F.relu(1 + fake) + F.softplus(-passed)
    out: Tensor = 3 * F.mse_loss(cut, batch[1]) + 0.1 * said.mean()
    return out


def worked(model: Workshop, loss: Loss = translated, lr: float = 5e-3) -> Job:
    """The judge has a rate of its own (Heusel et al., 2017)."""
    groups = [
        {"params": [*model.carver.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": 2e-3},
    ]
    return Job(model, Adam(groups, betas=(0.5, 0.999)), masks(), loss)


def carved(fill: Fill, act: Make = nn.Tanh) -> Job:
    return worked(Workshop(filled(chain([WOOD, 40, 40, 40, 40, 40, MASK], act), fill)))


def even() -> Job:
    """Layers of the judge have a greatest stretch of 1."""
    judge = nn.Sequential(
        spectral_norm(nn.Linear(WOOD + MASK, 48)), leaky(), spectral_norm(nn.Linear(48, 1))
    )  # fmt: skip
    return worked(Workshop(chain([WOOD, 64, MASK], nn.GELU), judge), by_margin, 8e-3)


programs = (
    healthy("gan-masks-five-by-glorot", lambda: carved(xavier)),
    healthy("gan-masks-judge-of-even-stretch", even),
    healthy(
        "gan-masks-in-mist", lambda: worked(Workshop(chain([WOOD, 64, MASK], nn.Mish), mist=0.5), lr=8e-3)
    ),
    faulty(
        "gan-masks-five-as-in-dcgan-without-norms",
        "vanishing-gradient",
        lambda: carved(normal(0.02)),
        cause="weights?|initiali[sz]|normali[sz]",
        twin="gan-masks-five-by-glorot",
        also=("unstable-updates", "stalled-layer"),
    ),
    faulty(
        "gan-masks-five-drawn-wide",
        "saturated-units",
        lambda: carved(normal(1.2)),
        cause=ENDS,
        twin="gan-masks-five-by-glorot",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
)
