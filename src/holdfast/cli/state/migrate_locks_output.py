"""What `holdfast migrate-locks` prints, as text and as JSON."""

from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.colours import Style, safe
from holdfast.cli.output import note, say, warn

if TYPE_CHECKING:
    from holdfast.operations.migrate_locks.planning import Plan, Rewrite, Root
    from holdfast.operations.migrate_locks.tree import Survey
    from holdfast.operations.migrate_locks.verifying import Verified

_MODES = {
    "table": "locks with the table",
    "file": "locks with a file",
    "both": "locks with the table and a file",
    "none": "does not lock",
    "unknown": "locks in a way that only Terraform can tell",
}


def print_plan(plan: "Plan") -> None:
    """Print a plan."""
    for root in plan.roots:
        print_root(root)
    print_rewrites(plan.rewrites)
    print_remarks(plan)
    for problem in plan.problems:
        say(f"Problem: {safe(problem)}", Style.BAD)
    if plan.problems:
        note("Nothing can be applied before these are solved.")
    elif plan.rewrites:
        note(f"Ready: {files(plan.rewrites)} would be rewritten. holdfast migrate-locks apply")
    else:
        note("Nothing to do: no backend below locks with a table only.")


def print_root(root: "Root") -> None:
    """Print one backend and what its services say."""
    said = root.configuration.arguments
    where = f"s3://{said.get('bucket', '?')}/{said.get('key', '?')}"
    table = f" {said['dynamodb_table']}" if said.get("dynamodb_table") else ""
    say(f"{root.configuration.root}", Style.STRONG)
    say(f"  {safe(where)} {_MODES[root.configuration.mode]}{safe(table)}")
    for source in root.configuration.sources:
        say(f"  said in {source.path}:{source.body.line}", Style.DIM)
    for state in root.facts.states:
        lock = "locked" if state.lock else "not locked"
        there = lock if state.exists else f"no state yet, {lock}"
        say(f"  workspace {safe(state.address.workspace)}: {there}")
    if root.facts.rights and all(tried.ok for tried in root.facts.rights):
        say("  lock files can be put, read and deleted", Style.GOOD)


def print_rewrites(rewrites: "tuple[Rewrite, ...]") -> None:
    """Print the lines that change."""
    for rewrite in rewrites:
        for line in rewrite.lines:
            style = Style.ADDED if line.sign == "+" else Style.REMOVED
            say(f"{rewrite.path}:{line.number}  {line.sign} {safe(line.text.expandtabs(4))}", style)


def print_remarks(plan: "Plan") -> None:
    """Print what should be known."""
    for text in dict.fromkeys(warning for root in plan.roots for warning in root.warnings):
        warn(safe(text))
    for mention in plan.survey.mentions:
        warn(
            f"{mention.path}:{mention.line} names dynamodb_table too, and is not rewritten: "
            f"{safe(mention.text)}"
        )


def print_verified(each: "Verified", directory: Path) -> None:
    """Print what was found of one backend."""
    said = each.configuration.arguments
    where = safe(f"s3://{said.get('bucket', '?')}/{said.get('key', '?')}")
    say(f"{each.configuration.root or directory}  {where}", Style.STRONG)
    if each.locks_in:
        say(f"  a lock lies in the {' and the '.join(each.locks_in)}")
    for address, verdict in each.digests:
        say(f"  digest of {safe(address.url)}: {verdict.value}")
    for text in each.notes:
        say(f"  {safe(text)}", Style.DIM)
    for problem in each.problems:
        say(f"  Problem: {safe(problem)}", Style.BAD)


def say_reconfigure(survey: "Survey") -> None:
    """Say what terraform has to be told."""
    roots = dict.fromkeys(each.root for each in survey.configurations if each.initialised)
    for root in roots:
        note(f"Then: terraform -chdir={root} init -reconfigure")
    if not roots:
        note("Then, in each directory: terraform init -reconfigure")


def plan_document(plan: "Plan") -> dict[str, Any]:
    """Return a plan for JSON."""
    return {
        "backends": [root_document(root) for root in plan.roots],
        "rewrites": rewrite_documents(plan.rewrites),
        "mentions": list(plan.survey.mentions),
        "problems": plan.problems,
    }


def root_document(root: "Root") -> dict[str, Any]:
    """Return one backend for JSON."""
    configuration = root.configuration
    said = configuration.arguments
    return {
        "directory": configuration.root,
        "mode": configuration.mode,
        "bucket": said.get("bucket"),
        "key": said.get("key"),
        "table": said.get("dynamodb_table"),
        "said_in": [{"path": s.path, "line": s.body.line} for s in configuration.sources],
        "states": [
            {
                "workspace": state.address.workspace,
                "object_key": state.address.object_key,
                "exists": state.exists,
                "locked_by": state.lock.info if state.lock else None,
            }
            for state in root.facts.states
        ],
        "lock_file_rights": [
            {"key": tried.address.lock_file_key, "ok": tried.ok} for tried in root.facts.rights
        ],
        "problems": root.problems,
        "warnings": root.warnings,
    }


def rewrite_documents(rewrites: "tuple[Rewrite, ...]") -> list[dict[str, Any]]:
    """Return what is rewritten for JSON."""
    return [{"path": rewrite.path, "lines": rewrite.lines} for rewrite in rewrites]


def verified_document(each: "Verified") -> dict[str, Any]:
    """Return what was found of one backend for JSON."""
    said = each.configuration.arguments
    return {
        "directory": each.configuration.root,
        "bucket": said.get("bucket"),
        "key": said.get("key"),
        "initialised": each.initialised,
        "locks_in": each.locks_in,
        "digests": {address.object_key: verdict.value for address, verdict in each.digests},
        "problems": each.problems,
        "notes": each.notes,
    }


def files(rewrites: "tuple[Rewrite, ...]") -> str:
    """Return how many files change."""
    return count(rewrites, "file")


def count(things: Sized, name: str) -> str:
    """Return a number of things, such as `2 files`."""
    number = len(things)
    return f"{number} {name}{'' if number == 1 else 's'}"
