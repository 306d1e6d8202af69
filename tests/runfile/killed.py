"""Writes runs as fast as it can and is killed at random moments; prints how many windows each had closed.

Run as a program, so that processes are forked from one without threads.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.runfile.made_up import SMALL, Drifting

from relume.runfile.writer import open_for_writing

MOST_WINDOWS = 150
MEAN_SECONDS = 0.003
WINDOWS = 400


def source() -> Drifting:
    return Drifting(0, widths=SMALL, parameters=3, steps=4)


def main(folder: Path, kills: int) -> None:
    windows = [source.window() for source in [source()] for _ in range(WINDOWS)]
    closed, moment = [], random.Random(0)
    for kill in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with open_for_writing(folder / f"{kill}.sqlite", model="killed") as run:
                for window in windows:
                    run.write(window, phase="training", total=window)
                    os.write(writing, b".")
                time.sleep(9)
            os._exit(1)
        os.close(writing)
        # A number of windows first, then a moment within the next: as random however busy the machine is.
        told, enough = b"", moment.randint(0, MOST_WINDOWS)
        while len(told) < enough:
            told += os.read(reading, enough - len(told))
        time.sleep(moment.expovariate(1 / MEAN_SECONDS))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(reading, 1 << 16):
            told += part
        os.close(reading)
        closed.append(len(told))
    print(json.dumps({"closed": closed, "torch": "torch" in sys.modules}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
