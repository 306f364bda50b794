"""Secrets stand where nobody else reads them, and no message of ours repeats one."""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from egregora_assets.config import AdapterSettings, SettingsError
from egregora_assets.live.adapters.options import Options, Secret, read_options
from egregora_assets.live.adapters.registry import create
from egregora_assets.live.errors import AdapterUnusable


class _Some(Options):
    token: Secret


def _read(token: object) -> str:
    return read_options(_Some, "a-chat", {"token": token}).token.read()


def test_a_secret_in_a_private_file_is_read_without_its_line_break(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    assert _read({"file": str(path)}) == "s3cret"


def test_a_secret_in_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "s3cret")
    assert _read({"variable": "A_TOKEN"}) == "s3cret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret")
    path.chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600") as refused:
        _read({"file": str(path)})
    assert "s3cret" not in str(refused.value)


def test_a_secret_written_into_the_settings_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match=r"live adapter 'a-chat': token: .*file = ") as refused:
        _read("s3cret")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("token", [{}, {"file": "/x", "variable": "X"}, {"file": "not/whole"}, {"value": "s3cret"}, 3])
def test_a_place_that_is_none_is_refused(token: object) -> None:
    with pytest.raises(SettingsError) as refused:
        _read(token)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_secret_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="empty"):
        _read({"file": str(path)})


def test_a_secret_of_several_lines_is_refused_because_it_could_say_more_than_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_TOKEN", "s3cret\r\nJOIN #elsewhere")
    with pytest.raises(SettingsError, match="one line") as refused:
        _read({"variable": "A_TOKEN"})
    assert "s3cret" not in str(refused.value)


def test_what_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_TOKEN", raising=False)
    with pytest.raises(SettingsError, match="A_TOKEN is not set"):
        _read({"variable": "A_TOKEN"})
    with pytest.raises(SettingsError, match="nowhere"):
        _read({"file": str(tmp_path / "nowhere")})
    with pytest.raises(SettingsError, match="no file"):
        _read({"file": str(tmp_path)})


@pytest.mark.parametrize(("adapter", "package"), [("matrix", "nio"), ("nats", "nats"), ("webhook", "aiohttp")])
def test_an_adapter_whose_library_is_not_installed_says_what_to_install(
    adapter: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"egregora_assets.live.adapters.{adapter}"
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(SettingsError, match=rf"'{adapter}' needs {package}: run pip install 'egregora-assets\[live\]'"):
        import_module(module)


def test_every_adapter_that_the_project_names_can_be_made_and_says_which_options_it_lacks() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    named = project["project"]["entry-points"]["egregora_assets.live_adapters"]
    for adapter in ("irc", "matrix", "nats", "webhook"):
        with pytest.raises(SettingsError, match="live adapter 'a'"):
            import_module(named[adapter]).create("a", {}, None)


@pytest.mark.parametrize(
    ("adapter", "options", "wrong"),
    [
        ("tail", {"path": "/a", "pol_seconds": 1}, "pol_seconds"),
        ("tail", {}, "path"),
        ("jsonl", {"lisen": "unix:/a"}, "lisen"),
    ],
)
def test_options_of_files_and_sockets_are_checked_and_refused_in_one_plain_line(
    adapter: str, options: dict[str, object], wrong: str
) -> None:
    with pytest.raises(AdapterUnusable, match=wrong) as refused:
        create(AdapterSettings(name="bridge", adapter=adapter, options=options), None)
    assert len(str(refused.value).splitlines()) == 1
    assert "pydantic" not in str(refused.value)
