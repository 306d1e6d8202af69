"""A seventeenth part: mistakes of posts and of code reviews, and healthy trainings that look odd."""

from tests.faults.seventeenth import (
    autoencoder,
    cnn,
    embedding,
    gan,
    odd,
    other,
    recurrent,
    residual,
    siamese,
    table,
    transformer,
)

families = (table, odd, cnn, residual, transformer, recurrent, embedding, autoencoder, gan, siamese, other)
programs = tuple(program for family in families for program in family.programs)
