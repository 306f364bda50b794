"""What an adapter's table in the settings may hold: how it is read, and where secrets stand, which it never holds itself."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from egregora_assets.config import SettingsError, in_plain_words

_MAX_SECRET_BYTES = 1 << 16


class Options(BaseModel):
    """The options of one adapter; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsOf = TypeVar("OptionsOf", bound=Options)


def read_options(model: type[OptionsOf], name: str, options: Mapping[str, Any]) -> OptionsOf:
    """Check the options of the adapter ``name``. Raises ``SettingsError``, without repeating any value: it may be a secret."""
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "options"
        raise SettingsError(f"live adapter {name!r}: {place}: {in_plain_words(problem)}") from None


def missing_package(adapter: str, error: ModuleNotFoundError) -> SettingsError:
    """Return what to tell when an adapter's library is not installed."""
    return SettingsError(f"the adapter {adapter!r} needs {error.name}: run pip install 'egregora-assets[live]'")


class Secret(Options):
    """Where a token or password stands: in a ``file`` that nobody else can read, or in the environment's ``variable``."""

    file: Path | None = None
    variable: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")

    @model_validator(mode="before")
    @classmethod
    def _not_written_here(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("a secret does not stand in the settings: write { file = '…' } or { variable = '…' }")
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.variable is None):
            raise ValueError("write one of file and variable")
        if self.file is not None and not self.file.expanduser().is_absolute():
            raise ValueError("write the whole path of the file, beginning with / or ~")
        return self

    def read(self) -> str:
        """Return the secret, without white space around it. Raises ``SettingsError`` when it is not there or open to others."""
        found = _of_variable(self.variable) if self.variable else _of_file(self.path)
        if not found:
            raise SettingsError(f"{self} is empty: write the secret into it")
        if any(letter < " " for letter in found):
            raise SettingsError(f"{self} holds more than the one line of a secret")
        return found

    @property
    def path(self) -> Path:
        """The file, where the secret stands in one."""
        assert self.file is not None, "the secret stands in a variable"
        return self.file.expanduser()

    def __str__(self) -> str:
        return f"the variable {self.variable}" if self.variable else str(self.file)


def _of_variable(name: str) -> str:
    found = os.environ.get(name)
    if found is None:
        raise SettingsError(f"the variable {name} is not set, in which a live adapter looks for a secret")
    return found.strip()


def _of_file(path: Path) -> str:
    _check_private(path)
    return path.read_text("utf-8").strip()


def _check_private(path: Path) -> None:
    """Raise ``SettingsError`` unless ``path`` is a file of ours, small, that nobody else can read or change."""
    try:
        status = path.stat()
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}), in which a live adapter looks for a secret"
        ) from None
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_SECRET_BYTES:
        raise SettingsError(f"{path} is no file with a secret")
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o077:
        raise SettingsError(f"{path} can be read by others: make it yours and run `chmod 600 {path}`")


def is_loopback(host: str) -> bool:
    """Return whether what is sent to ``host`` stays on this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
