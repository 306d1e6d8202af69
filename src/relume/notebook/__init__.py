"""How a record looks in a notebook: a file a kind of record, each with `html` and `figure`."""

from relume.notebook import activation, claim, diagnosis, readings, repair, study

__all__ = ["activation", "claim", "diagnosis", "readings", "repair", "study"]
