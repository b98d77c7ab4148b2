"""The settings: where each comes from, what is refused, and that no secret is ever shown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from rich.console import Console

from wardwatch.settings import Settings, SettingsError, all_settings, load_settings, shown

SM4 = "0123456789abcdeffedcba9876543210"
SECRET = "the-fingerprint-key-nobody-may-ever-read"
HOSPITAL = "H44010000001"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "wardwatch.toml") -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def complaint(file: Path | None = None) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    return str(refused.value)


# Where a setting comes from


def test_without_file_and_variables_everything_has_a_safe_default() -> None:
    settings = load_settings()
    assert settings.http.host == "127.0.0.1"
    assert settings.http.port == 8800
    assert settings.limits.max_body_bytes == 16 * 1024 * 1024
    assert settings.gate.deadline_ms == 800
    assert settings.engine.dead_letter_limit == 20
    assert settings.retention.raw_days == 180
    assert settings.keys.pseudonym is None
    assert settings.database() == "sqlite:///data/wardwatch.sqlite"


def test_the_file_in_the_working_directory_is_found() -> None:
    written("[http]\nport = 9000")
    assert load_settings().http.port == 9000


def test_a_file_named_by_the_environment_is_read_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    written("[http]\nport = 9000")
    monkeypatch.setenv("WARDWATCH_CONFIG", str(written("[http]\nport = 9001", "etc/other.toml")))
    assert load_settings().http.port == 9001


def test_a_file_given_by_the_caller_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_CONFIG", str(written("[http]\nport = 9001", "env.toml")))
    assert load_settings(written("[http]\nport = 9002", "given.toml")).http.port == 9002


def test_the_environment_goes_before_the_file_key_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    written('[http]\nhost = "192.0.2.7"\nport = 9000')
    monkeypatch.setenv("WARDWATCH_HTTP__PORT", "9100")
    http = load_settings().http
    assert (http.host, http.port) == ("192.0.2.7", 9100)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_HTTP__PORT", "")
    assert load_settings().http.port == 8800


def test_lists_and_mappings_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_RULES__FILES", '["a.toml", "b.toml"]')
    monkeypatch.setenv("WARDWATCH_KEYS__INSTITUTIONS", f'{{"{HOSPITAL}": {{"sm4": "{SM4}"}}}}')
    settings = load_settings()
    assert settings.rules.files == (Path("a.toml"), Path("b.toml"))
    assert settings.keys.institutions[HOSPITAL].sm4 == SecretStr(SM4)


def test_a_point_in_its_uncompressed_form_is_the_same_public_key() -> None:
    point = "ab" * 64
    written(f'[keys.platform]\nsm2_public = "04{point.upper()}"')
    assert load_settings().keys.platform.sm2_public == point


def test_relative_paths_in_a_file_belong_to_the_file(tmp_path: Path) -> None:
    text = """
        data_dir = "var"
        institutions_file = "/etc/institutions.toml"
        [rules]
        directory = "rules"
        dialects = "spellings"
        files = ["city.toml", "/etc/county.toml"]
    """
    settings = load_settings(written(text, "conf/wardwatch.toml"))
    assert settings.data_dir == tmp_path / "conf/var"
    assert settings.institutions_file == Path("/etc/institutions.toml")
    assert settings.rules.directory == tmp_path / "conf/rules"
    assert settings.rules.dialects == tmp_path / "conf/spellings"
    assert settings.rules.files == (tmp_path / "conf/city.toml", Path("/etc/county.toml"))
    assert settings.credentials_file == Path("credentials.toml"), "a default belongs to the working directory"


def test_the_database_is_in_the_data_directory_unless_said_otherwise() -> None:
    written('data_dir = "/srv/wardwatch"')
    assert load_settings().database() == "sqlite:////srv/wardwatch/wardwatch.sqlite"
    url = "postgresql+psycopg://wardwatch:secret@127.0.0.1/wardwatch"
    written(f'database_url = "{url}"')
    assert load_settings().database() == url


# What is refused, and how it is said


def test_a_misspelt_key_is_named_with_its_file_and_a_guess() -> None:
    message = complaint(written("[http]\nprot = 9000", "conf/wardwatch.toml"))
    assert message.startswith("conf/wardwatch.toml: http.prot: ")
    assert "没有这个设置" in message
    assert "did you mean http.port?" in message


def test_a_wrong_value_is_named_with_its_file_and_key() -> None:
    message = complaint(written('[http]\nport = "eighty"'))
    assert message.startswith("wardwatch.toml: http.port: ")


def test_every_wrong_value_is_told_at_once() -> None:
    message = complaint(written("[http]\nport = 70000\n[gate]\ndeadline_ms = 0"))
    assert [line.split(": ")[1] for line in message.splitlines()] == ["http.port", "gate.deadline_ms"]
    assert "超出范围" in message


def test_a_group_that_is_no_group_is_named() -> None:
    assert complaint(written("http = 9000")).startswith("wardwatch.toml: http: ")


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_CONFIG", "nowhere.toml")
    assert complaint().startswith("nowhere.toml: 找不到")


def test_broken_toml_is_named_with_its_line() -> None:
    message = complaint(written("[http]\nport 9000"))
    assert message.startswith("wardwatch.toml: ")
    assert "line 2" in message


def test_a_file_in_another_encoding_is_refused() -> None:
    Path("wardwatch.toml").write_bytes("data_dir = '数据'".encode("gb18030"))
    assert "UTF-8" in complaint()


def test_a_misspelt_variable_is_named_with_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_HTTP_PORT", "9000")
    message = complaint()
    assert message.startswith("WARDWATCH_HTTP_PORT: 未知的环境变量")
    assert "did you mean WARDWATCH_HTTP__PORT?" in message


def test_a_wrong_variable_is_blamed_and_not_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written("[http]\nport = 9000")
    monkeypatch.setenv("WARDWATCH_HTTP__PORT", "many")
    assert complaint().startswith("WARDWATCH_HTTP__PORT: http.port: ")


def test_a_variable_that_is_no_json_is_refused_without_quoting_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_KEYS__PLATFORM", SECRET)
    message = complaint()
    assert "JSON" in message
    assert SECRET not in message


def test_what_the_tests_are_told_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDWATCH_TEST_SOMETHING", "1")
    load_settings()


@pytest.mark.parametrize(
    "url", ["mysql://localhost/wardwatch", "wardwatch.sqlite", "postgresql://user:hunter2@db/wardwatch"]
)
def test_a_database_of_another_kind_is_refused_without_quoting_its_address(url: str) -> None:
    message = complaint(written(f'database_url = "{url}"'))
    assert message.startswith("wardwatch.toml: database_url: ")
    assert url not in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("platform.sm4", SM4[:-1]),
        ("platform.sm4", "g" * 32),
        ("platform.sm4_iv", "ab" * 15),
        ("platform.sm2_public", "04" + "ab" * 62),
        (f"institutions.{HOSPITAL}.sm4", "z" * 32),
        ("apps.tap.sm4", "z" * 32),
        ("pseudonym", "short"),
    ],
)
def test_a_key_of_the_wrong_form_is_refused_without_quoting_it(key: str, value: str) -> None:
    message = complaint(written(f'[keys]\n{key} = "{value}"'))
    assert message.startswith(f"wardwatch.toml: keys.{key}: ")
    assert value not in message


# What is shown


@pytest.fixture
def full_of_secrets() -> Settings:
    written(
        f"""
        database_url = "postgresql+psycopg://wardwatch:{SECRET}@127.0.0.1/wardwatch"
        [keys]
        pseudonym = "{SECRET}"
        [keys.platform]
        sm4 = "{SM4}"
        sm4_iv = "{"5e" * 16}"
        [keys.institutions.{HOSPITAL}]
        sm4 = "{SM4}"
        """
    )
    return load_settings()


def test_no_secret_is_shown_in_any_way_of_printing(full_of_secrets: Settings) -> None:
    screen = io.StringIO()
    Console(file=screen, width=200).print(full_of_secrets)
    printed = "\n".join(
        [
            repr(full_of_secrets),
            str(full_of_secrets),
            f"{full_of_secrets!s}",
            full_of_secrets.model_dump_json(),
            str(full_of_secrets.model_dump()),
            screen.getvalue(),
            str(dict(shown(full_of_secrets))),
        ]
    )
    for secret in (SECRET, SM4, "5e" * 16):
        assert secret not in printed


def test_what_is_shown_says_which_secrets_are_set(full_of_secrets: Settings) -> None:
    values = dict(shown(full_of_secrets))
    assert values["http.port"] == "8800"
    assert "hidden" in values["keys.pseudonym"]
    assert "hidden" in values[f"keys.institutions.{HOSPITAL}.sm4"]
    assert values[f"keys.institutions.{HOSPITAL}.sm4_iv"] == ""


def test_settings_do_not_change_once_read() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.http.port = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.log_level = "DEBUG"  # type: ignore[misc]


def test_every_setting_and_group_is_described_in_chinese_and_english() -> None:
    settings = list(all_settings())
    assert len(settings) > 20
    descriptions = [setting.description for setting in settings]
    descriptions += [field.description or "" for field in Settings.model_fields.values()]
    for description in descriptions:
        chinese, slash, english = description.partition(" / ")
        assert slash, description
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), description
        assert english.isascii(), description


def test_what_holds_secrets_is_marked_secret() -> None:
    secret = {setting.key for setting in all_settings() if setting.secret}
    assert {
        "keys.pseudonym",
        "keys.platform.sm4",
        "keys.platform.sm4_iv",
        "keys.apps.<code>.sm4",
        "database_url",
    } <= secret
    assert "http.port" not in secret


def test_every_variable_in_the_list_really_sets_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = {
        "database_url": "sqlite:////tmp/x.sqlite",
        "log_level": "DEBUG",
        "http.host": "192.0.2.9",
        "engine.dead_letter_ratio": "0.5",
        "rules.files": '["x.toml"]',
        "keys.pseudonym": SECRET,
        "keys.platform.sm4": SM4,
        "keys.platform.sm2_public": "ab" * 64,
        "keys.platform.sm4_iv": "ab" * 16,
        "keys.platform.require_signature": "true",
    }
    defaults = load_settings()
    for setting in all_settings():
        if "<code>" in setting.key:
            continue
        is_number = setting.default.replace(".", "").isdigit()
        with monkeypatch.context() as patch:
            patch.setenv(setting.variable, examples.get(setting.key, "77" if is_number else "some/where"))
            changed = load_settings()
        assert _value(changed, setting.key) != _value(defaults, setting.key), setting.key


def _value(settings: BaseModel, key: str) -> object:
    value: object = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value
