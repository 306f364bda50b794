"""Asset checks of search."""

from __future__ import annotations

from egregora_assets.search import verify, verify_vectors, verify_words
from egregora_assets.warehouse.reporting import check, in_steps

CHECKS = in_steps(
    check("search_units", verify.units_follow_messages),
    check("search_units", verify.no_hidden_units, blocking=True),
    check("embeddings", verify.no_vector_without_a_text, blocking=True),
    check("embeddings", verify.vectors_have_their_form),
    check("embeddings", verify.texts_are_embedded, warn=True),
    check("hnsw_index", verify_vectors.vectors_follow_units),
    check("hnsw_index", verify_vectors.no_hidden_vectors, blocking=True),
    check("hnsw_index", verify_vectors.vectors_are_sound),
    check("hnsw_index", verify_vectors.vectors_are_current, warn=True),
    check("hnsw_index", verify_vectors.nearest_are_found, warn=True),
    check("lexical_index", verify_words.words_follow_units),
    check("lexical_index", verify_words.words_are_sound),
    check("lexical_index", verify_words.words_are_current, warn=True),
)
