"""Settings: where the memory lives, which sources it knows, and how much of the machine it may use.

They come from ``EGREGORA_HOME/egregora.toml``; environment variables ``EGREGORA_…`` (``EGREGORA_WAREHOUSE__THREADS=4``)
override the file. Nothing is read when this module is imported.
"""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from string import Formatter
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as UnreadableVariable

DEFAULT_HOME = ".egregora"
SETTINGS_FILE = "egregora.toml"

Policy = Literal["scrub", "pseudonymise", "keep"]
"""What happens to private things in the texts of one source."""
Forge = Literal["github", "gitlab", "gitea", "bitbucket", "custom"]
"""Whose web addresses a repository has; Forgejo and Codeberg write them as Gitea does."""
PERMALINK_FIELDS = ("sha", "path", "line_from", "line_to")

_WEB_ROOT = r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
_WEB_ADDRESS = re.compile(rf"{_WEB_ROOT}(?:/[A-Za-z0-9._~+%@-]+)+")
_PERMALINK = re.compile(rf"{_WEB_ROOT}/[A-Za-z0-9._~/%:@+,;=?&#!-]*")
_BRANCH = re.compile(r"(?![-/.])(?!.*(?:\.\.|//|@\{|\.lock$))[^\s\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")
_PSEUDONYM = re.compile("member-[0-9a-f]{10}")
_SLUG_LENGTH = 63
MODEL_NAME = "[A-Za-z0-9][A-Za-z0-9._:/+-]{0,99}"
"""The form of a language model's name, which sidecars tell."""


class SettingsError(ValueError):
    """The settings file or an environment variable cannot be used; the message says which and why."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(_Section):
    """What the user knows about one chat better than its export does."""

    title: str = Field(description="The chat's title as its export names it (file name without 'WhatsApp Chat with').")
    source_id: str | None = Field(
        default=None, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Name used in tables."
    )
    timezone: str | None = Field(default=None, description="IANA zone of the exporting phone, e.g. 'Europe/Lisbon'.")
    day_first: bool | None = Field(default=None, description="Order of day and month, where the file cannot tell.")
    privacy: Policy = Field(
        default="scrub", description="Whether its texts are scrubbed, get aliases for names, or are kept as written."
    )
    repositories: tuple[str, ...] | None = Field(
        default=None, description="Names of the repositories it talks about; default: all."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        return value if value is None else _check_zone(value)


class RepositorySettings(_Section):
    """One git repository whose history belongs into the memory."""

    path: Path = Field(description="Its folder on this machine; one that is not absolute stands in the home.")
    name: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="Name used in tables.")
    web: str | None = Field(default=None, description="Its page, e.g. 'https://github.com/org/repo'.")
    forge: Forge | None = Field(default=None, description="What serves that page; default: told by its host.")
    permalink: str | None = Field(default=None, description="Address of a file at a commit, where forge is 'custom'.")
    branches: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Branches to follow; default: the one that HEAD is on."
    )

    @property
    def slug(self) -> str:
        """The name used in tables: ``name``, else one made from the folder's."""
        return self.name or _slug_of(self.path)

    @field_validator("path")
    @classmethod
    def _known_home(cls, value: Path) -> Path:
        try:
            value.expanduser()
        except RuntimeError as error:
            raise ValueError(
                f"{str(value)!r} begins with the home of a user whom this machine does not know"
            ) from error
        return value

    @field_validator("web")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = value.rstrip("/").removesuffix(".git")
        if not _WEB_ADDRESS.fullmatch(address) or "@" in address.split("/")[2] or _climbs(address):
            raise ValueError("is no address of a page such as 'https://github.com/org/repo', without user or password")
        return address

    @field_validator("permalink")
    @classmethod
    def _known_fields(cls, value: str | None) -> str | None:
        return value if value is None else _check_permalink(value)

    @field_validator("branches")
    @classmethod
    def _branch_names(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in value or ():
            if not _BRANCH.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a branch")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.forge == "custom") != (self.permalink is not None):
            raise ValueError("forge = 'custom' and permalink = 'https://…' go together: write both or neither")
        if not self.slug:
            raise ValueError("its path gives it no name: add name = '…'")
        return self


class WarehouseSettings(_Section):
    """DuckDB's share of the machine. ``None`` leaves DuckDB's own default."""

    threads: int | None = Field(default=None, ge=1)
    memory_limit: str | None = Field(default=None, pattern=r"^\d+(\.\d+)?\s?([KMGT]i?B|%)$")
    temp_directory: Path | None = None
    checkpoint_threshold: str = Field(default="4MB", pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")
    lock_wait_seconds: float = Field(default=30.0, ge=0, description="How long to wait for another writer.")


class DocumentSettings(_Section):
    """How messages are cut into windows, the documents. No window crosses the end of its day (of its week or month)."""

    window: Literal["conversation", "gap", "count", "size", "day", "week"] = Field(
        default="conversation", description="What ends a window, besides being full and the end of the day."
    )
    gap_minutes: int = Field(default=240, ge=1, description="Silence after which a new conversation begins.")
    pause_minutes: int = Field(
        default=60,
        ge=1,
        description="Pause after which one begins if the words before and after have nothing in common.",
    )
    thread_gap_hours: int = Field(default=72, ge=1, description="The same silence in a thread.")
    max_messages: int = Field(
        default=200, ge=1, le=700, description="Most messages in one window: letters name 702 people."
    )
    max_tokens: int | None = Field(default=None, ge=1, description="Most tokens in one window, of four bytes each.")
    max_bytes: int | None = Field(default=None, ge=1, description="Most bytes of text in one window.")
    overlap_messages: int = Field(
        default=0, ge=0, le=100, description="How many messages of the full window before it a window repeats."
    )
    within: Literal["day", "week", "month"] = Field(
        default="day", description="Where counting begins anew when windows are of a count or a size."
    )
    day_begins: int = Field(default=4, ge=0, le=12, description="Hour at which the day of a chat begins.")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.window == "size" and self.max_tokens is None and self.max_bytes is None:
            raise ValueError("windows of a size need max_tokens or max_bytes")
        if self.max_messages + self.overlap_messages > 700:
            raise ValueError("max_messages and overlap_messages together may be 700 at most")
        return self

    @property
    def ends_at_silences(self) -> bool:
        """Whether a silence ends a window."""
        return self.window in ("conversation", "gap")

    @property
    def keeps_threads(self) -> bool:
        """Whether a thread is apart from the chat that it hangs on."""
        return self.ends_at_silences

    @property
    def unit(self) -> Literal["day", "week", "month"]:
        """What no window of a chat crosses the end of."""
        if self.window == "week":
            return "week"
        return self.within if self.window in ("count", "size") else "day"


class PrivacySettings(_Section):
    """What is hidden beyond e-mail addresses and phone numbers, which always are."""

    opt_out: tuple[str, ...] = Field(
        default=(), description="Names, numbers or pseudonyms whose words must not be shown."
    )
    scrub_names: bool = Field(default=True, description="Replace known authors' names inside texts by [name].")

    @property
    def opt_out_names(self) -> tuple[str, ...]:
        """The list without pseudonyms, which stand for people and are no names to look for in texts."""
        folded = ((name, unicodedata.normalize("NFKC", name).strip().casefold()) for name in self.opt_out)
        return tuple(name for name, form in folded if not _PSEUDONYM.fullmatch(form))


class SidecarSettings(_Section):
    """What posts show, and what making them may cost."""

    pseudonyms_in_posts: bool = Field(
        default=False, description="Say in posts and pages under which pseudonyms people wrote."
    )
    budget_ms: float = Field(default=5.0, gt=0, description="CPU milliseconds that a document may cost.")


class LanguageModelSettings(_Section):
    """A language model that reads conversations. What it is asked leaves this machine, unless the model runs on it."""

    model: str | None = Field(
        default=None,
        pattern=rf"^{MODEL_NAME}$",
        description="Its name at `url`, or one that pydantic-ai knows, as 'anthropic:…'; without one no model is asked.",
    )
    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/@]+(?:/[^\s@]*)?$",
        description="Address of a service, up to and with '/v1'.",
    )
    key_variable: str = Field(
        default="EGREGORA_LANGUAGE_MODEL_KEY",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Variable that holds the key of the service at `url`.",
    )
    allow_remote: bool = Field(default=False, description="Whether texts of chats may be sent to another machine.")
    concurrency: int = Field(default=4, ge=1, le=64, description="Requests under way at once.")
    timeout_seconds: float = Field(default=120.0, gt=0, description="Longest wait for one answer.")
    retries: int = Field(default=4, ge=0, le=20, description="How often a request that failed is made again.")
    max_answer_tokens: int = Field(default=2000, ge=100, le=100_000, description="Most tokens of one answer.")
    max_seconds: float = Field(default=300.0, gt=0, description="Longest time in which one run begins requests.")
    max_tokens_a_run: int | None = Field(default=None, ge=1, description="Most tokens of one run, both ways.")
    max_tokens_a_day: int | None = Field(default=None, ge=1, description="Most tokens of one day (UTC), both ways.")
    input_price: float | None = Field(default=None, ge=0, description="Price of a million tokens that are sent.")
    output_price: float | None = Field(default=None, ge=0, description="Price of a million tokens that are answered.")
    max_money_a_day: float | None = Field(default=None, gt=0, description="Most money of one day (UTC).")

    @property
    def is_remote(self) -> bool:
        """Whether what the model is asked leaves this machine; of a provider with an address of its own it is taken to."""
        host = urlsplit(self.url).hostname if self.url else None
        if host is None:
            return True
        try:
            return host != "localhost" and not ip_address(host).is_loopback
        except ValueError:
            return True

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.model is None:
            return self
        if self.model == "rules":
            raise ValueError("'rules' is what sidecars say that no model has read")
        if self.url is None and ":" not in self.model:
            raise ValueError("needs url = '…' of the service, or a model = 'provider:name' that pydantic-ai knows")
        if self.is_remote and not self.allow_remote:
            raise ValueError(
                "it would send texts of your chats to another machine: write allow_remote = true if they may go there, or "
                "the url of a model on this machine, such as 'http://127.0.0.1:11434/v1'"
            )
        if self.max_money_a_day is not None and (self.input_price is None or self.output_price is None):
            raise ValueError("max_money_a_day needs input_price and output_price, for a million tokens each")
        return self


class AuthorSettings(_Section):
    """Where people are named besides chats."""

    posts: Path | None = Field(default=None, description="Folder of Markdown posts whose front matter names authors.")


class HttpEmbedderSettings(_Section):
    """A service with OpenAI's interface that makes vectors. What it is asked leaves this machine."""

    url: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description="Address up to and with '/v1', e.g. of a local server."
    )
    model: str = Field(default="", description="Name of the model there.")
    key_variable: str = Field(
        default="EGREGORA_EMBEDDING_KEY",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Variable that holds the key.",
    )
    batch: int = Field(default=64, ge=1, le=2048, description="Texts in one request.")
    timeout_seconds: float = Field(default=60.0, gt=0, description="Longest wait for one answer.")
    retries: int = Field(default=4, ge=0, le=20, description="How often a request that failed is made again.")
    max_texts: int | None = Field(default=None, ge=1, description="Most texts that one run sends.")


class SearchSettings(_Section):
    """What makes vectors of texts, for search by meaning."""

    embedder: Literal["onnx", "http", "none"] = Field(
        default="onnx", description="A model on this machine, a service, or nothing: then search is by words alone."
    )
    model: str = Field(
        default="all-MiniLM-L6-v2", min_length=1, description="Name in the folder of models, or the path of a folder."
    )
    models: Path | None = Field(default=None, description="Folder of models; default: the user's, for all memories.")
    workers: int | None = Field(default=None, ge=1, le=256, description="Processes that embed; default: one per core.")
    http: HttpEmbedderSettings = HttpEmbedderSettings()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.embedder == "http" and (not self.http.url or not self.http.model):
            raise ValueError("embedder = 'http' needs [search.http] with url = '…' and model = '…'")
        return self


class LimitSettings(_Section):
    """Bounds on untrusted archives, enforced on the bytes really read."""

    max_chat_bytes: int = Field(default=8 << 30, ge=1)
    max_media_bytes: int = Field(default=4 << 30, ge=1, description="One media file.")
    max_total_bytes: int = Field(default=64 << 30, ge=1, description="All media files of one archive.")
    max_public_bytes: int = Field(default=512 << 20, ge=1, description="One media file that is published.")
    max_members: int = Field(default=200_000, ge=1)
    max_seconds: int = Field(default=4 * 3600, ge=1, description="Longest time for reading one archive.")
    max_ratio: int = Field(default=200, ge=2, description="Compression ratio that is refused, above 64 MiB.")


class MediaSettings(_Section):
    """What happens to pictures, films and recordings."""

    publish: bool = Field(default=True, description="Whether sanitised copies are published.")


class DecodingSettings(_Section):
    """What the processes that decode pictures, films and sound may use."""

    processes: int = Field(default=2, ge=1, le=64, description="How many decode at once.")
    memory_bytes: int = Field(default=1 << 30, ge=256 << 20, description="Memory of one, program and all.")
    seconds: int = Field(default=30, ge=1, description="Longest time for one file.")
    max_pixels: int = Field(default=120_000_000, ge=1, description="Largest picture that is decoded.")


class AdapterSettings(_Section):
    """One way in for live messages."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Its name in figures and cursors.")
    adapter: str = Field(description="What listens: 'tail', 'webhook', 'matrix', 'irc', 'nats', or a plugin's.")
    options: dict[str, Any] = Field(default_factory=dict, description="What that adapter needs; docs/live.md lists it.")


class LiveSettings(_Section):
    """Messages as they come: how long they may take, and how much may wait."""

    adapters: tuple[AdapterSettings, ...] = ()
    budget_ms: float = Field(default=50.0, gt=0, description="From receipt to the durable row, 99 of 100 messages.")
    linger_ms: float = Field(default=2.0, ge=0, description="For how long no commit begins after the last one.")
    batch_rows: int = Field(default=2_000, ge=1, description="Most events of one commit.")
    queue_rows: int = Field(default=20_000, ge=1, description="Most events that wait; more have to wait outside.")
    window_ids: int = Field(default=200_000, ge=0, description="Latest events that are known by heart.")
    checkpoint_threshold: str = Field(default="4MB", pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")
    seal_seconds: float = Field(default=2.0, gt=0, description="How long rows wait for their segment.")
    report_seconds: float = Field(default=10.0, ge=1, description="How often Dagster is told.")
    freshness_seconds: float = Field(default=15.0, gt=0, description="From receipt to the published snapshot.")
    query_seconds: float = Field(default=5.0, gt=0, description="Longest time for a query on what is hot.")
    query_rows: int = Field(default=1_000, ge=1, description="Most rows of an answer to one.")
    metrics_port: int | None = Field(default=None, ge=1, le=65_535, description="Prometheus figures, on loopback only.")


class Settings(BaseSettings):
    """All settings, with the folders they imply."""

    model_config = SettingsConfigDict(
        env_prefix="EGREGORA_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    home: Path = Field(default=Path(DEFAULT_HOME), description="The folder that holds everything.")
    timezone: str | None = Field(default=None, description="Zone of sources that name none; default: the machine's.")
    sources: tuple[SourceSettings, ...] = ()
    repositories: tuple[RepositorySettings, ...] = Field(default=(), validate_default=True)
    warehouse: WarehouseSettings = WarehouseSettings()
    documents: DocumentSettings = DocumentSettings()
    sidecar: SidecarSettings = SidecarSettings()
    privacy: PrivacySettings = PrivacySettings()
    authors: AuthorSettings = AuthorSettings()
    media: MediaSettings = MediaSettings()
    search: SearchSettings = SearchSettings()
    language_model: LanguageModelSettings = LanguageModelSettings()
    limits: LimitSettings = LimitSettings()
    decoding: DecodingSettings = DecodingSettings()
    live: LiveSettings = LiveSettings()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        return value if value is None else _check_zone(value)

    @field_validator("repositories")
    @classmethod
    def _known_repositories(
        cls, value: tuple[RepositorySettings, ...], info: ValidationInfo
    ) -> tuple[RepositorySettings, ...]:
        names = [repository.slug for repository in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two repositories are called {name!r}: give one of them another name = '…'")
        for number, source in enumerate(info.data.get("sources", ()), start=1):
            for name in source.repositories or ():
                if name not in names:
                    known = ", ".join(names) or "there are none"
                    raise ValueError(f"entry {number} of [[sources]] names {name!r}, which no repository has ({known})")
        return value

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def warehouse_path(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def public_path(self) -> Path:
        return self.home / "public.duckdb"

    @property
    def key_path(self) -> Path:
        return self.home / "secret.key"

    @property
    def identities_path(self) -> Path:
        return self.home / "identities.toml"

    @property
    def media_store(self) -> Path:
        return self.home / "media"

    @property
    def live_path(self) -> Path:
        return self.home / "live.duckdb"

    @property
    def live_lock(self) -> Path:
        """Held by whoever has ``live.duckdb`` open."""
        return self.home / "live.lock"

    @property
    def live_socket(self) -> Path:
        """Where the live service answers: events, queries, its state."""
        return self.home / "live.sock"

    @property
    def segments(self) -> Path:
        """Events of the hot store on their way into the warehouse; private."""
        return self.home / "segments"

    @property
    def live_policy_path(self) -> Path:
        """What the live service must know of the warehouse to show hot rows: opt-outs, aliases, names. Private."""
        return self.home / "live-policy.parquet"

    @property
    def language_model_journal(self) -> Path:
        """Where answers of the language model stand until the warehouse has them."""
        return self.home / "language-model.journal"

    @property
    def git_shadows(self) -> Path:
        """What git needs of ours to read repositories; it can be made anew at any time."""
        return self.home / "git"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def snapshot_path(self) -> Path:
        return self.published / "snapshot.duckdb"

    @property
    def posts(self) -> Path:
        return self.published / "posts"

    @property
    def index(self) -> Path:
        """The folder of the indexes: caches that can be made anew at any time."""
        return self.published / "index"

    @property
    def published_media(self) -> Path:
        return self.published / "media"

    @property
    def authored_posts(self) -> Path | None:
        """The folder of posts whose front matter names authors; one that is not absolute stands in the home."""
        return None if self.authors.posts is None else self.home / self.authors.posts.expanduser()

    @property
    def models(self) -> Path:
        """The folder of models, which all memories of a user share."""
        if self.search.models is not None:
            return (self.home / self.search.models.expanduser()).absolute()
        data = os.environ.get("XDG_DATA_HOME", "")
        return (Path(data) if data.startswith("/") else Path.home() / ".local" / "share") / "egregora" / "models"

    @property
    def model_folder(self) -> Path:
        """The folder of the model that the settings name: a path, or a name in the folder of models."""
        model = Path(self.search.model).expanduser()
        return (self.models if len(model.parts) == 1 and not model.is_absolute() else self.home) / model

    @property
    def profiles(self) -> Path:
        return self.published / "authors"

    @property
    def topics(self) -> Path:
        """The folder of the pages of topics, in which it also stands whose the pages beside the posts are."""
        return self.published / "topics"

    @property
    def pages(self) -> tuple[Path, ...]:
        """The files and folders that lead to the posts."""
        names = (
            "decisions.md",
            "decisions",
            "tasks.md",
            "tasks",
            "questions.md",
            "questions",
            "conversations.md",
            "feed.xml",
        )
        return (self.topics, *(self.published / name for name in names))

    def source_named(self, title: str) -> SourceSettings | None:
        """Return the user's settings for the chat with this title, ignoring case and outer spaces."""
        wanted = title.strip().casefold()
        return next((source for source in self.sources if source.title.strip().casefold() == wanted), None)

    def repository_path(self, repository: RepositorySettings) -> Path:
        """Return the absolute path of a repository: ``~`` is the user's home, others begin in this memory's home."""
        return (self.home / repository.path.expanduser()).absolute()

    def repository_named(self, name: str) -> RepositorySettings | None:
        """Return the settings of the repository that tables know under this name."""
        return next((repository for repository in self.repositories if repository.slug == name), None)

    def repositories_of(self, title: str) -> tuple[RepositorySettings, ...]:
        """Return the repositories that the chat with this title talks about: those its source names, else all."""
        source = self.source_named(title)
        if source is None or source.repositories is None:
            return self.repositories
        return tuple(repository for repository in self.repositories if repository.slug in source.repositories)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 named by pydantic
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(home: Path | str | None = None) -> Settings:
    """Read the settings of one home: ``home``, else ``$EGREGORA_HOME``, else ``./.egregora``.

    Raises ``SettingsError`` with the file and the field when a value cannot be used.
    """
    folder = Path(home or os.environ.get("EGREGORA_HOME") or DEFAULT_HOME).expanduser().absolute()
    file = folder / SETTINGS_FILE
    try:
        return _reading(file if file.exists() else None)(home=folder)
    except ValidationError as error:
        # The cause would tell all that was written, and whoever runs this may keep it: Dagster does.
        raise SettingsError(f"{file} (or EGREGORA_… in the environment): {_first_problem(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except UnreadableVariable as error:
        raise SettingsError(f'EGREGORA_… in the environment: {error}: write it as JSON, like ["one", "two"]') from error


@lru_cache(maxsize=16)
def _reading(file: Path | None) -> type[Settings]:
    """Return the settings that are read from a file each time they are made; to make the class costs more than to read them."""

    class SettingsOfHome(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    return SettingsOfHome


def _first_problem(error: ValidationError) -> str:
    problem: Any = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {in_plain_words(problem)}"


def in_plain_words(problem: Any) -> str:
    """Return in plain words what one of pydantic's errors wants to be written."""
    place = problem["loc"]
    if problem["type"] == "tuple_type" and len(place) == 1:
        return f"write its entries below `[[{place[0]}]]`, with two brackets"
    if problem["type"] in ("model_type", "model_attributes_type") and len(place) == 1:
        return f"it is a section: write `[{place[0]}]` and its keys below it"
    return _TOLD.get(problem["type"]) or str(problem["msg"]).removeprefix("Value error, ")


_TOLD = {
    "tuple_type": 'write it as a list, such as ["one", "two"]',
    "string_type": 'write it as a text in quotes, such as "one"',
    "bool_type": "write true or false, without quotes",
    "bool_parsing": "write true or false, without quotes",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "model_type": 'write keys and values, such as title = "…"',
    "missing": "it is missing, and has to be there",
    "extra_forbidden": "there is no such key",
}


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no IANA time zone such as 'America/Sao_Paulo'") from error
    return name


def _slug_of(path: Path) -> str:
    """Return the folder's name in small letters, digits, ``.``, ``_`` and ``-``; empty where nothing is left of it."""
    folder = next((part for part in reversed(path.expanduser().parts) if part not in (".git", "..", os.sep)), "")
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode().lower().removesuffix(".git")
    return re.sub(r"[^a-z0-9._-]+", "-", plain).lstrip("-._")[:_SLUG_LENGTH].rstrip("-._")


def _check_permalink(template: str) -> str:
    """Return a template whose fields are known and stand behind the host. Raises ``ValueError``."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"its braces do not match: {error}") from error
    fields = [field for _, field, _, _ in parts if field is not None]
    known = ", ".join(f"{{{field}}}" for field in PERMALINK_FIELDS)
    for _, field, form, conversion in parts:
        if field is not None and (field not in PERMALINK_FIELDS or form or conversion):
            raise ValueError(f"'{{{field}}}' is no field of it: there are {known}")
    if not {"sha", "path"} <= set(fields):
        raise ValueError("it needs {sha} and {path}: a link to no version or no file would be wrong")
    begin, written = parts[0][0], "".join(text for text, _, _, _ in parts)
    if not _PERMALINK.fullmatch(begin) or not _PERMALINK.fullmatch(written) or _climbs(written):
        raise ValueError("it is no web address such as 'https://git.example.org/repo/{sha}/{path}#L{line_from}'")
    return template


def _climbs(address: str) -> bool:
    """Return whether a browser would leave the address for a folder above."""
    return bool({"..", "."} & set(re.sub("%2e", ".", address, flags=re.IGNORECASE).split("/")))


SETTINGS_TEMPLATE = """\
# Settings of this memory. Every key is optional; EGREGORA_… environment variables override them.

# timezone = "America/Sao_Paulo"        # of exports whose source names none; default: this machine's

# [[sources]]                           # what you know better than an export does
# title = "Riverside Hackerspace"       # as the export's file name has it
# source_id = "hackerspace"             # its name in tables
# timezone = "Europe/London"
# day_first = true                      # where no date tells day from month
# privacy = "scrub"                     # or "pseudonymise": aliases for names; or "keep": texts as they were written
# repositories = ["door-bot"]           # which of those below it talks about; default: all

# [[repositories]]                      # git repositories that chats talk about
# path = "~/src/door-bot"               # begins in this folder if it is not absolute
# name = "door-bot"                     # its name in tables; default: the folder's
# web = "https://git.example.org/hackerspace/door-bot"  # default: made from the remote "origin"
# forge = "gitea"                       # or "github", "gitlab", "bitbucket", "custom"; default: told by the host
# branches = ["main"]                   # default: the one that HEAD is on

# [privacy]
# opt_out = ["Display Name", "+1 415 555 0100"]
# scrub_names = true

# [authors]
# posts = "path/to/posts"               # Markdown files whose front matter names authors

# [documents]
# window = "conversation"               # or "gap", "count", "size", "day", "week"
# gap_minutes = 240
# max_messages = 200

# [sidecar]
# pseudonyms_in_posts = true            # who is A, B, C in a post, under their pseudonyms

# [media]
# publish = false                       # no picture, film or recording leaves the private store; default: true

# [search]
# embedder = "none"                     # words alone; default: the model that `egregora model install` has put in place
# model = "~/models/multilingual"       # a folder with model.onnx and tokenizer.json

# [language_model]                      # reads conversations; what it is asked leaves this machine unless it runs on it
# model = "qwen3:8b"
# url = "http://127.0.0.1:11434/v1"

# [[live.adapters]]                     # messages as they come, for `egregora live`
# name = "bridge"
# adapter = "tail"                      # or "matrix", "irc", "nats", "webhook"
# options = { path = "/var/log/bridge.jsonl" }

# [warehouse]
# threads = 2
# memory_limit = "2GB"
# temp_directory = "/var/tmp"
# checkpoint_threshold = "4MB"
"""
