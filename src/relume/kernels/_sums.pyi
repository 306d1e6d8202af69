def plan(
    sums: int,
    largest: int,
    counts: int,
    seen: int,
    clock: int,
    first: int,
    units: int,
    unit_axis: int | None,
    below: float,
    above: float,
    position: int,
    /,
) -> bytes: ...
def add(
    plan: bytes, kind: int, address: int, shape: tuple[int, ...], strides: tuple[int, ...], threads: int, /
) -> None: ...
def use_threads(path: str, /) -> bool: ...
def use_instructions(at_most: int, /) -> str: ...
