"""Convolutional networks: colour images of stripes, and signals of one channel."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, AdamW, RMSprop

from tests.faults.building import Make, initialised, weighted
from tests.faults.program import Batch, Job, faulty, healthy
from tests.faults.report.making import ALIKE, CUT, INPUT, STEP, WEIGHTS, Initialise, normal, trained
from tests.faults.report.tasks import CLASSES, as_bytes, gratings, signals
from tests.faults.tasks import Pairs

CHANNELS = 16


def stack(layers: int, activation: Make = nn.ReLU, norm: Make = nn.Identity) -> nn.Sequential:
    """Convolutions, of which the first two halve the image; a mean over places; a linear layer."""
    parts: list[nn.Module] = []
    for place in range(layers):
        inside, stride = 3 if place == 0 else CHANNELS, 2 if place < 2 else 1
        parts += [nn.Conv2d(inside, CHANNELS, 3, stride, padding=1), norm(), activation()]
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, CLASSES))


def filled(layers: int, fill: Initialise, activation: Make = nn.ReLU, lr: float = 2e-3) -> Job:
    return trained(initialised(stack(layers, activation), fill), gratings(), AdamW, lr=lr)


def he_fan_in(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def without_channels(weight: Tensor) -> None:
    """He's deviation for one channel of input, as one gets it by counting the kernel's places alone."""
    nn.init.normal_(weight, std=(2 / weight[0, 0].numel()) ** 0.5)


def with_prior(bias: float) -> Job:
    """RetinaNet's bias for rare classes, which belongs to the last layer, in every layer."""
    model = initialised(stack(4), he_fan_in)
    for layer in weighted(model):
        assert layer.bias is not None
        nn.init.constant_(layer.bias, bias)
    return trained(model, gratings(), Adam, lr=2e-3)


def plain(batches: Pairs | None = None, kind: type = SGD, **settings: Any) -> Job:
    """A network with PyTorch's own initialisation and a flattened image before its head."""
    parts = [nn.Conv2d(3, 12, 3, 2), nn.ReLU(), nn.Conv2d(12, 24, 3), nn.ReLU(), nn.Flatten()]
    return trained(nn.Sequential(*parts, nn.Linear(216, CLASSES)), batches or gratings(), kind, **settings)


def lenet(fill: Initialise) -> Job:
    """LeNet's shape and its tanh."""
    parts = [nn.Conv2d(3, 12, 3, 2), nn.Tanh(), nn.Conv2d(12, 24, 3), nn.Tanh(), nn.Flatten()]
    model = nn.Sequential(*parts, nn.Linear(216, 48), nn.Tanh(), nn.Linear(48, CLASSES))
    return trained(initialised(model, fill), gratings(), AdamW, lr=3e-3)


def blur(weight: Tensor) -> None:
    nn.init.constant_(weight, 1 / weight[0].numel())


class Standardised(nn.Module):
    """By mean and deviation over the batch; those of one example are not defined."""

    def forward(self, x: Tensor) -> Tensor:
        apart = x - x.mean(0)
        variance = apart.square().sum(0) / (len(x) - 1)
        return apart / (variance.sqrt() + 1e-3)


def standardised_by_batch(last: int) -> Job:
    """Images standardised over the batch; the last batch of an epoch is what was left over."""
    batches = gratings()
    x, y = batches[19]
    batches[19] = x[:last], y[:last]
    return trained(nn.Sequential(Standardised(), *stack(3)), batches, Adam, lr=3e-3)


class Tuned(nn.Module):
    """A small body under no_grad, as for evaluation, or not; it has but three channels to tell."""

    def __init__(self, *, is_cut: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 12, 3, 2),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.Conv2d(12, 3, 3),
            nn.AdaptiveAvgPool2d(1),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, CLASSES))
        self.is_cut = is_cut

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_cut):
            x = self.body(x)
        out: Tensor = self.head(x)
        return out


def signal_net(scale: float) -> Job:
    """Convolutions over time, of a signal in microvolts or in volts."""
    model = nn.Sequential(
        nn.Conv1d(1, 16, 5, 2),
        nn.ReLU(),
        nn.Conv1d(16, 32, 5, 2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(288, CLASSES),
    )
    return trained(model, [(x * scale, y) for x, y in signals()], SGD, lr=0.05, momentum=0.9)


def decayed(weight_decay: float) -> Job:
    return plain(lr=0.05, weight_decay=weight_decay)


def mobile() -> Job:
    """Depthwise convolutions with ReLU6 and hard gates, normalised."""
    parts: list[nn.Module] = [nn.Conv2d(3, 24, 3, 2, bias=False), nn.BatchNorm2d(24), nn.Hardswish()]
    for _ in range(2):
        parts += [nn.Conv2d(24, 24, 3, padding=1, groups=24, bias=False), nn.BatchNorm2d(24), nn.ReLU6()]
        parts += [nn.Conv2d(24, 24, 1, bias=False), nn.BatchNorm2d(24)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(24, CLASSES)]
    return trained(nn.Sequential(*parts, *head), gratings(), RMSprop, lr=3e-3)


def quiet_start() -> Job:
    """Channels that a normalisation keeps silent at first, its bias being low: training wakes them."""
    model = stack(3, norm=lambda: nn.GroupNorm(4, CHANNELS))
    for part in list(model)[:5]:
        if isinstance(part, nn.GroupNorm):
            with torch.no_grad():
                part.bias[::4] = -3.2
    return trained(model, gratings(), Adam, lr=1e-2)


def smoothed() -> Job:
    """Smoothed labels: the loss can not come near 0."""

    def loss(model: nn.Module, batch: Batch) -> Tensor:
        x, y = batch
        return F.cross_entropy(model(x), y, label_smoothing=0.2)

    return trained(stack(4, nn.SiLU, lambda: nn.BatchNorm2d(CHANNELS)), gratings(), SGD, loss, lr=0.3)


programs = (
    healthy("cnn-stripes", lambda: filled(6, he_fan_in)),
    healthy("cnn-stripes-tanh", lambda: lenet(nn.init.xavier_normal_)),
    healthy("cnn-without-prior", lambda: with_prior(0.0)),
    healthy("cnn-plain", lambda: plain(lr=0.05)),
    healthy("cnn-plain-momentum", lambda: plain(lr=0.02, momentum=0.9)),
    healthy("cnn-standardised-by-batch", lambda: standardised_by_batch(9)),
    healthy("cnn-tuned", lambda: trained(Tuned(is_cut=False), gratings(), Adam, lr=1e-2)),
    healthy("cnn-signals", lambda: signal_net(1.0)),
    healthy("cnn-mobile", mobile),
    healthy("cnn-quiet-start", quiet_start),
    healthy("cnn-smoothed-labels", smoothed),
    faulty(
        "cnn-thin-normal-weights",
        "vanishing-gradient",
        lambda: filled(6, normal(0.02)),
        cause=WEIGHTS,
        twin="cnn-stripes",
    ),
    faulty(
        "cnn-fan-in-without-channels",
        "exploding-activation",
        lambda: filled(6, without_channels),
        cause=WEIGHTS,
        twin="cnn-stripes",
        also=("exploding-gradient",),
    ),
    faulty(
        "cnn-tanh-unit-weights",
        "saturated-units",
        lambda: lenet(normal(1.0)),
        cause=WEIGHTS,
        twin="cnn-stripes-tanh",
        also=("exploding-gradient",),
    ),
    faulty(
        "cnn-prior-bias-everywhere",
        "dead-units",
        lambda: with_prior(-4.6),
        cause="bias",
        twin="cnn-without-prior",
        also=("vanishing-gradient",),
    ),
    faulty(
        "cnn-killed-by-rate",
        "dead-units",
        lambda: plain(lr=1.5, momentum=0.9),
        cause=STEP,
        twin="cnn-plain-momentum",
        also=("unstable-updates", "non-finite"),
    ),
    faulty(
        "cnn-deviation-of-one",
        "non-finite",
        lambda: standardised_by_batch(1),
        cause="undefined|divi|deviation|variance|\\bstd\\b|one example|batch of|operation",
        twin="cnn-standardised-by-batch",
    ),
    faulty(
        "cnn-colour-bytes",
        "unscaled-input",
        lambda: plain(as_bytes(gratings()), lr=0.05),
        cause=INPUT,
        twin="cnn-plain",
        also=("dead-units", "non-finite"),
    ),
    faulty("cnn-microvolts", "unscaled-input", lambda: signal_net(1e-5), cause=INPUT, twin="cnn-signals"),
    faulty(
        "cnn-box-blur-kernels",
        "symmetric-units",
        lambda: lenet(blur),
        cause=ALIKE,
        twin="cnn-stripes-tanh",
    ),
    faulty(
        "cnn-weight-decay-of-fifty",
        "unstable-updates",
        lambda: decayed(50.0),
        cause=STEP + "|decay",
        twin="cnn-plain",
        also=("non-finite", "dead-units"),
    ),
    faulty(
        "cnn-body-without-gradient",
        "stalled-layer",
        lambda: trained(Tuned(is_cut=True), gratings(), Adam, lr=1e-2),
        cause=CUT,
        twin="cnn-tuned",
        also=("vanishing-gradient",),
    ),
)
