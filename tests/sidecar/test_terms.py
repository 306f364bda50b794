"""Words weigh by how few conversations say them; what is counted follows changes, and forgets what has gone."""

from __future__ import annotations

from collections import Counter

from egregora_assets.config import Settings
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.chats import Line, with_privacy
from tests.sidecar.test_posts import sidecars, write

TALKS: tuple[Line, ...] = (
    (0, "Ana Lima", "the greenhouse roof leaks near the tomatoes again"),
    (1, "Rui Costa", "the greenhouse roof needs new glass before winter"),
    (2000, "Ana Lima", "the greenhouse seeds have arrived in twelve bags"),
    (2001, "Priya Raman", "greenhouse seeds go to the cellar for now"),
    (4000, "Priya Raman", "greenhouse violin concert is sold out"),
    (4001, "Priya Raman", "greenhouse violin players eat first"),
)


def test_a_word_that_few_conversations_say_comes_first(settings: Settings) -> None:
    write(settings, *TALKS)
    labels = [[topic["label"] for topic in sidecar["topics"]] for sidecar in sidecars(settings)]
    assert labels == [["roof", "greenhouse"], ["seeds", "greenhouse"], ["violin", "greenhouse"]]


def test_the_summary_says_what_the_conversation_says_most(settings: Settings) -> None:
    write(settings, *TALKS[:2], (2, "Ana Lima", "hm"), (3, "Rui Costa", "nice weather. The greenhouse roof is old!"))
    [sidecar] = sidecars(settings)
    assert [item["text"] for item in sidecar["summary"]] == [
        "the greenhouse roof leaks near the tomatoes again",
        "the greenhouse roof needs new glass before winter",
        "The greenhouse roof is old!",
    ]
    assert sidecar["statistics"] == {"messages": 4, "minutes": 3, "participants": 2, "replies": 0, "words": 24}


def test_a_short_conversation_is_told_by_its_longest_sentence_where_no_word_weighs(settings: Settings) -> None:
    write(
        settings,
        (0, "Ana Lima", "ok!"),
        (1, "Rui Costa", "Hm. Grandma's party is at our place on Sunday. Bye!"),
        (2, "Priya Raman", "https://example.org/a/very/long/link/that/says/nothing"),
        (2000, "Ana Lima", "good night"),
    )
    told = [[(item["text"], item["evidence"][0]) for item in sidecar["summary"]] for sidecar in sidecars(settings)]
    assert [[text for text, _ in items] for items in told] == [["Grandma's party is at our place on Sunday."], []]
    assert told[0][0][1] == sidecars(settings)[0]["message_ids"][1]


def test_counts_follow_new_changed_and_removed_conversations(settings: Settings) -> None:
    write(settings, *TALKS[:4])
    write(settings, *TALKS, (2002, "Rui Costa", "cellar cellar"), suffix=" (1)")
    with open_warehouse(settings) as connection:
        posts.refresh(connection, with_privacy(settings, opt_out=("Priya Raman",)))
        kept = Counter(
            term for (terms,) in rows(connection, "SELECT terms FROM private.document_terms") for term in terms
        )
        counted = dict(rows(connection, "SELECT term, documents FROM private.term_documents"))
        greenhouse = scalar(connection, "SELECT md5_number_lower('greenhouse')")
        violin = scalar(connection, "SELECT md5_number_lower('violin')")
    assert counted == kept
    assert counted[greenhouse] == 2
    assert violin not in counted, "who said it has opted out"
