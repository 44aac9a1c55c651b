"""DescribeEndpoints and DescribeLimits."""

from in_process import Aws


def test_the_endpoint_is_the_one_in_use(aws: Aws) -> None:
    """The address that the client called."""
    (endpoint,) = aws.dynamodb.describe_endpoints()["Endpoints"]
    assert endpoint == {"Address": "127.0.0.1:8270", "CachePeriodInMinutes": 1440}


def test_the_limits_are_awss_defaults(aws: Aws) -> None:
    """For an account and for a table."""
    limits = aws.dynamodb.describe_limits()
    assert limits["AccountMaxReadCapacityUnits"] == 80_000
    assert limits["TableMaxWriteCapacityUnits"] == 40_000
