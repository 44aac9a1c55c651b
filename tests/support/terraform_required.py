"""What becomes of the tests that drive the real terraform where there is none."""

import os
import shutil

import pytest

REQUIRED = bool(os.environ.get("HOLDFAST_REQUIRE_TERRAFORM"))


def skip_or_fail(item: pytest.Item) -> None:
    """Skip a test that is marked `terraform` where there is none; fail it where one is required."""
    if item.get_closest_marker("terraform") is None or shutil.which("terraform"):
        return
    if REQUIRED:
        pytest.fail("terraform is required (HOLDFAST_REQUIRE_TERRAFORM) and not on PATH", False)
    pytest.skip("TERRAFORM IS NOT ON PATH: nothing that drives the real terraform was tested")
