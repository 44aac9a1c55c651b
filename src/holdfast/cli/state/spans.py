"""Spans of time as values of options: `90s`, `2h`, `1d12h`."""

from datetime import timedelta

import click


def span(_context: click.Context, option: click.Parameter, text: str | None) -> timedelta | None:
    """Return the span that the value of an option says; None if it was not given.

    Raises:
        click.BadParameter: it says none.
    """
    from holdfast.operations.durations import parse

    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param=option) from error
