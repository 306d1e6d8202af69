"""Parts of a network beside each other, each a chain of its own: encoders, a generator and its judge."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from relume.types import Reading, Readings

FEWEST_SITES = 3  # fewer are no chain


def towers(readings: Readings) -> Iterator[Readings]:
    """What was seen of each module of the model's that holds some sites, and not all of them."""
    counted = Counter(_first(reading) for reading in readings.values())
    for name, sites in counted.items():
        if name and FEWEST_SITES <= sites < counted.total():
            yield _part(readings, name)


def is_taken_up_again(readings: Readings) -> bool:
    """Whether a module is called before another and after it: what it does first does not lead to the other.

    As a judge that is shown what is real, and then what a generator has made of something else.
    """
    owners = [owner for owner, _ in groupby(map(_first, readings.values()))]
    return bool(owners) and "" not in owners and len(owners) > len(set(owners))


def _part(readings: Readings, name: str) -> Readings:
    is_entered = (
        _first(next(iter(readings.values()))) == name
    )  # what is fed to the model is fed to its first part
    return replace(
        readings,
        readings={key: each for key, each in readings.items() if _first(each) == name},
        parameters={key: each for key, each in readings.parameters.items() if key.startswith(f"{name}.")},
        input=readings.input if is_entered else None,
        opening=_part(readings.opening, name) if readings.opening is not None else None,
        closing=_part(readings.closing, name) if readings.closing is not None else None,
    )


def _first(reading: Reading) -> str:
    """The model's own module that a site is in, by the layer that feeds it; "" of one of the model's own."""
    owner, dot, _ = (reading.site.fed_by or reading.site.path).partition(".")
    return owner if dot else ""
