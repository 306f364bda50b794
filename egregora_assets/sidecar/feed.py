"""The newest conversations as an Atom feed (RFC 4287) for feed readers; the same content gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

import duckdb

from egregora_assets.authors.shown import shown_sources
from egregora_assets.config import Settings
from egregora_assets.sidecar.escapes import without_pseudonyms
from egregora_assets.sidecar.markdown import STATUS, TAKES_BACK
from egregora_assets.sidecar.unseen import visible
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import warehouse_id

FEED_FILE = "feed.xml"
TITLE = "Conversations"
_MOST_ENTRIES = 50


def feed(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bytes | None:
    """Return the feed, or ``None`` where there is no conversation; runs inside ``scrubbing``."""
    found = rows(connection, _entries_sql(connection, settings))
    if not found:
        return None
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom"})
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": FEED_FILE})
    _add(root, "id", f"urn:uuid:{warehouse_id(connection)}")
    _add(root, "title", TITLE)
    _add(root, "updated", max(updated for _, _, _, updated, *_ in found))
    for document_id, title, path, updated, group, summary, decisions in found:
        entry = ET.SubElement(root, "entry")
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/markdown", "href": path})
        _add(entry, "id", f"urn:uuid:{document_id}")
        _add(entry, "title", title)
        _add(entry, "updated", updated)
        _add(ET.SubElement(entry, "author"), "name", group)
        told = f"{_list('Summary', summary)}{_list('Decisions', decisions)}".rstrip("\n")
        told = told if settings.sidecar.pseudonyms_in_posts else without_pseudonyms(told, nobody="[name]")
        _add(entry, "content", told or title, type="text")
    ET.indent(root, "")
    content: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return content + b"\n"


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = visible(text)


def _list(title: str, items: Iterable[str]) -> str:
    bullets = "".join(f"- {item}\n" for item in items)
    return f"{title}\n{bullets}" if bullets else ""


def _entries_sql(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    decided = f"""
        CASE WHEN status = 'agreed' THEN text ELSE concat(text, ' (', CASE
            WHEN status = 'proposed' THEN '{STATUS["proposed"]}'
            WHEN revoked_by IS NULL THEN '{STATUS[TAKES_BACK]}'
            ELSE '{STATUS["revoked"]}'
        END, ')') END
    """
    return f"""
        WITH newest AS (
            SELECT document_id, s.title, source_id, d.slug, window_end
            FROM (SELECT document_id, source_id, slug, window_end FROM documents) d
            JOIN (SELECT document_id, title FROM sidecars) s USING (document_id)
            ORDER BY window_end DESC, d.slug DESC LIMIT {_MOST_ENTRIES}
        )
        SELECT document_id::VARCHAR, n.title, concat('posts/', source_id, '/', slug, '.md'),
            strftime(window_end, '%Y-%m-%dT%H:%M:%SZ'), c.title, coalesce(summary, []), coalesce(decided, [])
        FROM newest n JOIN ({shown_sources(connection, settings)}) c USING (source_id)
        LEFT JOIN (
            SELECT document_id, list(text ORDER BY place) AS summary
            FROM summaries SEMI JOIN newest USING (document_id) GROUP BY document_id
        ) USING (document_id)
        LEFT JOIN (
            SELECT document_id, list({decided} ORDER BY decided_at, evidence[1], text) AS decided
            FROM decisions SEMI JOIN newest USING (document_id) GROUP BY document_id
        ) USING (document_id)
        ORDER BY window_end DESC, slug DESC
    """
