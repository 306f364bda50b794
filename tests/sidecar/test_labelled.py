"""The labelled chats are enough to measure by, and say only what their windows hold."""

from __future__ import annotations

from tests.sidecar.labelled import half_of, windows

LEAST = {"decision": 150, "action": 150, "question": 200}


def test_there_are_enough_windows_and_labels_in_both_languages_and_halves() -> None:
    found = windows()
    assert len({window["id"] for window in found}) == len(found) >= 120
    for kind, least in LEAST.items():
        labelled = [(window["language"], half_of(window)) for window in found for m in window["messages"] if kind in m]
        assert len(labelled) >= least
        assert set(labelled) == {(language, half) for language in ("en", "pt") for half in ("tune", "test")}
    assert [] in [message.get("question") for window in found for message in window["messages"]]


def test_labels_point_at_messages_of_their_window() -> None:
    for window in windows():
        messages = window["messages"]
        people = {message["author"] for message in messages}
        for place, message in enumerate(messages):
            assert message["minute"] >= messages[place - 1]["minute"] or place == 0
            assert 0 <= message.get("reply_to", 0) < max(place, 1)
            assert all(place < answer < len(messages) for answer in message.get("question", []))
            assert message.get("decision", "agreed") in ("agreed", "proposed", "revoked")
            if assignee := message.get("action", {"assignee": None, "due": None})["assignee"]:
                assert assignee in people
