"""The report half: programs that no threshold was set by at first; they were looked at later."""

from tests.faults.report import (
    autoencoder,
    cnn,
    embedding,
    gan,
    healthy_mlp,
    mlp,
    mlp_updates,
    recurrent,
    residual,
    siamese,
    transformer,
)

families = (
    mlp,
    mlp_updates,
    healthy_mlp,
    cnn,
    residual,
    transformer,
    recurrent,
    embedding,
    autoencoder,
    gan,
    siamese,
)
