"""What a study says: a row for each activation and initialisation, and who was faster than whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from relume.types import Initialisation, Interval, PerUnit

Basis = Literal["same setting", "each at its best"]
Pace = Literal[
    "faster", "slower", "not decided", "baseline never got there", "never got there", "neither got there"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One activation under one initialisation in one network, at the learning rate that trained it best."""

    network: str  # "mlp 10x64"
    activation: str
    initialisation: Initialisation
    learning_rate: float
    steps_to: Mapping[
        float, float | None
    ]  # training loss -> median steps over seeds; None if most seeds never got there
    final_loss: float  # mean training loss of the last steps, median over seeds; nan if it diverged
    accuracy: Interval  # on the test set, 0 to 1
    diverged: int  # seeds that diverged at this learning rate
    seeds: int
    gradient_ratio_start: (
        float  # rms gradient at the first site over the last site, before training; median over seeds
    )
    gradient_ratio_theory: (
        float  # what mean-field theory predicts for gradient_ratio_start; nan where it does not apply
    )
    gradient_ratio_end: float  # after training; nan if diverged
    zeros_start: float  # fraction of exact zeros over all sites before training
    zeros_end: float
    gradient_by_layer_start: PerUnit  # [sites] rms gradient, over that of the last site
    gradient_by_layer_theory: PerUnit  # [sites]
    curve: PerUnit  # [steps] training loss, running mean, median over seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many times fewer steps than a baseline an activation took to a training loss, over paired seeds."""

    basis: Basis
    network: str
    activation: str
    baseline: str
    target: float  # the training loss
    ratio: (
        Interval | None
    )  # baseline's steps / activation's steps; above 1 is faster; None where one never got there
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Time of one activation on one tensor, beside a memory copy timed in the same rounds."""

    activation: str
    forward_ns: float  # per element, median
    backward_ns: float
    copy_ns: float
    forward_over_copy: float  # median of the ratios of interleaved rounds
    backward_over_copy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All that the terminal and the page show of a study."""

    data: str  # "Fashion-MNIST subset: 6,000 training and 1,000 test images of 28 x 28, 10 classes"
    training: str  # "momentum 0.9, batch 128, 300 steps, 5 seeds, 4 learning rates from 0.001 to 1"
    engine: str  # "stacked: 140 networks at a time as batched matrix products"
    cost_setting: str  # "1,000,000 float32 values, 1 thread"
    targets: tuple[float, ...]  # the training losses of steps_to, highest first
    rows: tuple[Row, ...]  # each (network, activation, initialisation) at its best learning rate
    same_setting: tuple[Row, ...]  # one initialisation and learning rate for all activations of a network
    best: tuple[Row, ...]  # each (network, activation) at its best initialisation and learning rate
    comparisons: tuple[Comparison, ...]
    costs: tuple[Cost, ...]
