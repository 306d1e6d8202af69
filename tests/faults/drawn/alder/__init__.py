"""Programs of one of the four writers of the nineteenth and twentieth parts."""

from tests.faults.program import Program

programs: tuple[Program, ...] = ()
