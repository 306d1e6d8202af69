"""Programs of one of the four writers of the twenty-first and twenty-second parts."""

from tests.faults.drawn.elder import (
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
