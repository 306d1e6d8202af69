"""Programs of one of the four writers of the twenty-first and twenty-second parts."""

from tests.faults.drawn.hazel import (
    autoencoder,
    cnn,
    embedding,
    gan,
    graph,
    mlp,
    recurrent,
    residual,
    siamese,
    transformer,
)
from tests.faults.program import Program

families = (mlp, cnn, residual, transformer, recurrent, embedding, autoencoder, gan, siamese, graph)
programs: tuple[Program, ...] = tuple(program for family in families for program in family.programs)
