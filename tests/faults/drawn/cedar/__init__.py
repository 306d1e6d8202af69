"""Programs of one of the four writers: methods that are ported, tuned, distilled or compared."""

from tests.faults.drawn.cedar import (
    autoencoder,
    cnn,
    embedding,
    gan,
    mlp,
    odd,
    other,
    recurrent,
    residual,
    siamese,
    transformer,
)
from tests.faults.program import Program

families = (
    mlp,
    odd,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
    other,
)
programs: tuple[Program, ...] = tuple(program for family in families for program in family.programs)
