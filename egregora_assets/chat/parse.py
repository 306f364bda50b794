"""An export of any format → Arrow batches and what its parser learns on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from egregora_assets.chat.archive import Export, ExportUnreadable, open_chat_text, open_export
from egregora_assets.chat.formats.other_exports import advice_for
from egregora_assets.chat.formats.records import RECORD_SCHEMA, ChatFormat, Reading, Record, batches
from egregora_assets.chat.formats.registry import format_of
from egregora_assets.chat.formats.text_chunks import read_blocks
from egregora_assets.chat.formats.whatsapp_scan import SCAN_SCHEMA, ScanResult, scan
from egregora_assets.config import LimitSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ParsedText:
    """A WhatsApp export: ``batches`` of ``SCAN_SCHEMA``; ``result`` is complete when they are exhausted."""

    batches: Iterable[pa.RecordBatch]
    result: ScanResult
    schema = SCAN_SCHEMA


@dataclass(frozen=True)
class ParsedRecords:
    """A structured export: ``batches`` of ``RECORD_SCHEMA``; ``reading`` is complete when they are exhausted."""

    batches: Iterable[pa.RecordBatch]
    reading: Reading
    platform: str
    exact_times: bool
    schema = RECORD_SCHEMA


Parsed = ParsedText | ParsedRecords


@contextmanager
def parse(path: Path, limits: LimitSettings) -> Iterator[Parsed]:
    """Open an export (a file, or a folder with an unpacked one) and parse it as its batches are asked for.

    Raises ``ExportUnreadable``, also while batches are read.
    """
    if not path.exists():
        raise ExportUnreadable(f"{path} does not exist")
    with open_export(path, limits) as export:
        chat_format = format_of(export)
        if chat_format is not None:
            reading = Reading()
            produced = batches(_records(chat_format, export, reading))
            yield ParsedRecords(produced, reading, chat_format.platform, chat_format.exact_times)
            return
        advice = advice_for(export)
        if advice is not None:
            raise ExportUnreadable(f"{path.name} {advice}")
    if not path.is_file():
        raise ExportUnreadable(f"{path} is not a file, nor a folder with an export of a known format")
    with open_chat_text(path, limits) as stream:
        result = ScanResult()
        yield ParsedText(scan(read_blocks(stream, result.quarantined), result), result)


def _records(chat_format: ChatFormat, export: Export, reading: Reading) -> Iterator[Record]:
    """Yield the records of a format; where it breaks, this one export is unreadable and the next is read."""
    try:
        yield from chat_format.records(export, reading)
    except (ExportUnreadable, MemoryError):
        raise
    except Exception as fault:  # a plugin may raise whatever there is
        name = f"{type(chat_format).__module__}.{type(chat_format).__name__}"
        log.warning("the chat format %s broke over %s", name, export.path.name, exc_info=fault)
        problem = f"the chat format {name} broke over it ({type(fault).__name__}: {fault})"
        raise ExportUnreadable(f"{export.path.name} cannot be read: {problem}") from fault
