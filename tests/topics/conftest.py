from __future__ import annotations

import looking
import pytest


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> looking.Files:
    """A planted corpus with labels and model; treat as read-only."""
    return looking.make(tmp_path_factory.mktemp("looking"))
