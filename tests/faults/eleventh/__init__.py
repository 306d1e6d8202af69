"""An eleventh part: what people ask about when a loss stays up, and healthy trainings that look odd."""

from tests.faults.eleventh import (
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
settled = ("mlp-churn-known-before",)  # had learned before: it is to stay as it is
