"""Programs of one of the four writers: mistakes that a teacher collects, and healthy ones beside them."""

from tests.faults.drawn.dogwood import (
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

families = (
    table,
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
