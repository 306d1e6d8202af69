"""What all tests share."""

import pytest
from hypothesis import settings

# A loaded machine is slow; what hangs is ended by pytest-timeout.
settings.register_profile("relume", deadline=None)
settings.load_profile("relume")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden files anew; review them in the diff"
    )
