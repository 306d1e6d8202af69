"""The report half: programs that no threshold was set by."""

from tests.faults.report import cnn, healthy_mlp, mlp

families = (mlp, healthy_mlp, cnn)
