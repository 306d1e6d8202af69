"""What a callback holds: the training at work, and the diagnosis of the last one."""

from relume.integrations.training import Training
from relume.types import Diagnosis


class Course:
    """Begins and ends a `Training` where a framework says so, since no `with` block is around it."""

    def __init__(self) -> None:
        self.at_work: Training | None = None
        self.diagnosis: Diagnosis | None = None

    def begin(self, training: Training) -> Training:
        """Begin to watch; what was left open by a training that failed is closed."""
        self.end(RuntimeError("another training began"))
        self.at_work, self.diagnosis = training.__enter__(), None
        return training

    def end(self, error: BaseException | None = None) -> None:
        """Close the watch, and say what is wrong with the network; nothing where none is at work."""
        training, self.at_work = self.at_work, None
        if training is not None:
            training.__exit__(type(error) if error else None, error, None)
            self.diagnosis = training.diagnosis
