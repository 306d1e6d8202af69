"""Programs of one of the four writers of the twenty-first and twenty-second parts."""

from tests.faults.program import Program

programs: tuple[Program, ...] = ()
