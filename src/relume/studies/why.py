"""The main job: from what was asked for on the command line to a summary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from relume.studies.cost import ELEMENTS, measure_costs
from relume.studies.data import load
from relume.studies.loading import find_function
from relume.studies.mlp import MLP
from relume.studies.protocol import OptimizerName, Training
from relume.studies.study import ACTIVATIONS, study
from relume.studies.summarise import summarise
from relume.studies.summary import Summary
from relume.types import Effort

DEPTHS = (4, 10, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is trained."""

    steps: int
    seeds: int
    width: int
    learning_rates: tuple[float, ...]


# On two cores: 1.5 minutes, 4 minutes, 2 hours; measured times are in docs/performance.md.
SCOPES: Mapping[Effort, Scope] = {
    "quick": Scope(steps=100, seeds=5, width=32, learning_rates=(0.01, 0.03, 0.1)),
    "default": Scope(steps=160, seeds=5, width=32, learning_rates=(0.003, 0.01, 0.03, 0.1, 0.3)),
    "full": Scope(steps=1000, seeds=10, width=64, learning_rates=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
}


def scope(effort: Effort, *, steps: int | None, seeds: int | None, width: int | None) -> Scope:
    """The scope of an effort, with what was asked for put in."""
    whole = SCOPES[effort]
    return Scope(
        steps=steps or whole.steps,
        seeds=seeds or whole.seeds,
        width=width or whole.width,
        learning_rates=whole.learning_rates,
    )


def run_why(
    scope: Scope,
    *,
    build: str | None,
    data: str | None,
    activations: Sequence[str] | None,
    optimizer: OptimizerName,
    out: Path,
) -> Summary:
    """Train what the scope says and measure the costs; `out` keeps what is finished in study.sqlite."""
    names = list(activations or ACTIVATIONS)
    network = find_function(build) if build else [MLP(depth, scope.width) for depth in DEPTHS]
    dataset = load(data)
    found = study(
        network,
        dataset,
        activations=names,
        learning_rates=scope.learning_rates,
        seeds=scope.seeds,
        training=Training(optimizer=optimizer, steps=scope.steps),
        into=out / "study.sqlite",
        show_progress=True,
    )
    return summarise(found, costs=measure_costs(names), cost_setting=f"{ELEMENTS:,} float32 values, 1 thread")
