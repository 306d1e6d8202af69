"""The report half: programs that no threshold was set by."""

from tests.faults.report import cnn, embedding, healthy_mlp, mlp, recurrent, residual, transformer

families = (mlp, healthy_mlp, cnn, residual, transformer, recurrent, embedding)
