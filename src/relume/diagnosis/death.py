"""Why a layer's units are dead: a sentence, the numbers that it rests on, what helps."""

from dataclasses import dataclass

from relume.types import Evidence


@dataclass(frozen=True, slots=True)
class Death:
    """A cause of death, with what shows it."""

    kind: str
    cause: str
    evidence: tuple[Evidence, ...]
    remedies: tuple[str, ...]
    parameters: tuple[str, ...] = ()
