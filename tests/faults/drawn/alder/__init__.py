"""Programs of one of the four writers of the nineteenth and twentieth parts."""

from tests.faults.drawn.alder import (
    autoencoder,
    cnn,
    embedding,
    gan,
    other,
    recurrent,
    residual,
    siamese,
    table,
    transformer,
)
from tests.faults.program import Program

families = (table, cnn, residual, transformer, recurrent, embedding, autoencoder, gan, siamese, other)
programs: tuple[Program, ...] = tuple(program for family in families for program in family.programs)
