"""Of a long message the part is shown that has most of what was looked for, however long it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.search.snippets import snippet
from egregora_assets.search.tokens import parse, spans_of

said = st.lists(st.sampled_from(["kite", "tea", "x", "x" * 30, "東京", ","]), max_size=60).map(" ".join)


@hypothesis_settings(max_examples=60, deadline=None)
@given(said, st.integers(60, 120))
def test_no_other_part_has_more_of_what_was_looked_for(text: str, most: int) -> None:
    wanted = parse(f"kite tea 東京 {'x' * 30}")
    shown = snippet(text, wanted, most)
    found = [(begin, end, word) for begin, end, word in spans_of(text) if word in wanted.words]
    parts = ({word for one, end, word in found if begin <= one and end <= begin + most - 40} for begin, _, _ in found)

    assert len({word for _, _, word in spans_of(shown.text)} & set(wanted.words)) >= max(map(len, parts), default=0)
    assert all(parse(shown.text[begin:end]).words for begin, end in shown.marks)


def test_a_message_that_says_a_word_a_hundred_thousand_times_is_shown_at_once() -> None:
    """Looking at each place from each other one took minutes."""
    shown = snippet("kites " * 100_000 + "and tea", parse("kites tea"))
    assert shown.text.endswith("and tea")
    assert len(shown.marks) > 10
