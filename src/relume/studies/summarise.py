"""From the outcomes of a study to its summary: the fair comparisons, computed."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from relume.catalogue import activations
from relume.studies.comparison import SMOOTHING_STEPS, Group, compare, running_mean, steps_to
from relume.studies.initialisation import weight_scale
from relume.studies.intervals import mean_interval
from relume.studies.mlp import MLP
from relume.studies.study import Study
from relume.studies.summary import Cost, Row, Summary
from relume.theory.mean_field import gradient_profile
from relume.types import Outcome, PerUnit, Readings, Setting

FINAL_STEPS = 20
TARGET_SHARES = (0.6, 0.4, 0.3)  # of ln(classes), the loss of guessing; 1.38, 0.92 and 0.69 for 10 classes


def summarise(study: Study, *, costs: Sequence[Cost] = (), cost_setting: str = "") -> Summary:
    """Choose each activation's best settings, compare at the same and at the best, put theory beside."""
    groups: dict[Setting, list[Outcome]] = defaultdict(list)
    for outcome in study.outcomes:
        groups[outcome.setting].append(outcome)
    targets = tuple(round(share * math.log(study.data.classes), 2) for share in TARGET_SHARES)
    per_scheme = best_of(groups, lambda s: (s.network, s.activation, s.initialisation))
    per_activation = best_of(groups, lambda s: (s.network, s.activation))
    common = common_settings(groups)

    def rows(settings: Sequence[Setting]) -> tuple[Row, ...]:
        return tuple(row(groups[setting], targets, study) for setting in settings)

    return Summary(
        data=study.data.description,
        training=f"{describe_training(study)}; {at_the_edge(per_scheme, study)}",
        engine=study.engine,
        cost_setting=cost_setting,
        targets=targets,
        rows=rows(per_scheme),
        same_setting=rows(common),
        best=rows(per_activation),
        comparisons=(
            *compare("same setting", [groups[s] for s in common], targets),
            *compare("each at its best", [groups[s] for s in per_activation], targets),
        ),
        costs=tuple(costs),
    )


def describe_training(study: Study) -> str:
    """One line: what all the networks share."""
    rates = sorted({o.setting.learning_rate for o in study.outcomes})
    seeds = len({o.seed for o in study.outcomes})
    optimizer = "momentum 0.9" if study.training.optimizer == "momentum" else study.training.optimizer
    return (
        f"{optimizer}, batch {study.training.batch_size}, {study.training.steps} steps, {seeds} seeds, "
        f"{len(rates)} learning rates from {rates[0]:g} to {rates[-1]:g}: {len(study.outcomes):,} networks"
    )


def at_the_edge(best: Sequence[Setting], study: Study) -> str:
    """How many of the best learning rates might be better still outside the grid."""
    rates = {o.setting.learning_rate for o in study.outcomes}
    ends = sum(setting.learning_rate in (min(rates), max(rates)) for setting in best)
    return f"{ends} of the {len(best)} best learning rates are the grid's smallest or largest"


def final_loss(group: Group) -> float:
    """Mean training loss of the last steps, median over seeds; infinite where most seeds diverged."""
    return statistics.median(
        math.inf if o.diverged_at is not None else float(o.losses[-FINAL_STEPS:].mean()) for o in group
    )


def best_of(groups: Mapping[Setting, Group], part: Callable[[Setting], Hashable]) -> list[Setting]:
    """Of the settings alike in `part` the one of lowest final loss, in the order they were asked for."""
    best: dict[Hashable, Setting] = {}
    for setting, group in groups.items():
        rival = best.get(part(setting))
        if rival is None or final_loss(group) < final_loss(groups[rival]):
            best[part(setting)] = setting
    return list(best.values())


def common_settings(groups: Mapping[Setting, Group]) -> list[Setting]:
    """For each network the one initialisation and learning rate that trains the median activation best."""
    chosen: list[Setting] = []
    for network in dict.fromkeys(setting.network for setting in groups):
        losses: dict[tuple[str, float], list[float]] = defaultdict(list)
        for setting in groups:
            if setting.network == network:
                losses[setting.initialisation, setting.learning_rate].append(final_loss(groups[setting]))
        common = min(losses, key=lambda pair: statistics.median(losses[pair]))
        chosen += [
            s for s in groups if s.network == network and (s.initialisation, s.learning_rate) == common
        ]
    return chosen


def row(group: Group, targets: Sequence[float], study: Study) -> Row:
    """What one setting did, over its seeds."""
    setting, survivors = group[0].setting, [o for o in group if o.diverged_at is None]
    start = gradient_by_layer([o.at_start for o in group])
    theory = theoretical_gradients(setting, study, sites=len(start))
    end = gradient_by_layer([o.at_end for o in survivors])
    return Row(
        network=setting.network,
        activation=setting.activation,
        initialisation=setting.initialisation,
        learning_rate=setting.learning_rate,
        steps_to={target: _median_steps([steps_to(o, target) for o in group]) for target in targets},
        final_loss=loss if math.isfinite(loss := final_loss(group)) else math.nan,
        accuracy=mean_interval([o.accuracy for o in survivors]),
        diverged=len(group) - len(survivors),
        seeds=len(group),
        gradient_ratio_start=_first(start),
        gradient_ratio_theory=_first(theory),
        gradient_ratio_end=_first(end),
        zeros_start=zero_fraction([o.at_start for o in group]),
        zeros_end=zero_fraction([o.at_end for o in survivors]),
        gradient_by_layer_start=start,
        gradient_by_layer_theory=theory,
        curve=_median_curve(survivors),
    )


def gradient_by_layer(readings: Sequence[Readings]) -> PerUnit:
    """Rms gradient arriving at each site over that at the last site, median over seeds, [sites]."""
    profiles = [[r.gradient.root_mean_square for r in reading.values()] for reading in readings if reading]
    if not profiles:
        return np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):  # a dead network's gradients are all 0: 0/0 is nan
        return np.median([np.asarray(p) / p[-1] for p in profiles], axis=0)


def theoretical_gradients(setting: Setting, study: Study, *, sites: int) -> PerUnit:
    """The same by mean-field theory, for MLPs; nan at every site of a user's network."""
    mlp = MLP.from_name(setting.network)
    if mlp is None:
        return np.full(sites, np.nan)
    activation = activations[setting.activation]
    widths = [study.data.train_x[0].numel(), *[mlp.width] * mlp.depth]
    scales = [
        weight_scale(setting.initialisation, activation, fan_in=a, fan_out=b, is_first=i == 0)
        for i, (a, b) in enumerate(pairwise(widths))
    ]
    q_input = float(study.data.train_x.square().mean())
    profile = gradient_profile(
        activation, q_input=q_input, sigma_w2=[w for w, _ in scales], sigma_b2=[b for _, b in scales]
    )
    return np.asarray(profile)


def zero_fraction(readings: Sequence[Readings]) -> float:
    """Exact zeros among all sites' values, mean over seeds; nan without readings."""
    fractions = [
        np.mean([r.value.zero_fraction for r in reading.values()]) for reading in readings if reading
    ]
    return float(np.mean(fractions)) if fractions else math.nan


def _first(profile: PerUnit) -> float:
    return float(profile[0]) if len(profile) else math.nan


def _median_steps(steps: Sequence[int | None]) -> float | None:
    median = statistics.median(math.inf if s is None else s for s in steps)
    return median if math.isfinite(median) else None


def _median_curve(survivors: Group) -> PerUnit:
    if not survivors:
        return np.zeros(0)
    window = min(SMOOTHING_STEPS, len(survivors[0].losses))
    return np.median([running_mean(o.losses, window) for o in survivors], axis=0)
