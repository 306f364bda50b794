"""Asset checks of search."""

from __future__ import annotations

from egregora_assets.search import verify, verify_words
from egregora_assets.warehouse.reporting import check

CHECKS = [
    check("search_units", verify.units_follow_messages),
    check("search_units", verify.no_hidden_units, blocking=True),
    check("lexical_index", verify_words.words_follow_units),
    check("lexical_index", verify_words.words_are_sound),
    check("lexical_index", verify_words.words_are_current, warn=True),
]
