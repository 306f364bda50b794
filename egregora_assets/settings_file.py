"""Changes to ``egregora.toml`` that commands make: comments, order and everything else in the file stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.items import AoT, Array, Table

from egregora_assets.config import SETTINGS_FILE, SETTINGS_TEMPLATE, Settings, SettingsError
from egregora_assets.privacy.pseudonyms import normalised_name


def add_opt_outs(settings: Settings, names: Iterable[str]) -> list[str]:
    """Put names on the list of who must not be shown; return those that were not on it."""
    document, listed = _opened(settings)
    present = {normalised_name(str(name)) for name in listed}
    added = [name for name in dict.fromkeys(names) if normalised_name(name) not in present]
    for name in added:
        listed.append(name)
    if added:
        _replace(settings.home / SETTINGS_FILE, document.as_string())
    return added


def remove_opt_outs(settings: Settings, names: Iterable[str]) -> list[str]:
    """Take names off the list of who must not be shown; return those that were on it, as they stood there."""
    document, listed = _opened(settings)
    wanted = {normalised_name(name) for name in names}
    removed = [str(name) for name in listed if normalised_name(str(name)) in wanted]
    for name in removed:
        listed.remove(name)
    if removed:
        _replace(settings.home / SETTINGS_FILE, document.as_string())
    return removed


def add_repository(settings: Settings, path: str, forge: str) -> None:
    """Name one more repository: its folder, as the settings have it, and what serves its page. Raises ``SettingsError``."""
    file = settings.home / SETTINGS_FILE
    try:
        document = tomlkit.parse(file.read_text("utf-8") if file.exists() else SETTINGS_TEMPLATE)
    except (ParseError, TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    listed = document.setdefault("repositories", tomlkit.aot())
    if not isinstance(listed, AoT):
        raise SettingsError(f"{file}: repositories are no list of tables: write each as [[repositories]]")
    repository = tomlkit.table()
    repository.update({"path": path, "forge": forge})
    if not listed:
        document.add(tomlkit.nl())
    listed.append(repository)
    _replace(file, document.as_string())


def _opened(settings: Settings) -> tuple[tomlkit.TOMLDocument, Array]:
    """Return the settings file and its list of opt-outs, which is made where there is none. Raises ``SettingsError``."""
    path = settings.home / SETTINGS_FILE
    if not settings.home.is_dir():
        raise SettingsError(f"{settings.home} is no home: `egregora init` makes one")
    if "EGREGORA_PRIVACY__OPT_OUT" in os.environ or "EGREGORA_PRIVACY" in os.environ:
        raise SettingsError(
            f"EGREGORA_PRIVACY… in the environment hides the list in {path}: change it there, or unset it"
        )
    try:
        document = tomlkit.parse(path.read_text("utf-8") if path.exists() else SETTINGS_TEMPLATE)
        privacy = document.setdefault("privacy", tomlkit.table())
        listed = privacy.setdefault("opt_out", tomlkit.array()) if isinstance(privacy, Table) else None
    except (ParseError, TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    if not isinstance(listed, Array):
        raise SettingsError(f'{path}: privacy.opt_out is no list: write it as ["one", "two"]')
    return document, listed


def _replace(path: Path, text: str) -> None:
    """Put ``text`` in the file's place at once, readable by its owner only; a link to it stays one."""
    path = path.resolve()
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
