"""`holdfast policy`: what users and roles may do, and which statement says so."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.colours import Style, safe
from holdfast.cli.exit_codes import ExitCode, epilog
from holdfast.cli.options import json_option
from holdfast.cli.output import CommandFailed, note, print_json, say
from holdfast.cli.state.access.reaching import connection_of, refusals, service_options
from holdfast.cli.state.access.showing import print_policies
from holdfast.cli.state.target import Target

if TYPE_CHECKING:
    from holdfast.operations.identities.explain import Deciding, Decision
    from holdfast.operations.identities.inline import Kind

owner_argument = click.argument("user", metavar="USER")
role_option = click.option("--role", "is_role", is_flag=True, help="USER is the name of a role.")


@click.group(
    "policy",
    epilog=epilog(
        "holdfast policy show ada",
        "holdfast policy explain ada s3:PutObject s3://states/staging/app/terraform.tfstate",
    ),
)
def policy() -> None:
    """Show and write policies, and say which statement decides.

    Policies are AWS's, in IAM's JSON. All of it goes through AWS's IAM API: the same commands work on
    AWS and on a server of holdfast. Ready policies are granted by 'holdfast users grant'.
    """


@policy.command(
    "show", epilog=epilog("holdfast policy show ada", "holdfast policy show deploy --role --json")
)
@owner_argument
@role_option
@service_options
@json_option
def show(*, target: Target, user: str, is_role: bool, as_json: bool) -> int:
    """Show the policies of a user or a role, as they were written."""
    from holdfast.operations.identities.inline import policies_of

    kind = _kind(is_role=is_role)
    with refusals():
        found = policies_of(connection_of(target), kind, user)
    if as_json:
        print_json({kind: user, "policies": found})
    else:
        print_policies(found, empty=f"{user} has no policies: it may do nothing.")
    return ExitCode.OK


@policy.command("put", epilog=epilog("holdfast policy put ada audit audit.json"))
@owner_argument
@click.argument("name", metavar="NAME")
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@role_option
@service_options
@json_option
def put(*, target: Target, user: str, name: str, file: Path, is_role: bool, as_json: bool) -> int:
    """Write a policy of your own into a user or a role, in place of the one of that name.

    What the server could not judge is refused, and named.
    """
    from holdfast.operations.identities.inline import put_policy

    try:
        document = file.read_text()
    except (OSError, UnicodeError) as error:
        raise CommandFailed(f"cannot read {file}: {error}") from error
    kind = _kind(is_role=is_role)
    with refusals():
        put_policy(connection_of(target), kind, user, name, document)
    if as_json:
        print_json({kind: user, "policy": name})
    else:
        say(f"{safe(user)} has the policy {safe(name)}.", Style.GOOD)
    return ExitCode.OK


@policy.command("delete", epilog=epilog("holdfast policy delete ada audit"))
@owner_argument
@click.argument("name", metavar="NAME")
@role_option
@service_options
@json_option
def delete(*, target: Target, user: str, name: str, is_role: bool, as_json: bool) -> int:
    """Remove a policy from a user or a role."""
    from holdfast.operations.identities.inline import delete_policy

    kind = _kind(is_role=is_role)
    with refusals():
        delete_policy(connection_of(target), kind, user, name)
    if as_json:
        print_json({kind: user, "policy": name, "deleted": True})
    else:
        say(f"{safe(user)} no longer has the policy {safe(name)}.", Style.GOOD)
    return ExitCode.OK


def _context(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> Any:
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or ":" not in name:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE", param=option)
        found.setdefault(name, []).append(value)
    return found


@policy.command(
    "explain",
    epilog=epilog(
        "holdfast policy explain ada s3:PutObject s3://states/staging/app/terraform.tfstate",
        "holdfast policy explain ada s3:ListBucket s3://states --context s3:prefix=production/",
    ),
)
@owner_argument
@click.argument("action", metavar="ACTION")
@click.argument("resource", metavar="RESOURCE")
@click.option(
    "--context",
    metavar="KEY=VALUE",
    multiple=True,
    callback=_context,
    help="What a condition key is, such as s3:prefix=app/; may be repeated.",
)
@role_option
@service_options
@json_option
def explain(
    *,
    target: Target,
    user: str,
    action: str,
    resource: str,
    context: Mapping[str, Sequence[str]],
    is_role: bool,
    as_json: bool,
) -> int:
    """Say whether a user or a role may do something, and which statement decides.

    ACTION is one of AWS's, such as s3:GetObject. RESOURCE is an ARN, s3://BUCKET/KEY, or '*'. The
    policy of the bucket, or of the KMS key, counts too. It ends with exit code 15 if it is denied.
    """
    from holdfast.operations.identities import explain as explaining

    kind = _kind(is_role=is_role)
    asked = explaining.Asked(kind, user, action, resource, context)
    with refusals():
        bucket = explaining.bucket_of(explaining.resource_arn(resource))
        connection = connection_of(target, "" if "*" in bucket else bucket)
        decision = explaining.explain(connection, asked)
    if as_json:
        print_json({kind: user, **_document(decision)})
    else:
        _print(decision, kind, user)
    return ExitCode.OK if decision.allowed else ExitCode.FINDINGS


def _print(decision: "Decision", kind: str, owner: str) -> None:
    word, style = ("Allowed", Style.GOOD) if decision.allowed else ("Denied", Style.BAD)
    say(f"{word}: {safe(decision.action)} on {safe(decision.resource)}", style)
    for each in decision.statements:
        say(f"by {_named(each, kind, owner)}:")
        for line in each.statement.splitlines():
            say(safe(line))
    if not decision.statements:
        reason = (
            "the administrator may do everything"
            if decision.allowed
            else (f"no policy of the {kind} {owner} allows it")
        )
        say(f"because {safe(reason)}.")
    if decision.missing and not decision.explicit:
        note(
            "Policies also look at what was not said here, and it may change the answer: "
            f"{safe(', '.join(decision.missing))}. Say it with --context KEY=VALUE."
        )


def _named(each: "Deciding", kind: str, owner: str) -> str:
    statement = f"the statement {each.sid}" if each.sid else "a statement"
    whose = f"of the {kind} {owner}" if each.source != "resource" else ""
    policy_named = f"the policy {each.policy}" if whose else f"the policy of {each.policy}"
    return safe(" ".join(filter(None, [statement, "of", policy_named, whose])))


def _document(decision: "Decision") -> dict[str, object]:
    return {
        "action": decision.action,
        "resource": decision.resource,
        "allowed": decision.allowed,
        "explicit": decision.explicit,
        "statements": decision.statements,
        "missing_context": decision.missing,
    }


def _kind(*, is_role: bool) -> "Kind":
    return "role" if is_role else "user"
