"""Trains every combination of activation, initialisation, learning rate and seed, and resumes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from inspect import getsourcefile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import nn

from relume.catalogue import activations as catalogue
from relume.catalogue.activation import Activation
from relume.errors import PlanError
from relume.studies.data import Dataset, load
from relume.studies.database import open_store
from relume.studies.engines import Network, train
from relume.studies.initialisation import INITIALISATIONS
from relume.studies.mlp import MLP
from relume.studies.parallel import run_parts
from relume.studies.progress import progress_bar
from relume.studies.protocol import Advance, Job, Training
from relume.studies.store import OUTCOMES, fingerprint, key
from relume.types import Initialisation, Outcome, Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Build = Callable[[Activation], nn.Module]

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu", "gelu")
LEARNING_RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
# So much work is lost at most when a study is cut off: some seconds of it.
NETWORKS_BETWEEN_SAVES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The outcomes of one grid, and what they share."""

    data: Dataset
    training: Training
    engine: str  # how the networks were trained, in one line
    outcomes: tuple[Outcome, ...]

    def _repr_html_(self) -> str:
        import relume  # by its public name, when it is asked for: pictures stand above what they show

        return relume.notebook.study.html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        import relume  # as above

        printer.text(relume.notebook.study.text(self))

    def plot(
        self, curves: Literal["training", "gradients"] = "training", *, network: str | None = None
    ) -> "Figure":
        """Draw the training curves, or the gradient by layer at the start; of the first network, if None."""
        import relume  # as above

        return relume.notebook.study.figure(self, curves, network=network)


def study(  # noqa: PLR0913  # every argument is an axis of the grid
    build: MLP | Sequence[MLP] | Build,
    data: Dataset | str | None = None,
    *,
    activations: Sequence[str] = ACTIVATIONS,
    initialisations: Sequence[Initialisation] = INITIALISATIONS,
    learning_rates: Sequence[float] = LEARNING_RATES,
    seeds: int = 5,
    training: Training | None = None,
    into: Path | None = None,
    show_progress: bool = False,
) -> Study:
    """Train every activation fairly: the same grid of learning rates, the same initialisations, paired seeds.

    Parameters
    ----------
    build
        MLPs of the built-in kind, or a function that makes a network of your own from an `Activation`
        (`activation.module()` gives a fresh module of it).
    data
        A `Dataset`, or what `--data` of the command line takes; the embedded subset of Fashion-MNIST if None.
    activations
        Names in `relume.activations`.
    initialisations
        How weights are drawn: "pytorch", "xavier", "he", "variance-preserving".
    learning_rates
        The grid; each activation is later judged at its own best.
    seeds
        How many. Networks of one seed share their batches and, within an initialisation, their random draws.
    training
        Optimiser, batch size and steps, the same for all.
    into
        A file that keeps what is finished: the same call goes on from there after an interruption.
    show_progress
        Draw a bar on stderr.

    Returns
    -------
    Study
        An outcome a network: its losses [steps] in nats, its accuracy from 0 to 1, its readings.

    Raises
    ------
    PlanError, DataError, BuildError, UnknownNameError, TargetError
        One sentence each on what was wrong and what to do.

    Examples
    --------
    >>> from relume.studies.protocol import Training
    >>> found = study(
    ...     MLP(2, 16), activations=["relu"], initialisations=["he"], learning_rates=[0.1], seeds=2,
    ...     training=Training(steps=20),
    ... )
    >>> len(found.outcomes), found.outcomes[0].losses.shape
    (2, (20,))
    """
    data = data if isinstance(data, Dataset) else load(data)
    training = training or Training()
    networks = _networks(build)
    jobs = _jobs([n.name for n in networks], activations, initialisations, learning_rates, seeds)
    for network in networks:
        network.check(jobs, data)
    checksum = fingerprint(data) + _source_checksum(build)
    keys = {job: key(job, training, checksum) for job in jobs}
    with open_store(into, OUTCOMES) as store:
        done = store.finished(list(keys.values()))
        pending = [job for job in jobs if keys[job] not in done]
        engines = [_already(done)] if not pending else []
        bar = progress_bar(len(jobs), training.steps, finished=len(done), is_shown=show_progress)
        with bar as advance:
            parts = [(n, part) for n in networks for part in n.parts(pending, NETWORKS_BETWEEN_SAVES)]
            work = partial(_train, data=data, training=training)
            for (_, part), (engine, outcomes) in run_parts(work, parts, advance):
                engines += [engine] * (engine not in engines)
                finished = {keys[job]: outcome for job, outcome in zip(part, outcomes, strict=True)}
                store.add(finished)
                done |= finished
    return Study(
        data=data,
        training=training,
        engine="; ".join(engines),
        outcomes=tuple(done[keys[job]] for job in jobs),
    )


def _train(
    part: tuple[Network, Sequence[Job]], advance: Advance, *, data: Dataset, training: Training
) -> tuple[str, list[Outcome]]:
    return train(*part, data, training, advance)


def _already(done: dict[str, Outcome]) -> str:
    return f"all {len(done)} networks were finished by an earlier run"


def _networks(build: MLP | Sequence[MLP] | Build) -> list[Network]:
    if isinstance(build, MLP):
        return [Network(build.name, build)]
    if callable(build):
        return [Network(f"{build.__module__}:{build.__qualname__}", build)]
    return [Network(mlp.name, mlp) for mlp in build]


def _jobs(
    networks: Sequence[str],
    activations: Sequence[str],
    initialisations: Sequence[Initialisation],
    learning_rates: Sequence[float],
    seeds: int,
) -> list[Job]:
    for what, values in (
        ("activations", activations),
        ("initialisations", initialisations),
        ("learning rates", learning_rates),
    ):
        if len(values) == 0:
            raise PlanError(f"a study of no {what}: name at least one.")
        if len(set(values)) < len(values):
            raise PlanError(
                f"the {what} of a study name one twice: {', '.join(map(str, values))}. Name each once."
            )
    for name in activations:
        catalogue[name]  # an unknown name is told before anything is trained
    for scheme in initialisations:
        if scheme not in INITIALISATIONS:
            raise PlanError(f"unknown initialisation {scheme!r}: choose among {', '.join(INITIALISATIONS)}.")
    if min(learning_rates) <= 0 or seeds < 1:
        raise PlanError(
            f"learning rates and the number of seeds must be above 0: got {min(learning_rates)} and {seeds}."
        )
    grid = product(networks, activations, initialisations, learning_rates, range(seeds))
    return [
        Job(Setting(network=n, activation=a, initialisation=i, learning_rate=rate), seed)
        for n, a, i, rate, seed in grid
    ]


def _source_checksum(build: MLP | Sequence[MLP] | Build) -> str:
    """Of the file a user's network is defined in: after an edit its networks are trained anew."""
    if not callable(build):
        return ""
    source = getsourcefile(build)
    return sha256(Path(source).read_bytes()).hexdigest() if source and Path(source).is_file() else ""
