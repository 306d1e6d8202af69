"""A fourteenth part: what people post when a loss does not go down, and healthy trainings that look odd."""

from tests.faults.fourteenth import (
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
settled = ("mlp-stars-known-before",)  # had learned before: it is to stay as it is
