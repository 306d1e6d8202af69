"""A sixteenth part: methods that are ported, scripts refactored, trainings resumed, tuned and distilled."""

from tests.faults.sixteenth import (
    autoencoder,
    cnn,
    embedding,
    gan,
    odd_codes,
    odd_signals,
    odd_tables,
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
    odd_tables,
    odd_codes,
    odd_signals,
)
programs = tuple(program for family in families for program in family.programs)
