"""Small training programs, half of them with one planted fault; `programs` maps names to them."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import get_args

from tests.faults import (
    autoencoder,
    cnn,
    embedding,
    gan,
    healthy_mlp,
    mlp,
    narrow,
    recurrent,
    report,
    residual,
    siamese,
    transformer,
)
from tests.faults.program import Half, Program

_FAMILIES = (
    mlp,
    healthy_mlp,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    narrow,
)
# Each later part is the folder of its name.
_LATER = {half: import_module(f"{__name__}.{half}") for half in get_args(Half)[2:]}
programs: Mapping[str, Program] = {
    program.name: program
    for program in (
        *(program for family in _FAMILIES for program in family.programs),
        *(replace(program, half="report") for family in report.families for program in family.programs),
        *(replace(program, half=half) for half, part in _LATER.items() for program in part.programs),
    )
}
