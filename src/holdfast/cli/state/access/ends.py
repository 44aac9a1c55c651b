"""When an access key ends, as an option says it."""

from datetime import UTC, datetime, timedelta

import click

from holdfast.cli.state.spans import span

expires_option = click.option(
    "--expires",
    metavar="SPAN",
    callback=span,
    help="When the key ends, such as 90d. A server of holdfast refuses it from then on.",
)


def end_after(lasting: timedelta | None) -> datetime | None:
    """Return the time after a span from now; None for never.

    Raises:
        click.BadParameter: no key can last so long, or so short.
    """
    if lasting is None:
        return None
    if lasting < timedelta(seconds=1):
        raise click.BadParameter("a key lasts for a second at least", param_hint="--expires")
    try:
        return datetime.now(UTC) + lasting
    except OverflowError as error:
        raise click.BadParameter("that is too long", param_hint="--expires") from error
