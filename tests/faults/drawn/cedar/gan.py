"""Generators that print stamps to order, and judges that see both."""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from tests.faults.building import chain, xavier
from tests.faults.drawn.cedar.tasks import NOTE, STAMP, stamps
from tests.faults.eighth.making import CUT, ENDS, Fill, Loss, filled, normal
from tests.faults.program import Batch, Job, faulty, healthy


class Press(nn.Module):
    """A generator and a judge; the judge does not learn from what the generator is told."""

    def __init__(self, generator: nn.Module, judge: nn.Module, *, is_cut: bool = False) -> None:
        super().__init__()
        self.generator, self.judge, self.is_cut = generator, judge, is_cut

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        made = self.generator(x)
        made = made.detach() if self.is_cut else made
        real, fake = self.judge(torch.cat([x, y], 1)), self.judge(torch.cat([x, made.detach()], 1))
        still = {name: value.detach() for name, value in self.judge.named_parameters()}
        return made, real, fake, functional_call(self.judge, still, (torch.cat([x, made], 1),))


def judge() -> nn.Sequential:
    return chain([NOTE + STAMP, 40, 1], lambda: nn.LeakyReLU(0.2))


def least_squares(model: nn.Module, batch: Batch) -> Tensor:
    """Real is one, made is 0 (Mao et al., 2017); and a distance (Isola et al., 2017)."""
    made, real, fake, told = model(*batch)
    said = (real - 1).square() + fake.square() + (told - 1).square()
    out: Tensor = 4 * F.l1_loss(made, batch[1]) + 0.2 * said.mean()
    return out


def hinge(model: nn.Module, batch: Batch) -> Tensor:
    """Lim and Ye (2017), and a squared distance."""
    made, real, fake, told = model(*batch)
    said = (1 - real).relu() + (1 + fake).relu() - 0.5 * told
    out: Tensor = 4 * F.mse_loss(made, batch[1]) + 0.1 * said.mean()
    return out


def printed(model: Press, loss: Loss = least_squares, lr: float = 6e-3) -> Job:
    groups = [
        {"params": [*model.generator.parameters()], "lr": lr},
        {"params": [*model.judge.parameters()], "lr": 2e-3},
    ]
    return Job(model, Adam(groups, betas=(0.5, 0.99)), stamps(), loss)


def bounded(fill: Fill = xavier, *, is_cut: bool = False) -> Job:
    """A generator of two bounded layers."""
    return printed(Press(filled(chain([NOTE, 40, 40, STAMP], nn.Tanh), fill), judge(), is_cut=is_cut))


def held() -> nn.Module:
    """A judge whose layers stretch nothing (Miyato et al., 2018)."""
    layers = [spectral_norm(nn.Linear(NOTE + STAMP, 40)), nn.ReLU(), spectral_norm(nn.Linear(40, 1))]
    return nn.Sequential(*layers)


programs = (
    healthy("gan-stamps-two-bounded", bounded),
    healthy(
        "gan-stamps-judge-held",
        lambda: printed(Press(chain([NOTE, 48, STAMP], nn.GELU), held()), hinge, 8e-3),
    ),
    faulty(
        "gan-stamps-two-drawn-wide",
        "saturated-units",
        lambda: bounded(normal(1.5)),
        cause=ENDS,
        twin="gan-stamps-two-bounded",
        also=("exploding-gradient", "vanishing-gradient", "unstable-updates"),
    ),
    faulty(
        "gan-stamps-cut-for-both",
        "stalled-layer",
        lambda: bounded(is_cut=True),
        cause=CUT,
        twin="gan-stamps-two-bounded",
        also=("vanishing-gradient",),
    ),
)
