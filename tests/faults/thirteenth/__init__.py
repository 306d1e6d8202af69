"""A thirteenth part: what people post when a loss does not go down, and healthy trainings that look odd."""

from tests.faults.thirteenth import (
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
programs = tuple(program for family in families for program in family.programs)
