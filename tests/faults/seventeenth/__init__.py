"""Being written."""

programs = ()
