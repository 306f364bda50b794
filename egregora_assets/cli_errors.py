"""The errors that a user can do something about: a command tells them in one line."""

from egregora_assets.authors.listing import UnknownPseudonym
from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.config import SettingsError
from egregora_assets.git_history.plumbing import GitError
from egregora_assets.git_history.repositories import Unanswerable
from egregora_assets.live.errors import LiveError
from egregora_assets.media.errors import CollectionRefused, FolderRefused, NotSanitised, UnknownFile
from egregora_assets.privacy.keys import KeyFileError
from egregora_assets.publish.ledger import SnapshotOutdated, UnknownSource
from egregora_assets.publish.snapshot import PublicationRefused
from egregora_assets.search.embedders import EmbedderFailed, NoEmbedder
from egregora_assets.search.errors import UnknownMessage
from egregora_assets.warehouse.connection import NothingPublished, WarehouseBusy
from egregora_assets.warehouse.migrate import SchemaMismatch

EXPECTED: tuple[type[Exception], ...] = (
    ExportUnreadable,
    SettingsError,
    KeyFileError,
    WarehouseBusy,
    NothingPublished,
    SchemaMismatch,
    UnknownPseudonym,
    GitError,
    Unanswerable,
    NotSanitised,
    CollectionRefused,
    FolderRefused,
    UnknownFile,
    PublicationRefused,
    SnapshotOutdated,
    UnknownSource,
    UnknownMessage,
    NoEmbedder,
    EmbedderFailed,
    LiveError,
    OSError,
)
