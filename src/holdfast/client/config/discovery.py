"""Finds the backend that a user means: flags, else the directory, with the environment behind."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.client.config import init_arguments, settle
from holdfast.client.config.arguments import Arguments, arguments
from holdfast.client.config.block import BackendBlock, find_block
from holdfast.client.config.changed import changes, located
from holdfast.client.config.environment import from_environment
from holdfast.client.config.given import Given
from holdfast.client.config.origin import Level, Origin, Remark, Source, Sourced
from holdfast.client.config.profile import from_profile
from holdfast.client.config.schema import ENDPOINTS, place_of
from holdfast.client.config.stored import StoredBackend, find_stored, find_workspace
from holdfast.client.config.url import from_url
from holdfast.client.errors import NotConfigured
from holdfast.client.settings import BackendSettings
from holdfast.terraform.address import DEFAULT_WORKSPACE, WORKSPACE_KEY_PREFIX, address_of


@dataclass(frozen=True, slots=True)
class Discovered:
    """A backend that was found, and where each of its arguments was.

    Attributes:
        settings: usable as they are if no remark is an error.
        workspace: the workspace in use.
        origins: where each argument was found; `endpoints.s3` and so on, and `workspace`.
        values: the arguments, those of the environment included, under the same names.
        remarks: what is wrong or surprising.
    """

    settings: BackendSettings
    workspace: str
    origins: Mapping[str, Origin]
    values: Mapping[str, Sourced]
    remarks: tuple[Remark, ...]

    @property
    def errors(self) -> tuple[Remark, ...]:
        """The remarks that make the backend unusable."""
        return tuple(remark for remark in self.remarks if remark.level is Level.ERROR)

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """The remarks that every command should repeat: it may not be the backend that is meant."""
        return tuple(remark for remark in self.remarks if remark.level is Level.WARNING)


def discover(given: Given, environ: Mapping[str, str], *, need_key: bool = True) -> Discovered:
    """Find a backend that can be used.

    Args:
        given: what the user says.
        environ: the environment.
        need_key: whether one state is meant; False for what looks at a whole bucket.

    Raises:
        NotConfigured: nothing, too little or something contradictory is said; says where.
    """
    found = look(given, environ, need_key=need_key)
    if found.errors:
        first, *others = found.errors
        more = [f"Also: {remark}." for remark in others]
        raise NotConfigured(first.happened, "\n".join(filter(None, [first.next_step, *more])))
    return found


def look(
    given: Given, environ: Mapping[str, str], *, need_key: bool = True, profile: bool = False
) -> Discovered:
    """Find what there is, usable or not; `errors` of the result says why not.

    Args:
        given: what the user says.
        environ: the environment.
        need_key: whether one state is meant.
        profile: whether to look into the AWS profile too, which takes time; a connection does anyway.

    Raises:
        NotConfigured: a file cannot be read or understood.
    """
    remarks: list[Remark] = []
    flags, named_workspace = _flags(given)
    found = flags
    if given.url is None:
        inner, said = _directory(
            given, environ, complete="bucket" in flags.values, need_key=need_key
        )
        found = flags.over(inner)
        remarks += said
        workspace = _workspace(given, environ, remarks)
    else:
        workspace = _option_workspace(given, named_workspace)
    found = found.over(arguments(from_environment(environ)))
    if profile:
        found = found.over(_profile(found))
    if given.state is not None:
        found, workspace = _for_object(given, found)
    _check_workspace(workspace, remarks)
    wrong = [*found.remarks, *settle.problems(found.values, need_key=need_key)]
    remarks += _unless_explained(remarks, wrong)
    values = dict(sorted(found.values.items(), key=lambda item: place_of(item[0])))
    origins = {name: said.origin for name, said in values.items()}
    origins["workspace"] = workspace.origin
    settings = settle.settings_of(found.values)
    return Discovered(settings, workspace.value, origins, values, tuple(remarks))


def _unless_explained(said: list[Remark], more: list[Remark]) -> list[Remark]:
    """Return remarks; without those on what is missing where the cause of that is already said."""
    explained = any(remark.level is Level.ERROR for remark in said)
    return [one for one in more if one.origin is not None] if explained else more


def _profile(found: Arguments) -> Arguments:
    said = found.values.get("profile")
    profile = from_profile(said.value if said else None)
    if "region" in found.values or "region" in profile.values:
        return profile
    missing = Remark(
        Level.ERROR,
        "no region was said",
        "Set region in the backend block, AWS_REGION, or the AWS profile; "
        "any will do for a server of holdfast.",
    )
    return Arguments(profile.values, (*profile.remarks, missing))


def _flags(given: Given) -> tuple[Arguments, str | None]:
    raw, workspace = from_url(given.url) if given.url is not None else ({}, None)
    names = {"lock_table": "dynamodb_table"}
    for flag in ("bucket", "key", "region", "lock_table", "use_lockfile", "profile"):
        value = getattr(given, flag)
        if value is not None:
            origin = Origin(Source.OPTION, f"--{flag.replace('_', '-')}")
            raw[names.get(flag, flag)] = Sourced(value, origin)
    if given.endpoint:
        for service in ENDPOINTS:
            origin = Origin(Source.OPTION, "--endpoint")
            raw[f"endpoints.{service}"] = Sourced(given.endpoint, origin)
    return arguments(raw), workspace


def _directory(
    given: Given, environ: Mapping[str, str], *, complete: bool, need_key: bool
) -> tuple[Arguments, list[Remark]]:
    """Return what the directory says.

    Args:
        given: names the directory and values of -backend-config.
        environ: the environment.
        complete: whether flags say enough, so that a directory without a backend is none to tell of.
        need_key: whether one state is meant.
    """
    directory = given.directory
    added = init_arguments.merged(given.backend_config, directory)
    stored = find_stored(directory, environ)
    if stored is not None:
        return _initialised(stored, directory, added)
    block = find_block(directory)
    if block is None:
        if complete or "bucket" in added:
            return arguments(added), []
        return arguments(added), [_nothing(directory)]
    if block.kind != "s3":
        return Arguments(), [] if complete else [_not_s3(block.kind, block.origin)]
    by_variable = init_arguments.merged(
        init_arguments.from_variable(environ), directory, "TF_CLI_ARGS_init"
    )
    raw = {**block.arguments, **by_variable, **added}
    return _completed(raw, block, directory, need_key=need_key)


def _initialised(
    stored: StoredBackend, directory: Path, added: dict[str, Sourced]
) -> tuple[Arguments, list[Remark]]:
    if stored.kind != "s3":
        origin = Origin(Source.STORED, file=str(stored.path))
        return Arguments(), [_not_s3(stored.kind, origin)]
    remarks: list[Remark] = []
    initialised = arguments(stored.arguments)
    try:
        block = find_block(directory)
        remarks += changes(stored, block, directory)
        initialised = located(initialised, block)
    except NotConfigured as error:  # what was initialised can still be used
        remarks.append(Remark(Level.WARNING, error.happened, error.next_step))
    return arguments(added).over(initialised), remarks


def _completed(
    raw: dict[str, Sourced], block: BackendBlock, directory: Path, *, need_key: bool
) -> tuple[Arguments, list[Remark]]:
    """Return a partial block completed by the one `.tfbackend` file beside it, if there is one."""
    missing = [name for name in ("bucket", "key") if name not in raw]
    if not missing:
        return arguments(raw), []
    files = init_arguments.backend_files(directory)
    missing = [name for name in missing if need_key or name != "key"]
    if len(files) == 1:
        completed = {**raw, **init_arguments.from_file(files[0])}
        if all(name in completed for name in missing):
            return arguments(completed), []
    if not missing:
        return arguments(raw), []
    step = f"Say it: --backend-config={missing[0]}=... or --{missing[0]}."
    if files:
        names = ", ".join(path.name for path in files)
        step = f"Say which file completes it: --backend-config=FILE, one of {names}."
    text = (
        f"the backend block has no {' and no '.join(missing)}, and the directory is not initialised"
    )
    return arguments(raw), [Remark(Level.ERROR, text, step, block.origin)]


def _nothing(directory: Path) -> Remark:
    where = directory.resolve()
    return Remark(
        Level.ERROR,
        f"no backend was found in {where}",
        "Run it in a Terraform directory, name one with --chdir DIR, or say where the states are: "
        "--url 's3://BUCKET/KEY?region=REGION&lock_table=TABLE'.",
    )


def _not_s3(kind: str, origin: Origin) -> Remark:
    return Remark(
        Level.ERROR,
        f'the backend here is "{kind}", not "s3"',
        "Name another directory with --chdir DIR, or a backend with --url s3://BUCKET/KEY.",
        origin,
    )


def _option_workspace(given: Given, named: str | None) -> Sourced:
    if given.workspace is not None:
        return Sourced(given.workspace, Origin(Source.OPTION, "--workspace"))
    if named is not None:
        return Sourced(named, Origin(Source.URL, "the URL"))
    return Sourced(DEFAULT_WORKSPACE, Origin(Source.URL, "the URL names none"))


def _workspace(given: Given, environ: Mapping[str, str], remarks: list[Remark]) -> Sourced:
    if given.workspace is not None:
        return Sourced(given.workspace, Origin(Source.OPTION, "--workspace"))
    used, hidden = find_workspace(given.directory, environ)
    if hidden is not None:
        remarks.append(
            Remark(
                Level.WARNING,
                f"TF_WORKSPACE says {used.value}, and {hidden.value} is selected in the directory",
                "TF_WORKSPACE counts, as it does for Terraform.",
                hidden.origin,
            )
        )
    return used


def _check_workspace(workspace: Sourced, remarks: list[Remark]) -> None:
    if not workspace.value or "/" in workspace.value:
        remarks.append(
            Remark(Level.ERROR, f"{workspace.value!r} is not a workspace", "", workspace.origin)
        )


def _for_object(given: Given, found: Arguments) -> tuple[Arguments, Sourced]:
    """Return the arguments for the state that an object's key names, and its workspace."""
    origin = Origin(Source.OPTION, "the state named")
    prefix = found.values.get("workspace_key_prefix")
    bucket = found.values.get("bucket")
    address = address_of(
        bucket.value if bucket else "",
        given.state or "",
        prefix.value if prefix else WORKSPACE_KEY_PREFIX,
    )
    workspace = given.workspace or address.workspace
    named = arguments({"key": Sourced(address.key, origin)})
    return named.over(found), Sourced(workspace, origin)
