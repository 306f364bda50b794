"""The contact sheet: copies of one picture side by side, the best first, as a page of the home and as a table without pictures.

The page is private: it shows thumbnails from the store, which stay where they are. No pictures go into Dagster's event log,
which outlives an opt-out.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from egregora_assets.config import Settings
from egregora_assets.media import hidden
from egregora_assets.media.pictures import THUMBNAILS
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.made_files import write_if_changed
from egregora_assets.warehouse.query import rows, scalar

_FILE = "contact-sheet.html"
_MOST_GROUPS = 500
_MOST_IN_TABLE = 20
_SHORT = 12


class Picture(NamedTuple):
    """One file of a group or pair; ``label`` says how it is told from the first, and is empty for the first itself.

    One that was sent several times stands alone, with the label ``same_bytes``.
    """

    group: str
    media_id: str
    label: str
    width: int | None
    height: int | None
    bytes: int
    mime: str
    sent: int


def path_of(settings: Settings) -> Path:
    """Return where the page stands."""
    return settings.home / _FILE


def write(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the page anew where it differs. Of many groups those with most copies are shown."""
    write_if_changed(str(path_of(settings)), _page(connection, settings).encode())


def groups(connection: duckdb.DuckDBPyConnection, most: int = _MOST_GROUPS) -> list[list[Picture]]:
    """Return groups of copies, those with most copies first, each with the best copy first."""
    return _gathered(rows(connection, _GROUPS, {"most": most}))


def alike(connection: duckdb.DuckDBPyConnection, most: int = _MOST_GROUPS) -> list[list[Picture]]:
    """Return pairs that only look alike, the nearest first."""
    return _gathered(rows(connection, _ALIKE, {"most": most}))


def repeated(connection: duckdb.DuckDBPyConnection, most: int = _MOST_GROUPS) -> list[list[Picture]]:
    """Return files of any kind that were sent more than once, byte for byte, each alone; those sent most often first."""
    with hidden.noted(connection):
        return _gathered(rows(connection, _REPEATED, {"most": most}))


def sent_again(connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many times a file was sent that had been sent before, byte for byte."""
    with hidden.noted(connection):
        return int(scalar(connection, f"SELECT coalesce(sum(sent - 1), 0) FROM ({_SENT_OFTEN})"))


def as_markdown(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the largest groups as a Markdown table of ids, sizes and labels."""
    head = "| best copy | its size | copies | told by | bytes in the others |\n|---|---|---|---|---|\n"
    lines = [
        f"| {best.media_id[:_SHORT]} | {_size(best)} | {len(others)} | {', '.join(sorted({one.label for one in others}))} "
        f"| {sum(one.bytes for one in others):,} |\n"
        for best, *others in groups(connection, _MOST_IN_TABLE)
    ]
    lines += [
        f"| {one.media_id[:_SHORT]} | {_size(one)} | {one.sent - 1} | {one.label} | 0 |\n"
        for (one,) in repeated(connection, _MOST_IN_TABLE)
    ]
    return head + "".join(lines) if lines else "No picture has copies."


def _gathered(found: list[tuple[object, ...]]) -> list[list[Picture]]:
    gathered: dict[str, list[Picture]] = {}
    for row in found:
        picture = Picture._make(row)
        gathered.setdefault(picture.group, []).append(picture)
    return list(gathered.values())


def _page(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str:
    copies, near = groups(connection), alike(connection)
    parts = [
        _HEAD,
        f"<h1>Copies of one picture</h1><p>{len(copies)} groups, the best copy first. Nothing is deleted.</p>",
    ]
    parts += (_row(settings, group) for group in copies)
    again = [one for one in repeated(connection) if one[0].width]
    parts.append(f"<h1>Sent more than once</h1><p>{len(again)} pictures, each kept once.</p>")
    parts += (_row(settings, one) for one in again)
    parts.append(f"<h1>Alike, and not the same</h1><p>{len(near)} pairs, only shown.</p>")
    parts += (_row(settings, pair) for pair in near)
    return "\n".join((*parts, "</body></html>\n"))


def _row(settings: Settings, pictures: list[Picture]) -> str:
    return f"<section>{''.join(_figure(settings, picture) for picture in pictures)}</section>"


def _figure(settings: Settings, picture: Picture) -> str:
    thumbnail = MediaStore(settings.media_store).derived(THUMBNAILS, picture.media_id).relative_to(settings.home)
    told = f"{_size(picture)} · {picture.bytes:,} bytes · sent {picture.sent} ×"
    return (
        f'<figure><img loading="lazy" alt="" src="{thumbnail}"><figcaption><b>{picture.label or "best copy"}</b><br>{told}<br>'
        f"<code>{picture.media_id[:_SHORT]}</code> {picture.mime}</figcaption></figure>"
    )


def _size(picture: Picture) -> str:
    return f"{picture.width} × {picture.height}" if picture.width else "no size"


_FACTS = "width, height, bytes, mime, (SELECT count(*) FROM message_media s WHERE s.media_id = {id}) AS sent"
_GROUPS = f"""
    WITH shown AS (
        SELECT group_id, count(*) AS copies FROM media_groups GROUP BY group_id ORDER BY copies DESC, group_id LIMIT $most
    ),
    best AS (SELECT group_id, media_id AS best_id FROM media_groups WHERE rank = 1),
    pixels AS (SELECT media_id, other_id FROM media_pairs WHERE label = 'same_pixels')
    SELECT group_id, g.media_id,
        CASE
            WHEN rank = 1 THEN ''
            WHEN (least(g.media_id, best_id), greatest(g.media_id, best_id)) IN (SELECT (media_id, other_id) FROM pixels)
            THEN 'same_pixels'
            ELSE 'same_picture'
        END AS label,
        {_FACTS.format(id="g.media_id")}
    FROM media_groups g JOIN shown USING (group_id) JOIN best USING (group_id)
    JOIN media m ON m.media_id = g.media_id JOIN pictures p ON p.media_id = g.media_id
    ORDER BY copies DESC, group_id, rank
"""
_SENT_OFTEN = """
    SELECT media_id, count(*) AS sent FROM message_media ANTI JOIN hidden_media USING (media_id)
    GROUP BY media_id HAVING count(*) > 1
"""
_REPEATED = f"""
    SELECT media_id, media_id, 'same_bytes' AS label, width, height, bytes, mime, sent
    FROM ({_SENT_OFTEN}) JOIN media USING (media_id) LEFT JOIN (SELECT media_id, width, height FROM pictures) USING (media_id)
    ORDER BY sent DESC, media_id LIMIT $most
"""
_ALIKE = f"""
    WITH near AS (
        SELECT row_number() OVER (ORDER BY difference, media_id, other_id)::VARCHAR AS pair, media_id AS one, other_id AS two
        FROM media_pairs WHERE label = 'similar' ORDER BY difference, media_id, other_id LIMIT $most
    ),
    both_sides AS (SELECT pair, one AS media_id, 1 AS place FROM near UNION ALL SELECT pair, two, 2 FROM near)
    SELECT pair, b.media_id, 'similar' AS label, {_FACTS.format(id="b.media_id")}
    FROM both_sides b JOIN media m ON m.media_id = b.media_id JOIN pictures p ON p.media_id = b.media_id
    ORDER BY pair::INTEGER, place
"""
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Copies of one picture</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; background: Canvas; color: CanvasText; color-scheme: light dark }
section { display: flex; flex-wrap: wrap; gap: 1rem; padding: 1rem 0; border-top: 1px solid GrayText }
figure { margin: 0; width: 220px } img { max-width: 220px; max-height: 220px; display: block } figcaption { padding-top: .4rem }
</style></head><body>"""
