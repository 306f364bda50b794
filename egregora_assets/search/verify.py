"""What must be true of what search finds."""

from __future__ import annotations

import duckdb
import numpy as np

from egregora_assets.authors.verify import HIDDEN_MESSAGES
from egregora_assets.config import Settings
from egregora_assets.search.embedders import NoEmbedder, open_embedder
from egregora_assets.search.embeddings import stored_vectors
from egregora_assets.search.units import HAS_WORDS
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.verdict import Verdict, no_new_rows, no_rows


def units_follow_messages(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every clean message with words can be found by exactly one unit, and no unit shows a message that is gone."""
    return no_new_rows(
        connection, "units_follow_messages", _ASTRAY, "messages without a unit, or units without a message"
    )


_ASTRAY = f"""
    WITH spoken AS (
        SELECT message_id FROM clean_messages WHERE revision > $since AND {HAS_WORDS.format(text="text")}
    ),
    found AS (SELECT message_id, count(*) AS units FROM search_units WHERE kind = 'message' GROUP BY message_id),
    gone AS (
        SELECT key FROM tombstones WHERE table_name = 'clean_messages' AND revision > $since
            AND key NOT IN (SELECT message_id FROM clean_messages)
    )
    SELECT
        (SELECT count(*) FROM spoken LEFT JOIN found USING (message_id) WHERE units IS DISTINCT FROM 1)
        + (SELECT count(*) FROM search_units WHERE message_id IN (FROM gone) OR last_message_id IN (FROM gone))
"""


def no_hidden_units(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No message of a person who opted out can be found, alone or in a passage that begins or ends with it."""
    hidden = f"SELECT message_id FROM ({HIDDEN_MESSAGES})"
    units = f"SELECT count(*) FROM search_units WHERE message_id IN ({hidden}) OR last_message_id IN ({hidden})"
    return no_rows(connection, units, "units of messages that must not be shown")


def no_vector_without_a_text(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every vector is of a text that can be found, so none is of words of a person who opted out."""
    orphans = "SELECT count(*) FROM embeddings ANTI JOIN search_units USING (content_hash)"
    return no_rows(connection, orphans, "vectors of texts that nothing shows any more")


def vectors_have_their_form(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """There is one vector per text and model, all of a model have as many numbers, and their length is one, or none.

    Lengths are asked of some thousand vectors, others each time.
    """
    doubled = int(scalar(connection, "SELECT count(*) - count(DISTINCT (model, content_hash)) FROM embeddings"))
    widths = "SELECT max(octet_length(vector)) <> min(octet_length(vector)) FROM embeddings GROUP BY model"
    uneven = sum(bool(differs) for (differs,) in rows(connection, widths))
    wrong = 0
    if not uneven:
        for (model,) in rows(connection, "SELECT DISTINCT model FROM embeddings"):
            sample = f"SELECT vector FROM (FROM embeddings WHERE model = $model) USING SAMPLE {_SAMPLE} ROWS"
            vectors = stored_vectors(connection, sample, {"model": model})
            lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
            wrong += int((~(np.abs(lengths - 1) < _TOLERANCE) & (lengths != 0)).sum())
    told = f"{doubled} vectors are doubled, {uneven} models have vectors of several sizes, {wrong} vectors are not of length one"
    return Verdict(not (doubled or uneven or wrong), told, {"doubled": doubled, "uneven": uneven, "wrong": wrong})


_SAMPLE = 5000
_TOLERANCE = 0.01
"""Numbers of 16 bits leave a vector's length within a thousandth of one."""


def texts_are_embedded(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Every text that search finds has a vector by the model of the settings; where not, it says why."""
    try:
        embedder = open_embedder(settings)
        model, reason = embedder.model_fingerprint, "the last pass did not get so far: materialise `embeddings` again"
    except NoEmbedder as error:
        model, reason = "", str(error)
    ((texts, embedded),) = rows(connection, _COVERAGE, {"model": model})
    share = embedded / texts if texts else 1.0
    figures: dict[str, int | float | str] = {"texts": texts, "embedded": embedded, "share": round(share, 4)}
    if embedded == texts:
        return Verdict(True, f"all {texts:,} texts have a vector", figures)
    told = f"{texts - embedded:,} of {texts:,} texts have no vector: {reason}"
    return Verdict(settings.search.embedder == "none", told, {**figures, "reason": reason})


_COVERAGE = """
    SELECT count(*), count(*) FILTER (
        content_hash IN (SELECT content_hash FROM embeddings WHERE model = $model)
    )
    FROM (SELECT DISTINCT content_hash FROM search_units)
"""
