"""Convolutions over knitted swatches, ported, folded, resumed and tuned."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn import init
from torch.optim import SGD, Adam

from tests.faults.building import Make, cross_entropy, he
from tests.faults.eighth.making import (
    ALIKE,
    GROWTH,
    INPUT,
    RATE,
    STEP,
    WEIGHTS,
    Fill,
    filled,
    normal,
    seen_through,
    trained,
)
from tests.faults.program import Job, faulty, healthy
from tests.faults.sixteenth.making import FRACTION, RESTORED, fan_in
from tests.faults.sixteenth.scenes import STITCHES, knits
from tests.faults.tenth.making import OPERATION


def stack(
    layers: int, activation: Make = nn.ReLU, norm: Make = nn.Identity, width: int = 12
) -> nn.Sequential:
    """Convolutions, the first with a stride; quarters of each channel are read."""
    parts: list[nn.Module] = []
    for place in range(layers):
        conv = nn.Conv2d(width if place else 1, width, 3, padding=1, stride=1 if place else 2)
        parts += [conv, norm(), activation()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, STITCHES))


def knitted(fill: Fill) -> Job:
    return trained(filled(stack(6, width=16), fill), knits(), Adam, lr=2e-3)


def he_twice(weight: Tensor) -> None:
    """Drawn by He and then scaled by him, as where a layer scales its weights too (Karras et al., 2018)."""
    he(weight, (2 / fan_in(weight)) ** 0.5)


class Equalised(nn.Conv2d):
    """Weights of unit deviation that are scaled as they are used (Karras et al., 2018)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)
        self.scale = (2 / fan_in(self.weight)) ** 0.5

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.scale * self.weight, self.bias, padding=1)


def equalised() -> Job:
    parts: list[nn.Module] = [nn.Conv2d(1, 12, 3, stride=2), nn.LeakyReLU(0.2)]
    for _ in range(4):
        parts += [Equalised(12, 12), nn.LeakyReLU(0.2)]
    model = nn.Sequential(*parts, nn.Flatten(), nn.Linear(192, STITCHES))
    for layer in model:
        if isinstance(layer, Equalised):
            init.normal_(layer.weight)
    return trained(model, knits(), Adam, lr=2e-2)


def by_third_axis(weight: Tensor) -> None:
    """He by the axis that has the inputs in the other framework, and a side of the kernel in this one."""
    init.normal_(weight, std=(2 / weight.shape[-2]) ** 0.5)


def folded() -> Job:
    """Norms that followed layers are put into them, by what came out of each."""
    model = stack(4)
    filled(model, normal(0.02))
    seen, scales = knits()[0][0], []
    with torch.no_grad():
        for layer in list(model)[:-3]:
            seen = layer(seen)
            if isinstance(layer, nn.Conv2d):
                mean, scale = seen.mean((0, 2, 3)), (seen.var((0, 2, 3)) + 1e-6) ** -0.5
                scales.append((layer, mean, scale))
                seen = F.batch_norm(seen, None, None, training=True)
        for layer, mean, scale in scales:
            layer.weight *= scale[:, None, None, None]
            layer.bias.copy_(-mean * scale)  # type: ignore[union-attr]
    return trained(model, knits(), Adam, lr=5e-3)


def resumed() -> Job:
    """Adam goes on from a file that has its mean of gradients and its steps, but no mean of squares."""
    job = knitted(he)
    loss = job.loss(job.model, job.batches[-1])
    loss.backward()  # type: ignore[no-untyped-call]
    for p in job.model.parameters():
        assert p.grad is not None
        means = {"exp_avg": p.grad.clone(), "exp_avg_sq": torch.zeros_like(p)}
        job.optimizer.state[p] = {"step": torch.tensor(4000.0), **means}
    job.optimizer.zero_grad()
    return job


class Powered(nn.Module):
    """The cubic mean over places of what is above a number (Radenovic et al., 2018)."""

    def __init__(self, least: float) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=self.least).pow(3).mean((2, 3)).pow(1 / 3)


def pooled(least: float) -> Job:
    """One swatch in a batch was scanned with the lid open: it is blank."""

    def blank(x: Tensor) -> Tensor:
        return torch.where(torch.arange(len(x))[:, None, None, None] == 11, 0.0, x)

    model = nn.Sequential(*filled(stack(3, width=16), he)[:-4], Powered(least), nn.Linear(16, STITCHES))  # type: ignore[index]
    return trained(model, seen_through(blank, knits()), Adam, lr=1.2e-2)


def leap(lr: float = 0.05, times: int = 1) -> Job:
    """Bytes of a scan, over 255 by who reads the file, or also by who wrote what comes after; descent."""
    batches = seen_through(lambda x: (128 + 60 * x).round().clamp(0, 255) / 255**times, knits())
    return trained(filled(stack(2, width=16), he), batches, SGD, lr=lr, momentum=0.9)


def tuned(share: float = 0.8, *, is_norm_only: bool = True) -> Job:
    """A rate for each layer, a share of that of the one above it (Howard & Ruder, 2018).

    Weights of norms are set to 1, or those of whatever has weights.
    """
    model = stack(4, norm=lambda: nn.BatchNorm2d(12))
    filled(model, normal(0.1))
    for layer in list(model)[:-1]:
        if isinstance(layer, nn.BatchNorm2d) or (not is_norm_only and hasattr(layer, "weight")):
            init.ones_(layer.weight)  # type: ignore[arg-type]
    layers = [layer for layer in model if hasattr(layer, "weight")]
    groups = [{"params": layer.parameters(), "lr": 1e-2 * share**up} for up, layer in enumerate(layers[::-1])]
    return Job(model, Adam(groups), knits(), cross_entropy)


programs = (
    healthy("cnn-knits-equalised-of-unit-deviation", equalised),
    healthy("cnn-knits-six-by-channels-and-kernel", lambda: knitted(he)),
    healthy("cnn-knits-folded-over-deviation", folded),
    healthy("cnn-knits-cubic-mean-and-a-bit", lambda: pooled(1e-4)),
    healthy("cnn-knits-rate-for-24", leap),
    healthy("cnn-knits-rates-fall-by-a-fifth", tuned),
    faulty(
        "cnn-knits-six-scaled-twice",
        "vanishing-gradient",
        lambda: knitted(he_twice),
        cause=WEIGHTS + FRACTION,
        twin="cnn-knits-six-by-channels-and-kernel",
        also=("unstable-updates", "stalled-layer", "dead-units"),
    ),
    faulty(
        "cnn-knits-six-by-third-axis",
        "exploding-gradient",
        lambda: knitted(by_third_axis),
        cause=GROWTH + FRACTION,
        twin="cnn-knits-six-by-channels-and-kernel",
        also=("exploding-activation", "dead-units", "unstable-updates"),
    ),
    faulty(
        "cnn-knits-resumed-without-squares",
        "unstable-updates",
        resumed,
        cause=STEP + "|momentum|resum|optimi[sz]er|state" + RESTORED,
        twin="cnn-knits-six-by-channels-and-kernel",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient"),
    ),
    faulty(
        "cnn-knits-cubic-mean-of-0",
        "non-finite",
        lambda: pooled(0.0),
        cause=OPERATION + "|pool",
        twin="cnn-knits-cubic-mean-and-a-bit",
    ),
    faulty(
        "cnn-knits-over-255-twice",
        "unscaled-input",
        lambda: leap(times=2),
        cause=INPUT + "|scale",
        twin="cnn-knits-rate-for-24",
        also=("vanishing-gradient", "stalled-layer", "dead-units", "exploding-activation"),
    ),
    faulty(
        "cnn-knits-all-set-to-1",
        "symmetric-units",
        lambda: tuned(is_norm_only=False),
        cause=ALIKE,
        twin="cnn-knits-rates-fall-by-a-fifth",
        also=("exploding-activation", "exploding-gradient", "vanishing-gradient", "stalled-layer"),
    ),
    faulty(
        "cnn-knits-rate-for-8192",
        "unstable-updates",
        lambda: leap(1.5),
        cause=STEP,
        twin="cnn-knits-rate-for-24",
        also=("dead-units", "exploding-activation", "exploding-gradient", "vanishing-gradient", "non-finite"),
    ),
    faulty(
        "cnn-knits-rates-fall-to-three-tenths",
        "stalled-layer",
        lambda: tuned(0.3),
        cause=RATE,
        twin="cnn-knits-rates-fall-by-a-fifth",
    ),
)
