"""Runs scripts in processes of their own, by Python and by relume."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

START = "import sys; from relume.cli import main; main()"
# A process started in the background ignores Ctrl-C: then Python installs no handler for it.
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
TRAIN = """
import torch
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = nn.Linear(8, 32), nn.Linear(32, 32), nn.Linear(32, 3)
        self.act, self.drop = nn.ReLU(), nn.Dropout(0.1)

    def forward(self, x):
        return self.three(torch.relu(self.two(self.drop(self.act(self.one(x))))))


def train(steps, model=None):
    model = Net() if model is None else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        x = torch.randn(64, 8)
        loss = nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model, loss.item()
"""


@dataclass(frozen=True)
class Ended:
    """What a process left behind."""

    status: int
    out: str
    err: str


def environment() -> dict[str, str]:
    keep = {key: value for key, value in os.environ.items() if key not in ("RANK", "WORLD_SIZE")}
    return keep | {"OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def by_python(folder: Path, *arguments: str) -> Ended:
    return _ended([sys.executable, *arguments], folder)


def by_relume(folder: Path, *arguments: str) -> Ended:
    return _ended([sys.executable, "-c", START, *arguments], folder)


def _ended(command: list[str], folder: Path) -> Ended:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=120
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def together(*runs: tuple[Path, list[str]]) -> list[Ended]:
    """Several commands at once, each in a folder of its own: what they import takes long."""
    started = [
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder, command in runs
    ]
    outputs = [process.communicate(timeout=240) for process in started]
    return [Ended(process.returncode, *said) for process, said in zip(started, outputs, strict=True)]
