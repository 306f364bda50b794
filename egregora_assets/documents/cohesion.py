"""Whether what was said before and after a pause belongs together, by the words of both: lexical cohesion."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.documents.cutting import Coherence, Flags, Places
from egregora_assets.documents.stopwords import COMMON_WORDS
from egregora_assets.privacy.scrub import quoted
from egregora_assets.warehouse.query import arrow, view_of

_LEAST_LETTERS = 4
_STEM = 5
_ENOUGH = 3
"""So many words must be on each side to tell that they are about something else."""
_ASKING = "[?？؟]"
_MARKS = quoted(".,;:!?()\"'’“”«»*_~…\u2003")
_STEMS = f"""
    SELECT CASE WHEN length(stem) >= {_LEAST_LETTERS} AND NOT starts_with(token, '[') AND NOT regexp_matches(stem, '^[0-9:]+$')
        AND stem NOT IN (SELECT stem FROM common_stems) THEN stem END AS stem
    FROM (SELECT place, token, left(trim(strip_accents(lower(token)), {_MARKS}), {_STEM}) AS stem FROM vocabulary)
    ORDER BY place
"""
"""What each token is taken for, if it says what the talk is of: what stands for something private is no word."""


def coherent_in(connection: duckdb.DuckDBPyConnection, texts: pa.LargeStringArray) -> Coherence:
    """Return what tells whether the messages around pauses belong together; ``texts`` are those of all messages.

    They do when a word that is not one of the most common stands on both sides, when the pause follows a question, or when
    there are too few words to tell. Only these messages decide, and no other part of what is stored: the same messages are
    cut the same way whatever else there is. Words are equal in their first five letters, without accents: "ladder" is in
    "ladders". A script that puts no spaces between words has too few of them, so there only silences end a conversation.
    """

    def coherent(first: Places, at: Places, last: Places) -> Flags:
        together = np.asarray(pc.match_substring_regex(texts.take(pa.array(at - 1)), _ASKING)).astype(np.bool_)
        left = np.flatnonzero(~together)
        if len(left):
            together[left] = _share_words(connection, texts, first[left], at[left], last[left])
        return together

    return coherent


def _share_words(
    connection: duckdb.DuckDBPyConnection, texts: pa.LargeStringArray, first: Places, at: Places, last: Places
) -> Flags:
    """Return for each pause whether words stand on both sides, or too few on one to tell.

    Each distinct token is looked at once, however often it is said.
    """
    (rows_before, before), (rows_after, after) = _ranges(first, at), _ranges(at, last)
    tokens = pc.ascii_split_whitespace(texts.take(pa.array(np.concatenate([rows_before, rows_after]))))
    per_row = np.asarray(pc.list_value_length(tokens))
    encoded = pc.list_flatten(tokens).dictionary_encode()
    stem_of, stems = _stems(connection, encoded.dictionary)
    stem = stem_of[np.asarray(encoded.indices)]
    pause = np.repeat(np.concatenate([before, after]), per_row)
    is_before = np.arange(len(stem)) < per_row[: len(before)].sum()
    key = pause * stems + stem
    words_before, words_after = (
        pc.unique(pa.array(key[(stem >= 0) & side], pa.int64())) for side in (is_before, ~is_before)
    )
    shared = words_before.filter(pc.is_in(words_before, value_set=words_after))
    count_before, count_after, count_shared = (
        np.bincount(np.asarray(words) // stems, minlength=len(at)) for words in (words_before, words_after, shared)
    )
    return (count_shared > 0) | (count_before < _ENOUGH) | (count_after < _ENOUGH)


def _ranges(begins: Places, ends: Places) -> tuple[Places, Places]:
    """Return the indices in all ranges, and for each one the number of its range."""
    counts = ends - begins
    before = np.cumsum(counts) - counts
    return np.repeat(begins - before, counts) + np.arange(counts.sum()), np.repeat(np.arange(len(counts)), counts)


def _stems(connection: duckdb.DuckDBPyConnection, tokens: pa.Array) -> tuple[Places, int]:
    """Return the number of each token's stem, -1 for one that tells nothing, and how many stems there may be."""
    vocabulary = pa.table({"place": np.arange(len(tokens)), "token": tokens})
    common = pa.table({"stem": sorted({word[:_STEM] for word in COMMON_WORDS})})
    with view_of(connection, "vocabulary", vocabulary), view_of(connection, "common_stems", common):
        found = arrow(connection, _STEMS).column("stem").combine_chunks().dictionary_encode()
    return np.asarray(found.indices.fill_null(-1)).astype(np.int64), len(found.dictionary) + 1
