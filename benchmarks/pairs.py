"""Times variants of one training in turn, in rounds of random order, and compares them round by round.

A slow moment of the machine hits neighbours alike, so what is compared is the time of a variant over that of
the unwatched one in the same round. The median of these ratios stands beside its bootstrap interval; the
"null" is a second unwatched training, and tells what noise alone makes of a ratio of 1.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from jobs import SEED, Job, loss_of
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import optimizer as torch_optimizer

BASE, NULL = "unwatched", "null"
LEARNING_RATE = 1e-3
RESAMPLES = 1999
WARM_UP = 3  # steps before the first round: allocations, compilation, Adam's moments

Look = Callable[[], None]  # what a watcher does between the backward pass and the optimiser's step


class Training:
    """A model, its optimiser and its batch; `step` is what is timed."""

    def __init__(self, job: Job, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.model = job.build(device, dtype)
        self.x, self.y = job.data(device, dtype)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE)
        self.look: Look = nothing
        self.forward: Callable[[Tensor], Tensor] = torch.compile(self.model) if job.compiled else self.model
        self.steps = 0

    def step(self) -> None:
        """One step of training."""
        self.optimizer.zero_grad()
        loss_of(self.forward, self.x, self.y).backward()  # type: ignore[no-untyped-call]
        self.look()
        self.optimizer.step()
        self.steps += 1


def nothing() -> None:
    """What an unwatched training has to look at."""


@contextmanager
def unwatched(training: Training) -> Iterator[Look]:
    """Leave a training alone."""
    yield nothing


@dataclass(frozen=True)
class Variant:
    """One way of watching a training."""

    name: str
    put: Callable[[Training], AbstractContextManager[Look]]
    needs: tuple[str, ...] = ()  # modules to import
    every: int = 1  # it watches one of so many steps
    before_turn: Callable[[], None] = nothing

    @property
    def is_installed(self) -> bool:
        """Whether everything it needs can be imported."""
        return all(find_spec(name.partition(".")[0]) and find_spec(name) for name in self.needs)


@dataclass(frozen=True)
class Turn:
    """One timed turn of a variant."""

    round: int
    variant: str
    seconds: float  # a step
    is_watched: bool


@dataclass(frozen=True)
class Ratio:
    """The median time of a variant over that of the unwatched training."""

    estimate: float
    low: float  # of the bootstrap interval, 95 %
    high: float
    pairs: int
    seconds: float  # a step, median

    @property
    def spread(self) -> float:
        """The width of the interval."""
        return self.high - self.low


class Contest:
    """The variants of one job, each with a training of its own, in one process."""

    def __init__(self, stack: ExitStack, job: Job, device: torch.device, dtype: torch.dtype) -> None:
        self._stack, self._job, self._device, self._dtype = stack, job, device, dtype
        self._order = random.Random(SEED)
        self._hooks: dict[str, list[dict[int, Callable[..., Any]]]] = {}
        self.variants: dict[str, Variant] = {}
        self.trainings: dict[str, Training] = {}
        self.bytes: dict[
            str, int
        ] = {}  # on an accelerator: the peak of a turn, less what other variants hold
        self.turns: list[Turn] = []
        self.rounds = 0

    def add(self, variant: Variant) -> None:
        """Build the training of a variant and warm it up."""
        held = self._held()
        _give(self._hooks.setdefault(variant.name, [{}, {}]))
        variant.before_turn()
        training = Training(self._job, self._device, self._dtype)
        training.look = self._stack.enter_context(variant.put(training))
        self._hooks[variant.name] = [dict(hooks) for hooks in _hooks_of_every_optimizer()]
        self.variants[variant.name], self.trainings[variant.name] = variant, training
        for _ in range(WARM_UP):
            training.step()
        self.bytes[variant.name] = self._held() - held

    def round(self, names: Sequence[str], *, steps: int = 1, pause: float = 0.0) -> None:
        """Time one turn of each variant; their order is random."""
        order = list(names)
        self._order.shuffle(order)
        for name in order:
            variant, training = self.variants[name], self.trainings[name]
            _give(self._hooks[name])
            variant.before_turn()
            is_watched = training.steps % variant.every == 0
            seconds = _time(training.step, steps, self._device)
            self.turns.append(Turn(self.rounds, name, seconds / steps, is_watched))
            time.sleep(pause)  # for what a watcher still does in threads and processes of its own
        self.rounds += 1

    def ratio(self, name: str) -> Ratio:
        """Compare a variant with the unwatched training, in the rounds that both took part in."""
        return ratio(self.turns, name, self.variants[name].every)

    def peak(self, name: str) -> int:
        """The bytes of an accelerator that a training needs at most: what it holds, and what a step adds."""
        torch.cuda.reset_peak_memory_stats()
        held = self._held()
        _give(self._hooks[name])
        self.variants[name].before_turn()
        self.trainings[name].step()
        return self.bytes[name] + torch.cuda.max_memory_allocated() - held

    def _held(self) -> int:
        return torch.cuda.memory_allocated() if self._device.type == "cuda" else 0


def ratio(turns: Sequence[Turn], name: str, every: int = 1) -> Ratio:
    """The median ratio of paired turns.

    Where only one of `every` steps is watched, the median would be that of an unwatched step: so watched and
    other steps have a median each, and these are weighted by their numbers.
    """
    base = {turn.round: turn.seconds for turn in turns if turn.variant == BASE}
    paired = [turn for turn in turns if turn.variant == name and turn.round in base]
    groups = [
        np.array([turn.seconds / base[turn.round] for turn in paired if turn.is_watched == is_watched])
        for is_watched in ((True, False) if every > 1 else (True,))
    ]
    weights = (1 / every, 1 - 1 / every)
    seconds = float(np.median([turn.seconds for turn in paired])) if paired else float("nan")
    found = Ratio(float("nan"), float("nan"), float("nan"), len(paired), seconds)
    if not all(len(group) for group in groups):
        return found
    generator = np.random.default_rng(SEED)
    parts = list(zip(weights, groups, strict=False))
    resampled = sum(weight * _medians(group, generator) for weight, group in parts)
    low, high = np.quantile(resampled, (0.025, 0.975))
    estimate = sum(weight * float(np.median(group)) for weight, group in parts)
    return replace(found, estimate=estimate, low=float(low), high=float(high))


def _medians(values: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    medians: NDArray[np.float64] = np.median(generator.choice(values, (RESAMPLES, len(values))), axis=1)
    return medians


def _time(step: Callable[[], None], steps: int, device: torch.device) -> float:
    """Run some steps without a wait between them: an accelerator's queue stays full, as in training."""
    if device.type == "cuda":
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
        start.record()
        for _ in range(steps):
            step()
        end.record()
        torch.cuda.synchronize()
        return float(start.elapsed_time(end)) / 1000
    begun = time.perf_counter()
    for _ in range(steps):
        step()
    return time.perf_counter() - begun


def _hooks_of_every_optimizer() -> tuple[dict[int, Any], dict[int, Any]]:
    return torch_optimizer._global_optimizer_pre_hooks, torch_optimizer._global_optimizer_post_hooks


def _give(own: Sequence[dict[int, Callable[..., Any]]]) -> None:
    """Leave only these hooks on optimisers: a watch hears every optimiser, also the unwatched training's."""
    for hooks, kept in zip(_hooks_of_every_optimizer(), own, strict=True):
        hooks.clear()
        hooks.update(kept)
