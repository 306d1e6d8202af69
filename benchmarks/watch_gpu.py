"""The cost of watching on an accelerator: step time and peak memory, eager and compiled, in one table.

    python benchmarks/watch_gpu.py                # under 8 minutes; needs torch and triton, nothing else
    python benchmarks/watch_gpu.py --rehearse     # the same code on the CPU, in tiny sizes

bfloat16 weights and activations, images channels-last, Adam. A turn is some steps without a wait between
them, timed by the device's own events; rounds, ratios and intervals are those of benchmarks/watch.py. Each of
the four trainings gets the same share of --minutes, compilation included.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import torch
from jobs import GPU_JOBS, REHEARSAL_JOBS, Job
from pairs import BASE, NULL, Contest, Look, Training, Variant, nothing, unwatched
from peers import PEERS
from rich.console import Console
from rich.status import Status
from tables import cells_of, machine, show

import relume
from relume.kernels import observer_for, reference
from relume.kernels.contract import Observer
from relume.probe import meters

NO_DEVICE = "There is no accelerator here: run this where torch.cuda.is_available(), or give --rehearse."
LEAST_ROUNDS, MOST_ROUNDS = 3, 200
PEER_ROUNDS = 4  # a round of peers after so many others: they are slow
HEADINGS = ("training", "variant", "step, ms", "ratio", "95 % interval", "pairs", "peak, MiB", "peak, ratio")


@contextmanager
def watched(training: Training) -> Iterator[Look]:
    """Watch every step."""
    with relume.watch(training.model):
        yield nothing


def by(choose: Callable[[torch.device], Observer]) -> Callable[[], None]:
    """Let every meter that is set up from now on have a kernel of this choice."""

    def before_turn() -> None:
        vars(meters)["observer_for"] = choose

    return before_turn


def plainly(device: torch.device) -> Observer:
    """The reference kernel on every device."""
    return reference.observer


def variants(options: argparse.Namespace) -> list[Variant]:
    """Relume with its own kernel and with the one of plain torch operations, and none."""
    own = () if options.rehearse else ("triton", "relume.kernels.triton")
    name = "relume, CPU kernel" if options.rehearse else "relume, Triton kernel"
    return [
        Variant(BASE, unwatched),
        Variant(NULL, unwatched),
        Variant(name, watched, needs=own, before_turn=by(observer_for)),
        Variant("relume, reference kernel", watched, before_turn=by(plainly)),
    ]


def compete(
    job: Job, options: argparse.Namespace, status: Status, *, minutes: float
) -> list[tuple[str, ...]]:
    """The rows of one training."""
    ends_at = time.monotonic() + 60 * minutes
    device = torch.device("cpu" if options.rehearse else "cuda")
    ours, peers = variants(options), () if options.no_peers or job.compiled else PEERS
    words = f"{job.words}, {'compiled' if job.compiled else 'eager'}"
    with ExitStack() as stack:
        contest = Contest(stack, job, device, torch.bfloat16)
        for variant in (*ours, *peers):
            status.update(f"{words}: {variant.name} warms up")
            if variant.is_installed:
                contest.add(variant)
        turns = [variant.name for variant in ours if variant.is_installed]
        theirs = [variant.name for variant in peers if variant.is_installed]
        for done in range(MOST_ROUNDS):
            if done >= LEAST_ROUNDS and time.monotonic() > ends_at:
                break
            status.update(f"{words}: {done} rounds")
            contest.round(turns, steps=options.steps)
            if theirs and done % PEER_ROUNDS == 0:
                contest.round([BASE, *theirs], steps=options.steps)
        rows = [_row(contest, variant, options) for variant in (*ours, *peers)]
    return [(words if place == 0 else "", *row) for place, row in enumerate(rows)]


def _row(contest: Contest, variant: Variant, options: argparse.Namespace) -> tuple[str, ...]:
    if not variant.is_installed:
        return variant.name, "", "not installed", "", "", "", ""
    times = cells_of(contest.ratio(variant.name))
    if options.rehearse:
        return variant.name, *times, "", ""
    peak, base = contest.peak(variant.name), contest.peak(BASE)
    return variant.name, *times, f"{peak / 2**20:,.0f}", f"{peak / base:.3f}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", default=",".join(GPU_JOBS), help="names, separated by commas")
    parser.add_argument("--modes", default="eager,compiled", help="eager, compiled, or both")
    parser.add_argument("--steps", type=int, default=5, help="steps of a turn")
    parser.add_argument("--minutes", type=float, default=7, help="of everything together")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="print the table for a document")
    parser.add_argument("--rehearse", action="store_true", help="run on the CPU, in tiny sizes")
    options = parser.parse_args()
    options.jobs, options.modes = options.jobs.split(","), options.modes.split(",")
    for given, known in ((options.jobs, GPU_JOBS), (options.modes, ("eager", "compiled"))):
        if unknown := set(given) - set(known):
            parser.error(f"{', '.join(sorted(unknown))} is unknown: there are {', '.join(known)}")
    return options


def main() -> None:
    options = arguments()
    if not options.rehearse and not torch.cuda.is_available():
        print(NO_DEVICE, file=sys.stderr)
        sys.exit(2)
    if options.rehearse:
        torch.set_num_threads(1)  # its products are too small to share
    jobs = REHEARSAL_JOBS if options.rehearse else GPU_JOBS
    trainings = [
        replace(jobs[name], compiled=mode == "compiled") for name in options.jobs for mode in options.modes
    ]
    ends_at = time.monotonic() + 60 * options.minutes
    rows: list[tuple[str, ...]] = []
    with Console(stderr=True).status("") as status:
        for place, job in enumerate(trainings):
            left = max(ends_at - time.monotonic(), 0) / 60 / (len(trainings) - place)
            rows += compete(job, options, status, minutes=left)
            torch.compiler.reset()
    device = torch.device("cpu" if options.rehearse else "cuda")
    show("Watched / unwatched", HEADINGS, rows, machine(device), markdown=options.markdown)


if __name__ == "__main__":
    main()
