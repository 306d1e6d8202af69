"""Copies of a patient to measure on, as remedies before have left it."""

from relume.trial import Patient


def treated_copy(patient: Patient) -> Patient:
    """A copy whose optimiser has also kept what remedies hung on it: torch copies no step hooks.

    Only our own are taken: a user's hook may hold the user's own model.
    """
    copied = patient.copied()
    for hook in patient.optimizer._optimizer_step_pre_hooks.values():
        if type(hook).__module__.startswith("relume.remedies."):
            copied.optimizer.register_step_pre_hook(hook)
    return copied
