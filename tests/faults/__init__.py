"""Small training programs, half of them with one planted fault; `programs` maps names to them."""

from collections.abc import Mapping
from dataclasses import replace

from tests.faults import (
    autoencoder,
    cnn,
    eighteenth,
    eighth,
    eleventh,
    embedding,
    fifteenth,
    fifth,
    fourteenth,
    fourth,
    gan,
    healthy_mlp,
    mlp,
    narrow,
    ninth,
    recurrent,
    report,
    residual,
    seventeenth,
    seventh,
    siamese,
    sixteenth,
    sixth,
    tenth,
    third,
    thirteenth,
    transformer,
    twelfth,
)
from tests.faults.program import Program

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
programs: Mapping[str, Program] = {
    program.name: program
    for program in (
        *(program for family in _FAMILIES for program in family.programs),
        *(replace(program, half="report") for family in report.families for program in family.programs),
        *(replace(program, half="third") for program in third.programs),
        *(replace(program, half="fourth") for program in fourth.programs),
        *(replace(program, half="fifth") for program in fifth.programs),
        *(replace(program, half="sixth") for program in sixth.programs),
        *(replace(program, half="seventh") for program in seventh.programs),
        *(replace(program, half="eighth") for program in eighth.programs),
        *(replace(program, half="ninth") for program in ninth.programs),
        *(replace(program, half="tenth") for program in tenth.programs),
        *(replace(program, half="eleventh") for program in eleventh.programs),
        *(replace(program, half="twelfth") for program in twelfth.programs),
        *(replace(program, half="thirteenth") for program in thirteenth.programs),
        *(replace(program, half="fourteenth") for program in fourteenth.programs),
        *(replace(program, half="fifteenth") for program in fifteenth.programs),
        *(replace(program, half="sixteenth") for program in sixteenth.programs),
        *(replace(program, half="seventeenth") for program in seventeenth.programs),
        *(replace(program, half="eighteenth") for program in eighteenth.programs),
    )
}
