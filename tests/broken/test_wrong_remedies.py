"""Wrong remedies that the conformance tests must reject."""

from dataclasses import replace

import pytest
import torch
from tests.remedies.test_remedies import check_changes

from relume.remedies import remedies
from relume.remedies.remedy import Remedy
from relume.trial import Patient
from relume.types import Finding


def undeclared() -> Remedy:
    def apply(patient: Patient, finding: Finding) -> str:
        with torch.no_grad():
            next(patient.model.parameters()).add_(1e-6)
        return remedies["lower-learning-rate"].apply(patient, finding)

    return replace(remedies["lower-learning-rate"], apply=apply)


def idle() -> Remedy:
    return replace(remedies["clip-gradients"], apply=lambda patient, finding: "did nothing")


@pytest.mark.parametrize("wrong", [undeclared(), idle()], ids=["changes the model too", "changes nothing"])
def test_a_wrong_remedy_is_rejected(wrong: Remedy) -> None:
    with pytest.raises(AssertionError):
        check_changes(wrong)
