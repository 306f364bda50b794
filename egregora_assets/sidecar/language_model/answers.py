"""Which documents wait for an answer, and the answers that the warehouse keeps: by a hash of what was asked, while it is asked.

An answer belongs to a prompt, the prompt to the documents that have it. When the last of these goes or changes, as by an opt-out,
the answer goes as well; what it has cost stays counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import pyarrow as pa

from egregora_assets.authors.policy import leaking_by, rules_of
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.sidecar.language_model import journal
from egregora_assets.sidecar.language_model.asking import MOST_GARBLED, NO_ANSWER, Request
from egregora_assets.sidecar.language_model.findings import texts_of, without
from egregora_assets.sidecar.language_model.journal import Answer
from egregora_assets.sidecar.language_model.prompt import fingerprint, prompts
from egregora_assets.warehouse.query import changed, rows, scalar, table_of, temporary, view_of
from egregora_assets.warehouse.revisions import transaction

CONSUMER = "language_model_answers"
_AT_ONCE = 10_000
"""Documents whose prompts are made at once."""
_MOST_REQUESTS = 200
"""Requests of one round: after each, the warehouse takes in what was answered, and opt-outs are heeded."""


@dataclass(frozen=True)
class Waiting:
    """Requests of the next round, and what this day has cost before it."""

    requests: Sequence[Request]
    tokens_today: int
    money_today: float


def plan(connection: duckdb.DuckDBPyConnection, settings: Settings, tried: set[str]) -> Waiting:
    """Say what is to be asked next, newest first, without what was ``tried``; documents are brought up to date before.

    Raises what ``windows.refresh`` does.
    """
    windows.refresh(connection, settings)
    asked = fingerprint(settings.language_model.model or "")
    with transaction(connection, CONSUMER) as change:
        with temporary(connection, "unplanned", _UNPLANNED, {"fingerprint": asked}) as count:
            for first in range(0, count, _AT_ONCE):
                some = f"SELECT document_id FROM unplanned WHERE number > {first} AND number <= {first + _AT_ONCE}"
                parameters = {"fingerprint": asked, "revision": change.revision}
                changed(connection, _PLANNED.format(prompts=prompts(some), some=some), parameters)
        forget(connection, asked)
    with temporary(connection, "next_round", _NEXT_ROUND, {"tried": list(tried)}):
        found = rows(connection, _REQUESTS.format(prompts=prompts("SELECT document_id FROM next_round")))
    [(tokens, money)] = rows(connection, _TODAY)
    return Waiting([Request(*one) for one in found], int(tokens), float(money))


def forget(connection: duckdb.DuckDBPyConnection, asked: str | None = None) -> None:
    """Delete the answers to what no document asks any more, as the fingerprint ``asked`` says; inside the caller's transaction."""
    if not scalar(connection, "SELECT EXISTS (FROM private.language_model_documents)"):
        return
    stale = f"({_STALE} OR fingerprint <> $asked)" if asked else _STALE
    if scalar(connection, f"SELECT EXISTS (FROM private.language_model_documents p WHERE {stale})", _given(asked)):
        changed(connection, f"DELETE FROM private.language_model_documents p WHERE {stale}", _given(asked))
        changed(connection, f"DELETE FROM private.language_model_answers WHERE {_UNASKED}")


def take_in(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Counter[str]:
    """Move the journal's answers into the warehouse; returns why items were dropped on the way.

    Only answers to what a document still asks are kept, without items that show what its source hides. Raises what
    ``windows.refresh`` does.
    """
    answers = journal.read(settings.language_model_journal)
    if not answers and not settings.language_model_journal.exists():
        return Counter()
    windows.refresh(connection, settings)
    with scrubbing(connection), transaction(connection, CONSUMER) as change:
        if (
            settings.language_model.model is None
        ):  # else ``plan`` does, when it has seen which texts are only elsewhere now
            forget(connection)
        known = {
            request for (request,) in rows(connection, "SELECT DISTINCT request FROM private.language_model_documents")
        }
        kept, dropped = _without_private(connection, settings, [one for one in answers if one.request in known])
        spent = [
            (a.answer_id, a.model, a.asked_at, a.problem, a.input_tokens, a.output_tokens, a.money) for a in answers
        ]
        with view_of(connection, "spent", table_of(spent, _SPENT)):
            changed(
                connection, f"INSERT INTO private.language_model_spending {_NEW.format(table='spending', view='spent')}"
            )
        said = [
            (a.answer_id, a.request, a.findings.model_dump_json() if a.findings else None, a.asked_at)
            for a in kept
            if a.problem != NO_ANSWER
        ]
        with view_of(connection, "said_now", table_of(said, _SAID)):
            new = changed(
                connection,
                f"INSERT INTO private.language_model_answers {_NEW.format(table='answers', view='said_now')}",
            )
            if new:
                changed(connection, _MARK, [change.revision])
    journal.remove(settings.language_model_journal)
    return dropped


class Counts(NamedTuple):
    """Documents with and without an answer that can be used, those without a word aside, and when that last changed."""

    answered: int = 0
    left: int = 0
    revision: int = 0


def counts(connection: duckdb.DuckDBPyConnection) -> Counts:
    """Count what documents have."""
    return Counts(*rows(connection, _COUNTS)[0])


def is_behind(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Return whether a pass would have something to ask or to take in; nothing is sent for it."""
    if settings.language_model_journal.exists():
        return True
    model = settings.language_model.model
    if model is None:
        return False
    unplanned = f"SELECT EXISTS ({_UNPLANNED})"
    return bool(
        scalar(connection, unplanned, {"fingerprint": fingerprint(model)})
        or scalar(connection, f"SELECT EXISTS ({_UNANSWERED})", {"tried": []})
    )


def _without_private(
    connection: duckdb.DuckDBPyConnection, settings: Settings, answers: Sequence[Answer]
) -> tuple[list[Answer], Counter[str]]:
    """Return answers without the items that show what the source of any document that asks for them hides; inside ``scrubbing``."""
    texts = [
        (answer.request, text)
        for answer in answers
        if answer.findings
        for item in answer.findings.items
        for text in texts_of(item)
    ]
    shown = """
        SELECT DISTINCT text AS words, source_id, request FROM found_texts
        JOIN (SELECT document_id, request FROM private.language_model_documents) USING (request)
        JOIN (SELECT document_id, source_id FROM documents) USING (document_id)
    """
    with (
        view_of(connection, "found_texts", table_of(texts, _TEXTS)),
        leaking_by(connection, rules_of(connection, settings), shown),
    ):
        leaks = set(rows(connection, "SELECT request, words FROM leaking"))
    kept, dropped = [], Counter[str]()
    for answer in answers:
        private = {text for request, text in leaks if request == answer.request}
        if private and answer.findings:
            left = without(answer.findings, private)
            dropped.update(left.dropped)
            answer = answer.model_copy(update={"findings": left.findings if left.is_usable else None})
        kept.append(answer)
    return kept, dropped


def _given(asked: str | None) -> dict[str, str] | None:
    return {"asked": asked} if asked else None


_UNPLANNED = """
    SELECT document_id, row_number() OVER () AS number FROM documents d
    ANTI JOIN (FROM private.language_model_documents WHERE fingerprint = $fingerprint) p
        ON p.document_id = d.document_id AND p.content_hash = d.content_hash
"""
_PLANNED = """
    INSERT INTO private.language_model_documents
    SELECT document_id, content_hash, $fingerprint, coalesce(md5(concat($fingerprint, ' ', prompt)), ''), $revision
    FROM documents SEMI JOIN ({some}) USING (document_id) LEFT JOIN ({prompts}) USING (document_id)
"""
"""What nobody has written a word in has a place here too, and asks nothing: it is looked at once."""
_STALE = """
    NOT EXISTS (FROM documents d WHERE d.document_id = p.document_id AND d.content_hash = p.content_hash)
"""
_UNASKED = "request NOT IN (SELECT request FROM private.language_model_documents)"
_UNANSWERED = f"""
    SELECT request, max(window_end) AS newest, max_by(document_id, (window_end, document_id)) AS document_id,
        any_value(coalesce(garbled, 0)) AS garbled
    FROM private.language_model_documents JOIN (SELECT document_id, window_end FROM documents) USING (document_id)
    LEFT JOIN (
        SELECT request, count(*) FILTER (findings IS NULL) AS garbled, count(findings) AS usable
        FROM private.language_model_answers GROUP BY request
    ) USING (request)
    WHERE request <> '' AND coalesce(usable, 0) = 0 AND coalesce(garbled, 0) < {MOST_GARBLED}
        AND request NOT IN (SELECT unnest($tried::VARCHAR[]))
    GROUP BY request
"""
_NEXT_ROUND = f"FROM ({_UNANSWERED}) ORDER BY newest DESC, request LIMIT {_MOST_REQUESTS}"
_REQUESTS = """
    SELECT request, prompt, garbled FROM next_round JOIN ({prompts}) USING (document_id) ORDER BY newest DESC, request
"""
_COUNTS = """
    SELECT count(*) FILTER (is_answered), count(*) FILTER (NOT is_answered), coalesce(max(revision), 0) FROM (
        SELECT revision, request IN (SELECT request FROM private.language_model_answers WHERE findings IS NOT NULL) AS is_answered
        FROM private.language_model_documents WHERE request <> ''
    )
"""
_TODAY = """
    SELECT coalesce(sum(input_tokens + output_tokens), 0), coalesce(sum(money), 0)
    FROM private.language_model_spending WHERE asked_at >= date_trunc('day', now())
"""
_NEW = """
    SELECT * FROM {view} WHERE answer_id NOT IN (SELECT answer_id FROM private.language_model_{table})
"""
"""A process that was killed after the warehouse had a line, and before the journal was gone, has it taken in twice."""
_MARK = """
    UPDATE private.language_model_documents SET revision = ? WHERE request IN (SELECT request FROM said_now)
"""
_SPENT = pa.schema(
    {
        "answer_id": pa.string(),
        "model": pa.string(),
        "asked_at": pa.timestamp("us", "UTC"),
        "problem": pa.string(),
        "input_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "money": pa.float64(),
    }
)
_SAID = pa.schema(
    {
        "answer_id": pa.string(),
        "request": pa.string(),
        "findings": pa.string(),
        "asked_at": pa.timestamp("us", "UTC"),
    }
)
_TEXTS = pa.schema({"request": pa.string(), "text": pa.string()})
