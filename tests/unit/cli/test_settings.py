"""How the value of a setting is found, and what is said of one without meaning."""

from pathlib import Path

import pytest

from holdfast.cli.server.running import limits_of
from holdfast.cli.server.setting_table import SETTINGS
from holdfast.cli.server.settings import BadSetting, misspelt, resolve
from holdfast.cli.server.values import Address
from holdfast.server.limits import Limits


def file(tmp_path: Path, text: str) -> str:
    """Return the path of a settings file with this text."""
    path = tmp_path / "holdfast.toml"
    path.write_text(text)
    return str(path)


def test_nothing_given_means_the_defaults() -> None:
    """Without flags, variables and a file the table's defaults hold."""
    settings = resolve({}, {})

    assert settings.data == Path("./holdfast-data")
    assert settings.listen == Address("127.0.0.1", 8270)
    assert settings.region == "us-east-1"
    assert settings.given == frozenset()


def test_the_default_limits_are_the_servers() -> None:
    """The table and the server say the same about limits."""
    assert limits_of(resolve({}, {})) == Limits(buffered_bytes=Limits().buffered_bytes)


def test_a_flag_wins_over_all(tmp_path: Path) -> None:
    """A flag is stronger than a variable and a file."""
    flags = {"region": "eu-west-1", "config": file(tmp_path, 'region = "eu-west-3"')}

    assert resolve(flags, {"HOLDFAST_REGION": "eu-west-2"}).region == "eu-west-1"


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    """A variable is stronger than a file."""
    flags = {"config": file(tmp_path, 'region = "eu-west-3"')}

    assert resolve(flags, {"HOLDFAST_REGION": "eu-west-2"}).region == "eu-west-2"


def test_the_file_wins_over_the_default(tmp_path: Path) -> None:
    """A file, named by a variable, is stronger than the default."""
    config = file(tmp_path, 'region = "eu-west-3"\nmax_requests = 7\ninsecure = true\n')

    settings = resolve({}, {"HOLDFAST_CONFIG": config})

    assert (settings.region, settings.max_requests, settings.insecure) == ("eu-west-3", 7, True)
    assert settings.given == {"region", "max_requests", "insecure"}


def test_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    """A misspelt key names itself and the file."""
    config = file(tmp_path, 'lissten = "127.0.0.1:1"')

    with pytest.raises(BadSetting, match=r"holdfast\.toml: unknown setting 'lissten'"):
        resolve({"config": config}, {})


def test_a_misspelt_key_is_told_with_the_likely_one(tmp_path: Path) -> None:
    """The setting that was meant is named; all others are in the help."""
    with pytest.raises(BadSetting, match=r"'lissten'; did you mean listen\?$"):
        resolve({"config": file(tmp_path, 'lissten = "127.0.0.1:1"')}, {})


def test_settings_in_a_table_are_told_where_they_belong(tmp_path: Path) -> None:
    """A file with a table for the server is a natural mistake."""
    with pytest.raises(BadSetting, match=r"not in a table \[server\]"):
        resolve({"config": file(tmp_path, '[server]\nlisten = "127.0.0.1:1"')}, {})


def test_a_misspelt_variable_is_found() -> None:
    """A variable that is nearly a setting's is told; the key's own and other names are not."""
    environment = {"HOLDFAST_THREAD": "8", "HOLDFAST_KEY": "x", "HOLDFAST_DATA": "d", "HOME": "h"}

    assert misspelt(environment) == [
        "the environment variable HOLDFAST_THREAD is no setting; did you mean HOLDFAST_THREADS?"
    ]


def test_a_table_in_the_file_is_refused(tmp_path: Path) -> None:
    """A value that is no text, number or boolean is refused."""
    with pytest.raises(BadSetting, match="data must be text"):
        resolve({"config": file(tmp_path, "[data]\nx = 1")}, {})


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    """A syntax error is told with its place."""
    with pytest.raises(BadSetting, match="is not TOML"):
        resolve({"config": file(tmp_path, "= =")}, {})


def test_a_missing_file_is_refused() -> None:
    """A file that was named must be there."""
    with pytest.raises(BadSetting, match=r"cannot read the settings file /nowhere/x\.toml"):
        resolve({"config": "/nowhere/x.toml"}, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen", "8270"),
        ("listen", "example.com:80"),
        ("listen", "127.0.0.1:70000"),
        ("listen", "::1:80"),
        ("account", "123"),
        ("region", "US EAST"),
        ("insecure", "maybe"),
        ("max_object_bytes", "5 apples"),
        ("max_object_bytes", "9GiB"),
        ("max_requests", "-1"),
        ("max_requests", "0"),
        ("stall_timeout", "soon"),
        ("log_level", "loud"),
        ("root_key", "vault:x"),
        ("root_key", "env:1 2"),
        ("root_key", "command:"),
        ("base_domain", "http://x"),
        ("data", ""),
        ("admin_access_key_id", "short"),
    ],
)
def test_a_bad_value_names_its_source(name: str, value: str) -> None:
    """What cannot be read is refused, and the message names where it came from."""
    with pytest.raises(BadSetting, match=f"HOLDFAST_{name.upper()} is"):
        resolve({}, {f"HOLDFAST_{name.upper()}": value})


def test_a_bad_secret_is_not_repeated() -> None:
    """The message about a secret does not hold it."""
    with pytest.raises(BadSetting) as caught:
        resolve({}, {"HOLDFAST_ADMIN_SECRET_ACCESS_KEY": "hush hush"})

    assert "hush" not in str(caught.value)


def test_settings_do_not_print_the_secret() -> None:
    """A representation in a log holds no secret."""
    environment = {
        "HOLDFAST_ADMIN_ACCESS_KEY_ID": "AKIA0123456789ABCDEF",
        "HOLDFAST_ADMIN_SECRET_ACCESS_KEY": "hush-hush-hush-hush",
    }

    assert "hush" not in repr(resolve({}, environment))


@pytest.mark.parametrize(
    "environment",
    [
        {"HOLDFAST_TLS_KEY": "key.pem"},
        {"HOLDFAST_ADMIN_ACCESS_KEY_ID": "AKIA0123456789ABCDEF"},
    ],
)
def test_half_of_a_pair_is_refused(environment: dict[str, str]) -> None:
    """A certificate without key, or an id without secret, is a mistake."""
    with pytest.raises(BadSetting, match="belong together"):
        resolve({}, environment)


@pytest.mark.parametrize(
    ("text", "host", "loopback"),
    [
        ("[::1]:0", "::1", True),
        ("localhost:80", "127.0.0.1", True),
        ("127.9.9.9:80", "127.9.9.9", True),
        ("0.0.0.0:80", "0.0.0.0", False),
        ("[::]:80", "::", False),
    ],
)
def test_addresses(text: str, host: str, *, loopback: bool) -> None:
    """An address is IPv4 or IPv6, and known to be loopback or not."""
    listen = resolve({"listen": text}, {}).listen

    assert (listen.host, listen.is_loopback) == (host, loopback)


@pytest.mark.parametrize(
    ("text", "size"), [("1048576", 1 << 20), ("2MiB", 2 << 20), ("1 GiB", 1 << 30)]
)
def test_sizes(text: str, size: int) -> None:
    """A size is bytes, or has a unit."""
    assert resolve({"max_object_bytes": text}, {}).max_object_bytes == size


def test_every_default_has_a_meaning() -> None:
    """Each default can be read by its own setting."""
    for setting in SETTINGS:
        setting.read(setting.default)


def test_no_secret_has_a_flag() -> None:
    """A secret on the command line would be seen by everyone on the machine."""
    assert [setting.name for setting in SETTINGS if setting.secret and setting.flag] == []


@pytest.mark.parametrize(
    "content",
    [
        'rules = "fence.unlocked=enforce digest=off"',
        '[rules]\nfence.unlocked = "enforce"\ndigest = "off"',
        '[rules]\n"fence.unlocked" = "enforce"\ndigest = "off"',
    ],
)
def test_rules_are_said_in_a_line_or_a_table(tmp_path: Path, content: str) -> None:
    """Only those that are named; the others are as usual."""
    file = tmp_path / "holdfast.toml"
    file.write_text(content)
    modes = resolve({"config": str(file)}, {}).rules

    assert modes == {"": {"fence.unlocked": "enforce", "digest": "off"}}


@pytest.mark.parametrize(
    "content",
    [
        'rules = "digest=off my-states/prod/a%20b/:fence.unlocked=enforce"',
        '[rules]\ndigest = "off"\n[rules."my-states/prod/a b/"]\nfence.unlocked = "enforce"',
    ],
)
def test_rules_are_said_for_a_bucket_and_a_prefix(tmp_path: Path, content: str) -> None:
    """Beside those for all states."""
    file = tmp_path / "holdfast.toml"
    file.write_text(content)
    modes = resolve({"config": str(file)}, {}).rules

    assert modes == {"": {"digest": "off"}, "my-states/prod/a b/": {"fence.unlocked": "enforce"}}


def test_all_rules_are_named_at_once() -> None:
    """Those that are named by themselves are as they say."""
    modes = resolve({"rules": "fence.held=warn all=off"}, {}).rules[""]

    assert set(modes.values()) == {"warn", "off"}
    assert modes["fence.held"] == "warn"


@pytest.mark.parametrize(
    "text", ["fence.held", "fence=off", "fence.held=maybe", "b/p:fence=off", "b:fence.held=off"]
)
def test_a_rule_or_mode_that_is_none_is_refused(text: str) -> None:
    """With what there is."""
    with pytest.raises(BadSetting, match=r"fence\."):
        resolve({"rules": text}, {})
