"""The keys of a home are made once, stay with their owner and with their warehouse."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import duckdb
import pytest

from egregora_assets.privacy.keys import KeyFileError, Keys, bind, load_keys
from egregora_assets.warehouse.migrate import migrate


def test_the_keys_are_made_on_first_use_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    first = load_keys(path)
    assert load_keys(path) == first
    assert len(first.author) == len(first.message) == 32
    assert first.author != first.message
    assert load_keys(tmp_path / "other" / "secret.key") != first


def test_only_their_owner_can_read_them(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    before = os.umask(0)
    try:
        load_keys(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o666])
def test_keys_that_others_can_reach_are_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    load_keys(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_keys(path)


DAMAGED = {
    "empty": b"",
    "one key": b"author " + b"a" * 64,
    "no hexadecimal": b"author " + b"x" * 64 + b"\nmessage " + b"x" * 64,
    "short": b"author aa\nmessage bb\n",
    "cut": b"author " + b"a" * 64 + b"\nmessage " + b"b" * 30,
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_with_advice_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="backup"):
        load_keys(path)
    assert path.read_bytes() == content


def test_processes_that_make_the_keys_at_once_get_the_same(tmp_path: Path) -> None:
    """The processes are new ones: a forked one may for ever wait for a lock that a thread of this one held."""
    path = tmp_path / "secret.key"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(load_keys, [path] * 16, chunksize=1)
    assert set(keys) == {load_keys(path)}
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_the_keys_are_never_printed(tmp_path: Path) -> None:
    keys = load_keys(tmp_path / "secret.key")
    assert keys.author.hex() not in f"{keys!r} {keys}"
    assert repr(keys.author) not in f"{keys!r} {keys}"


def test_a_warehouse_takes_the_keys_that_made_it_and_no_others(tmp_path: Path) -> None:
    keys = load_keys(tmp_path / "secret.key")
    with duckdb.connect() as connection:
        migrate(connection)
        bind(connection, keys)
        bind(connection, keys)
        for other in (load_keys(tmp_path / "other.key"), Keys(keys.author, b"m" * 32), Keys(b"a" * 32, keys.message)):
            with pytest.raises(KeyFileError, match="not the key"):
                bind(connection, other)
