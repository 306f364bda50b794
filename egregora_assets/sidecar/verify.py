"""What must be true of sidecars and posts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from egregora_assets.authors.verify import HIDDEN_MESSAGES, no_names_in, no_pii_in
from egregora_assets.config import Settings
from egregora_assets.sidecar.budget import LEAST_DOCUMENTS, last_cost
from egregora_assets.sidecar.extract import ITEM_TABLES, TEXT_COLUMNS
from egregora_assets.sidecar.files import NAMES, PII, none_cited_in_posts, none_in_posts, none_showing_pseudonyms
from egregora_assets.sidecar.models import is_valid, json_schema
from egregora_assets.sidecar.new_files import files_of_posts, none_among_new
from egregora_assets.sidecar.posts import SCHEMA_FILE
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.verdict import Verdict, no_new_rows, no_rows

_NEW = "JOIN (SELECT document_id, source_id FROM sidecars WHERE revision > $since) USING (document_id)"
_ITEM_WORDS = " UNION ALL ".join(
    f"SELECT {column} AS words, source_id FROM {table} {_NEW} WHERE {column} IS NOT NULL"
    for table, column in TEXT_COLUMNS
)
_ITEMS = f"WITH shown AS MATERIALIZED ({_ITEM_WORDS}) FROM shown"


def evidence_is_inside(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every item cites at least one message, and only messages of its document."""
    cited = " UNION ALL ".join(f"SELECT document_id, evidence FROM {table}" for table in ITEM_TABLES)
    return no_new_rows(
        connection,
        "evidence_is_inside",
        f"""
        WITH held AS (SELECT document_id, unnest(message_ids) AS message_id FROM documents WHERE revision > $since),
        items AS (SELECT document_id, evidence FROM ({cited}) SEMI JOIN held USING (document_id))
        SELECT (SELECT count(*) FROM items WHERE len(evidence) = 0) + (
            SELECT count(*) FROM (SELECT document_id, unnest(evidence) AS message_id FROM items)
            ANTI JOIN held USING (document_id, message_id)
        )
        """,
        "items without evidence in their document",
    )


def no_opted_out_text(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No document, item or file of a post rests on a message of a person who opted out."""
    if not scalar(connection, "SELECT EXISTS (SELECT 1 FROM authors WHERE opted_out)"):
        return Verdict(True, "nobody has opted out", {"rows": 0, "files": 0})
    cited = " UNION ALL ".join(f"SELECT document_id, evidence FROM {table}" for table in ITEM_TABLES)
    items = no_rows(
        connection,
        f"""
        SELECT count(*) FROM (
            SELECT unnest(evidence) AS message_id FROM ({cited} UNION ALL SELECT document_id, message_ids FROM documents)
        ) SEMI JOIN ({HIDDEN_MESSAGES}) USING (message_id)
        """,
        "rows that rest on messages of people who opted out",
    )
    return _both(items, none_cited_in_posts(connection, settings, HIDDEN_MESSAGES))


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No item and no file of a post shows an address, a number or a key, unless its source keeps them."""
    items = no_pii_in(connection, settings, "sidecars", _ITEMS)
    return _both(items, none_in_posts(connection, settings, PII))


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No item and no file of a post shows a name that the policy of its source hides."""
    items = no_names_in(connection, settings, "sidecars", _ITEMS)
    return _both(items, none_in_posts(connection, settings, NAMES))


def no_pseudonym_in_posts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No post shows a pseudonym, unless `pseudonyms_in_posts` asks for them."""
    return none_showing_pseudonyms(connection, settings, files_of_posts(settings, ".md"), "no_pseudonym_in_posts")


def sidecars_match_schema(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every sidecar file is what the published JSON Schema says."""
    rules = hashlib.sha256(json_schema().encode()).hexdigest()[:16]
    complaint = "are not what the schema says (materialise `sidecars` with full_refresh to mend it)"
    records = files_of_posts(settings, ".json")
    return none_among_new(connection, records, "sidecars_match_schema:posts", _invalid, rules, complaint)


def _invalid(paths: Iterable[str]) -> int:
    return sum(not is_valid(Path(path).read_bytes()) for path in paths)


def sidecars_keep_to_their_budget(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """The last pass that made sidecars took no more CPU time for each than `budget_ms`."""
    cost, budget = last_cost(connection), settings.sidecar.budget_ms
    if cost is None:
        return Verdict(True, "no sidecar has been made yet", {"budget_ms": budget})
    return Verdict(
        cost.per_document <= budget,
        f"{cost.per_document:.2f} ms for each of {cost.documents:,} documents, of {budget:g} that it may take (a pass over fewer "
        f"than {LEAST_DOCUMENTS} counts as one over so many)",
        {"ms_per_document": round(cost.per_document, 3), "budget_ms": budget, "documents": cost.documents},
    )


def _both(items: Verdict, files: Verdict) -> Verdict:
    figures = {**items.figures, "files": files.figures["files"]}
    return Verdict(items.passed and files.passed, f"{items.description}; {files.description}", figures)


def posts_match_documents(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each document has one post and one sidecar file, and no other file is there."""
    wanted = {f"{source}/{slug}" for source, slug in rows(connection, "SELECT source_id, slug FROM sidecars")}
    posts, records = set(_names(settings.posts, ".md")), set(_names(settings.posts, ".json"))
    missing, surplus = len(wanted - posts) + len(wanted - records), len((posts | records) - wanted)
    return Verdict(
        not missing and not surplus,
        f"{missing} files are missing and {surplus} too many (materialise `sidecars` with full_refresh to mend it)",
        {"missing": missing, "surplus": surplus},
    )


def _names(posts: Path, suffix: str) -> Iterator[str]:
    for path in posts.rglob(f"*{suffix}"):
        if path.name != SCHEMA_FILE:
            yield str(path.relative_to(posts).with_suffix(""))
