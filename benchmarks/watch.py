"""The cost of watching on the CPU, in time and memory, relume and its peers side by side.

    python benchmarks/watch.py                                  # every job; the peers that are installed
    python benchmarks/watch.py --jobs mlp --no-peers --out turns.csv
    python benchmarks/watch.py --pairs 4 --minutes 0 --runs 1   # a first look

Each variant trains a model of its own in one process. A round times one step of each in random order; a step
of a variant is compared with the unwatched step of the same round. Every fourth round is followed by one of
the peers, with an unwatched step of its own. Rounds go on until the interval of the null (unwatched against
unwatched) is narrower than --spread, or --minutes are over.
"""

import argparse
import csv
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import peak
import torch
from jobs import CPU_JOBS, Job
from pairs import BASE, NULL, Contest, Look, Training, Turn, Variant, nothing, unwatched
from peers import PEERS
from rich.console import Console
from rich.status import Status
from tables import cells_of, machine, show

import relume

EVERY = 10
PEER_ROUNDS = 4  # a round of peers after so many others: they are slow
PAUSE = 0.1  # seconds after a peer's turn: wandb and TensorBoard write in the background
CHECK = 10  # rounds between two looks at the null
CLOSINGS = 7
WINDOW = 50  # watched steps a window has, if nothing else is said
HEADINGS = ("variant", "step, ms", "ratio", "95 % interval", "pairs")


@contextmanager
def watched(training: Training) -> Iterator[Look]:
    """Watch every step."""
    with relume.watch(training.model):
        yield nothing


@contextmanager
def watched_now_and_then(training: Training) -> Iterator[Look]:
    """Watch one of ten steps."""
    with relume.watch(training.model, every=EVERY):
        yield nothing


OURS = (
    Variant(BASE, unwatched),
    Variant(NULL, unwatched),
    Variant("relume", watched),
    Variant(f"relume, every={EVERY}", watched_now_and_then, every=EVERY),
)


def compete(
    job: Job, options: argparse.Namespace, status: Status
) -> tuple[list[tuple[str, ...]], list[Turn]]:
    """The rows of one job, and every turn behind them."""
    peers = () if options.no_peers or job.compiled else PEERS
    with ExitStack() as stack:
        contest = Contest(stack, job, torch.device("cpu"), torch.float32)
        for variant in (*OURS, *peers):
            status.update(f"{job.name}: {variant.name} warms up")
            if variant.is_installed:
                contest.add(variant)
        ours = [variant.name for variant in OURS]
        theirs = [variant.name for variant in peers if variant.is_installed]
        _rounds(contest, ours, theirs, options, status)
        rows: list[tuple[str, ...]] = [
            (variant.name, *cells_of(contest.ratio(variant.name)))
            if variant.is_installed
            else (variant.name, "", "not installed", "", "")
            for variant in (*OURS, *peers)
        ]
        rows.append(_closing(contest))
    return rows, contest.turns


def _rounds(
    contest: Contest, ours: Sequence[str], theirs: Sequence[str], options: argparse.Namespace, status: Status
) -> None:
    ends_at = time.monotonic() + 60 * options.minutes
    done = 0
    while done < options.pairs or time.monotonic() < ends_at:
        contest.round(ours)
        done += 1
        if theirs and done % PEER_ROUNDS == 1:
            contest.round([BASE, *theirs], pause=PAUSE)
        if done % CHECK == 0:
            null = contest.ratio(NULL)
            status.update(f"{done} pairs, null {null.estimate:.3f} [{null.low:.3f}, {null.high:.3f}]")
            if done >= options.pairs and null.spread < options.spread:
                return


def _closing(contest: Contest) -> tuple[str, ...]:
    """What a median cannot show: one of fifty steps also closes a window."""
    training = contest.trainings[NULL]
    times = []
    with relume.watch(training.model) as watch:
        for _ in range(CLOSINGS):
            training.step()
            begun = time.perf_counter()
            watch.readings()
            times.append(time.perf_counter() - begun)
    closing, step = statistics.median(times), contest.ratio(BASE).seconds
    share = f"{closing / (WINDOW * step):.2%} of {WINDOW} steps"
    return "closing a window", f"{closing * 1000:.2f}", share, "", str(len(times))


def write(path: Path, turns: dict[str, list[Turn]]) -> None:
    """Write every turn as one line."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("job", "round", "variant", "seconds", "is_watched"))
        for job, of_job in turns.items():
            writer.writerows((job, t.round, t.variant, f"{t.seconds:.9f}", int(t.is_watched)) for t in of_job)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", default=",".join(CPU_JOBS), help="names, separated by commas")
    parser.add_argument("--pairs", type=int, default=40, help="rounds a job has at least")
    parser.add_argument("--minutes", type=float, default=15, help="minutes a job has at most, after --pairs")
    parser.add_argument("--spread", type=float, default=0.01, help="width of the null's interval to stop at")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--runs", type=int, default=3, help="processes of each kind that measure memory")
    parser.add_argument("--out", type=Path, help="write every turn to this CSV file")
    parser.add_argument("--markdown", action="store_true", help="print the tables for a document")
    options = parser.parse_args()
    options.jobs = options.jobs.split(",")
    if unknown := set(options.jobs) - set(CPU_JOBS):
        parser.error(f"no job {', '.join(sorted(unknown))}: there are {', '.join(CPU_JOBS)}")
    return options


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    caption = machine(torch.device("cpu"))
    turns: dict[str, list[Turn]] = {}
    with Console(stderr=True).status("") as status:
        for job in options.jobs:
            rows, turns[job] = compete(CPU_JOBS[job], options, status)
            show(CPU_JOBS[job].words, HEADINGS, rows, caption, markdown=options.markdown)
            if options.out:
                write(options.out, turns)
        eager = [job for job in options.jobs if options.runs and not CPU_JOBS[job].compiled]
        status.update("memory, in processes of their own")
        of_memory = [row for job in eager for row in peak.rows(job, options.runs, options.threads)]
    if of_memory:
        show("Peak memory", peak.HEADINGS, of_memory, caption, markdown=options.markdown)


if __name__ == "__main__":
    main()
