"""TensorBoard: event files in a folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from relume.integrations.exporters.exporter import Exporter, Write

FOLDER = "runs"  # where SummaryWriter puts its own, too


@contextmanager
def _open(target: str | None) -> Iterator[Write]:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(target or FOLDER) as writer:

        def write(step: int, series: Mapping[str, float]) -> None:
            for name, value in series.items():
                # In double: the gradients that vanish most are 0 in single.
                writer.add_scalar(name, value, step, new_style=True, double_precision=True)
            writer.flush()  # what a killed training leaves is to be there

        yield write


tensorboard = Exporter(
    name="tensorboard",
    open=_open,
    package="tensorboard",
    needs="relume[tensorboard]",
    target="a folder for event files",
    without_target="the folder `runs`",
    citation="https://www.tensorflow.org/tensorboard",
)
