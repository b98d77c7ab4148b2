"""The server's own keys: made once, readable by its account only, and never shown."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from wardwatch.keys import KEY_FILES, REPLAY_KEYS, KeyFileError, OwnKeys, key_folder, open_to_others, own_keys
from wardwatch.settings import Settings, load_settings


def settings_in(folder: Path, pseudonym: str = "") -> Settings:
    settings = load_settings().model_copy(update={"data_dir": folder / "data"})
    given = SecretStr(pseudonym) if pseudonym else None
    return settings.model_copy(update={"keys": settings.keys.model_copy(update={"pseudonym": given})})


def test_keys_are_made_once_and_stay(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = own_keys(settings)
    assert own_keys(settings) == first
    assert sorted(file.name for file in key_folder(settings).iterdir()) == sorted(KEY_FILES)


def test_only_the_account_of_the_server_may_read_them(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    own_keys(settings)
    assert stat.S_IMODE(key_folder(settings).stat().st_mode) == 0o700
    for file in key_folder(settings).iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert not open_to_others(file)


def test_servers_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: own_keys(settings), range(16)))
    assert len(set(made)) == 1
    assert sorted(file.name for file in key_folder(settings).iterdir()) == sorted(KEY_FILES)


def test_a_configured_pseudonym_key_goes_before_the_file(tmp_path: Path) -> None:
    one, other = (own_keys(settings_in(tmp_path / name, "k" * 40)) for name in ("one", "other"))
    assert one.fingerprint("certno", "X") == other.fingerprint("certno", "X")
    assert one.nonce != other.nonce
    assert not (tmp_path / "one/data/keys/pseudonym.key").exists()


@pytest.mark.parametrize("content", ["", "00" * 31, "zz" * 32, "\xff"])
def test_a_damaged_key_file_is_named_and_left_alone(tmp_path: Path, content: str) -> None:
    settings = settings_in(tmp_path)
    own_keys(settings)
    file = key_folder(settings) / "nonce.key"
    file.write_text(content, "latin-1")
    with pytest.raises(KeyFileError, match=r"nonce\.key") as caught:
        own_keys(settings)
    assert file.read_text("latin-1") == content
    assert not content or content not in str(caught.value)


def test_a_fingerprint_is_the_same_for_the_same_and_tells_nothing() -> None:
    print_of = REPLAY_KEYS.fingerprint
    number = "990101196001010011"
    assert print_of("certno", number) == print_of("certno", number)
    assert len({print_of("certno", number), print_of("name", number), print_of("certno", number[:-1] + "2")}) == 3
    assert number not in print_of("certno", number)


def test_keys_are_never_shown(tmp_path: Path) -> None:
    keys = own_keys(settings_in(tmp_path))
    assert repr(keys) == "OwnKeys()"
    assert len(keys.sealing_public) == 32
    assert keys.sealing_public != keys.sealing
    assert isinstance(keys, OwnKeys)
