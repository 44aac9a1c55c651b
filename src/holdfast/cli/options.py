"""Options that many commands have, said in one way."""

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON document."
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask for a confirmation; for scripts.")
