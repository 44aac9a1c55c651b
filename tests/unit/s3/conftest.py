"""What the S3 unit tests share."""

from collections.abc import Iterator

import pytest

from s3_handlers import S3


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """S3 handlers on a real engine; every transaction is undone."""
    made = S3(tmp_path_factory.mktemp("s3"))
    yield made
    made.engine.close()
