"""DescribeEndpoints and DescribeLimits."""

from holdfast.server.operation import Params, Result, Snapshot, operation

CACHE_MINUTES = 1440
# AWS's defaults for an account and for a table.
ACCOUNT_UNITS = 80_000
TABLE_UNITS = 40_000


@operation("DescribeEndpoints")
def describe_endpoints(tx: Snapshot, _params: Params) -> Result:
    """Return the address that the client already uses."""
    address = tx.context.host or f"dynamodb.{tx.site.region}.amazonaws.com"
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": CACHE_MINUTES}]}


@operation("DescribeLimits")
def describe_limits(_tx: Snapshot, _params: Params) -> Result:
    """Return AWS's default quotas; none is enforced here."""
    return {
        "AccountMaxReadCapacityUnits": ACCOUNT_UNITS,
        "AccountMaxWriteCapacityUnits": ACCOUNT_UNITS,
        "TableMaxReadCapacityUnits": TABLE_UNITS,
        "TableMaxWriteCapacityUnits": TABLE_UNITS,
    }
