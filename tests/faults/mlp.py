"""Multilayer perceptrons with a planted fault."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.faults.building import (
    Detached,
    Initialise,
    Make,
    Scheduled,
    adam,
    biased,
    chain,
    classifier,
    cross_entropy,
    deep,
    he,
    initialised,
    sgd,
    squared_error,
    weighted,
    xavier,
)
from tests.faults.program import Batch, Job, faulty
from tests.faults.tasks import CLASSES, FEATURES, Pairs, clusters, curve, digits

WIDTH = 48


def deep_net(
    layers: int, activation: Make = nn.ReLU, hidden: Initialise | None = he, width: int = WIDTH
) -> Job:
    model: nn.Module = chain(deep(layers, width, inputs=FEATURES, outputs=CLASSES), activation)
    return classifier(initialised(model, hidden) if hidden else model, clusters())


def with_bias(bias: float, places: Sequence[int]) -> Job:
    job = deep_net(4)
    biased(job.model, bias, places)
    return job


def born_narrow(activation: Make) -> Job:
    job = deep_net(6, activation, width=3)
    return Job(job.model, adam(job.model, 1e-2), job.batches, job.loss)


def by_descent(lr: float, **settings: float) -> Job:
    job = deep_net(3)
    return Job(job.model, sgd(job.model, lr, **settings), job.batches, job.loss)


def regression(lr: float) -> Job:
    model = initialised(chain([8, WIDTH, WIDTH, 1]))
    return Job(model, sgd(model, lr), curve(), squared_error)


def scheduled(factors: Sequence[float]) -> Job:
    model = initialised(chain([8, WIDTH, WIDTH, 1]))
    return Job(model, Scheduled(model, 0.02, factors), curve(), squared_error)


def of_digits(batches: Pairs) -> Job:
    model = initialised(chain([64, WIDTH, WIDTH, 10]))
    return Job(model, sgd(model, 0.05), batches, cross_entropy)


def of_scaled_features(scale: Sequence[float], offset: float = 0.0) -> Job:
    job = by_descent(0.1)
    factors = torch.ones(FEATURES)
    factors[: len(scale)] = torch.tensor(scale)
    batches = [(x * factors + offset, y) for x, y in job.batches]
    return Job(job.model, job.optimizer, batches, job.loss)


def tanh_net(weights: float = 1.0) -> Job:
    model = chain([FEATURES, WIDTH, WIDTH, WIDTH, CLASSES], nn.Tanh)
    initialised(model, lambda weight: xavier(weight, weights))
    return Job(model, sgd(model, 0.1), clusters(), cross_entropy)


def smooth(inputs: float = 1.0) -> Job:
    model = initialised(chain([8, WIDTH, WIDTH, 1], nn.Tanh), xavier)
    return Job(model, adam(model, 5e-3), [(x * inputs, y) for x, y in curve()], squared_error)


def constant(value: float) -> Job:
    def fill(weight: Tensor) -> None:
        nn.init.constant_(weight, value)

    job = deep_net(2)
    initialised(job.model, fill, fill)
    return job


def constant_input() -> Job:
    job = with_bias(0.0, [0])
    batches = [(torch.full_like(x, 3.0), y) for x, y in job.batches]
    return Job(job.model, job.optimizer, batches, job.loss)


def probability(model: nn.Module, batch: Batch) -> Tensor:
    """Cross entropy by hand: the log of a probability that may be 0."""
    x, y = batch
    chances = torch.softmax(200 * model(x), dim=1)
    wanted = F.one_hot(y, CLASSES)
    return -(wanted * chances.log()).sum(1).mean()


def stable_probability(model: nn.Module, batch: Batch) -> Tensor:
    x, y = batch
    chances = torch.softmax(model(x), dim=1)
    return -chances.clamp(min=1e-6).log().gather(1, y[:, None]).mean()


def by_hand(loss: object) -> Job:
    job = deep_net(2)
    assert callable(loss)
    return Job(job.model, job.optimizer, job.batches, loss)


def with_nan(step: int) -> Job:
    job = deep_net(3)
    batches = [(x.clone(), y) for x, y in job.batches]
    batches[step][0][5, 2] = torch.nan
    return Job(job.model, job.optimizer, batches, job.loss)


def detached() -> Job:
    layers = list(initialised(chain([FEATURES, WIDTH, 4, WIDTH, CLASSES])).children())
    model = nn.Sequential(*layers[:4], Detached(), *layers[4:])
    return classifier(model, clusters(), lr=5e-3)


def bottleneck(rates: Sequence[float]) -> Job:
    """A narrow layer in the middle: what comes before it has to learn what to keep."""
    model = initialised(chain([FEATURES, WIDTH, 4, WIDTH, CLASSES]))
    groups = [
        {"params": list(layer.parameters()), "lr": rate}
        for layer, rate in zip(weighted(model), rates, strict=True)
    ]
    return Job(model, torch.optim.Adam(groups), clusters(), cross_entropy)


VANISHES = "vanishing-gradient"
SCALE = "weights are (too )?(small|large)|too large before any update"
programs = (
    faulty(
        "mlp-sigmoid-deep",
        VANISHES,
        lambda: deep_net(10, nn.Sigmoid, xavier),
        cause="slope of sigmoid|flat ends of sigmoid",
        twin="mlp-relu-deep",
    ),
    faulty(
        "mlp-pytorch-default-deep",
        VANISHES,
        lambda: deep_net(16, hidden=None),
        cause=SCALE,
        twin="mlp-relu-very-deep",
    ),
    faulty(
        "mlp-tanh-small-weights",
        VANISHES,
        lambda: deep_net(8, nn.Tanh, lambda weight: xavier(weight, 0.1)),
        cause=SCALE,
        twin="mlp-tanh-deep",
    ),
    faulty(
        "mlp-relu-large-weights",
        "exploding-gradient",
        lambda: deep_net(10, hidden=lambda weight: he(weight, 3)),
        cause=SCALE,
        twin="mlp-relu-deep",
        also=("exploding-activation",),
    ),
    faulty(
        "mlp-tanh-chaotic",
        "exploding-gradient",
        lambda: deep_net(40, nn.Tanh, lambda weight: xavier(weight, 3)),
        cause=SCALE,
        twin="mlp-tanh-very-deep",
    ),
    faulty(
        "mlp-tanh-saturated",
        "saturated-units",
        lambda: tanh_net(weights=20),
        cause=SCALE,
        twin="mlp-tanh",
    ),
    faulty(
        "mlp-tanh-large-inputs",
        "saturated-units",
        lambda: smooth(inputs=200),
        cause="input is large|input",
        twin="mlp-tanh-regression",
        also=("unscaled-input",),
    ),
    faulty(
        "mlp-dead-bias",
        "dead-units",
        lambda: with_bias(-10, [1]),
        cause="bias",
        twin="mlp-relu",
    ),
    faulty(
        "mlp-dead-first-step",
        "dead-units",
        lambda: scheduled([60.0]),
        cause="too large",
        twin="mlp-warm-up",
        also=("unstable-updates",),
    ),
    faulty(
        "mlp-born-dead",
        "dead-units",
        lambda: born_narrow(nn.ReLU),
        cause="born dead",
        twin="mlp-narrow",
    ),
    faulty(
        "mlp-constant-input", "dead-units", constant_input, cause="same for every example", twin="mlp-relu"
    ),
    faulty(
        "mlp-log-of-zero",
        "non-finite",
        lambda: by_hand(probability),
        cause="loss",
        twin="mlp-log-of-clamped",
    ),
    faulty(
        "mlp-overflow",
        "non-finite",
        lambda: deep_net(30, hidden=lambda weight: he(weight, 30)),
        cause="before any update|weights are too large",
        twin="mlp-relu-very-deep",
        also=("exploding-activation",),
    ),
    faulty(
        "mlp-diverges",
        "non-finite",
        lambda: regression(5.0),
        cause="learning rate|too large",
        twin="mlp-regression",
        also=("unstable-updates",),
    ),
    faulty("mlp-nan-in-data", "non-finite", lambda: with_nan(12), cause="the data", twin="mlp-relu"),
    faulty(
        "mlp-bytes",
        "unscaled-input",
        lambda: of_digits(digits(scale=16, offset=0, channels=False)),
        cause="input|scale|feature",
        twin="mlp-digits",
    ),
    faulty(
        "mlp-one-large-feature",
        "unscaled-input",
        lambda: of_scaled_features([1e4]),
        cause="feature|input|scale",
        twin="mlp-descent",
    ),
    faulty(
        "mlp-offset-input",
        "unscaled-input",
        lambda: of_scaled_features([], offset=100),
        cause="mean|offset|centr",
        twin="mlp-descent",
    ),
    faulty(
        "mlp-constant-weights",
        "symmetric-units",
        lambda: constant(0.1),
        cause="same|constant|equal|identical",
        twin="mlp-shallow",
    ),
    faulty(
        "mlp-zero-weights",
        "symmetric-units",
        lambda: constant(0.0),
        cause="zero|same|constant|equal|identical",
        twin="mlp-shallow",
    ),
    faulty(
        "mlp-large-rate",
        "unstable-updates",
        lambda: by_descent(20.0),
        cause="learning rate|too large",
        twin="mlp-descent",
        also=("non-finite",),
    ),
    faulty(
        "mlp-momentum-999",
        "unstable-updates",
        lambda: by_descent(0.3, momentum=0.999),
        cause="momentum|learning rate|too large",
        twin="mlp-descent",
        also=("dead-units",),
    ),
    faulty(
        "mlp-detached",
        "stalled-layer",
        detached,
        cause="detach|cut",
        twin="mlp-bottleneck",
        also=("vanishing-gradient",),
    ),
    faulty(
        "mlp-group-without-rate",
        "stalled-layer",
        lambda: bottleneck([0, 0, 5e-3, 5e-3]),
        cause="learning rate|lr",
        twin="mlp-bottleneck",
    ),
)
