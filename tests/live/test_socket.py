"""What a sender is promised on the socket: an answer per line, after the commit; nothing lost, nothing stored twice."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.service import Client, Running, client, event, numbered, running, stored

MEGABYTE = 1 << 20


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "home") as service:
        yield service


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of several tests, none of which ends it."""
    with running(tmp_path_factory.mktemp("live") / "home") as service:
        yield service


def test_an_acknowledged_event_is_there_after_the_service_was_killed_at_once(service: Running) -> None:
    with client(service) as sender:
        assert sender.ask(event("m1")) == {"ack": "m1"}
    service.kill()
    assert stored(service.home) == ["m1"]


def test_the_same_event_again_is_acknowledged_and_stored_once_also_after_a_restart(service: Running) -> None:
    with client(service) as sender:
        sender.send(event("m1"), event("m1"), event("m1", sent_at="2024-03-13T18:02:12Z"), event("m1", text="other"))
        assert sender.acks(4) == {"m1"}
    assert service.stop() == 0
    with running(service.home) as again, client(again) as sender:
        assert sender.ask(event("m1")) == {"ack": "m1"}
        assert sender.ask(event("m2")) == {"ack": "m2"}
        assert again.stop() == 0
    assert stored(service.home, "text") == ["words of m1", "other", "words of m2"]
    assert stored(service.home, "sequence") == [1, 2, 3]


def test_edits_deletions_and_reactions_of_a_message_are_events_of_their_own(shared: Running) -> None:
    with client(shared) as sender:
        before = sender.ask({"status": True})["status"]["sequence"]
        sender.send(
            event("o1"),
            event("e1", event="edit", target="o1", text="better"),
            event("r1", event="reaction", target="o1", emoji="🌱"),
            event("r1", event="reaction", target="o1", emoji="🌱", removed=True),
            event("o1", event="delete", target="o1"),
        )
        assert sender.acks(5) == {"o1", "e1", "r1"}
        assert sender.ask({"status": True})["status"]["sequence"] == before + 5


def test_two_people_who_do_the_same_under_one_id_are_both_stored(shared: Running) -> None:
    with client(shared) as sender:
        before = sender.ask({"status": True})["status"]["sequence"]
        liked = event("like", event="reaction", target="o1", emoji="🌱")
        sender.send(liked, liked | {"author": "u8"}, liked)
        assert sender.acks(3) == {"like"}
        assert sender.ask({"status": True})["status"]["sequence"] == before + 2


def test_a_line_that_is_no_event_is_answered_with_its_problem_and_the_others_go_on(shared: Running) -> None:
    with client(shared) as sender:
        sender.socket.sendall(b'{"native_id": "x", "source": "s"}\nno json\n\n[1]\n')
        told = [sender.receive() for _ in range(3)]
        assert [answer and answer["native_id"] for answer in told] == ["x", None, None]
        assert all(answer and answer["error"] for answer in told)
        assert sender.ask(event("m1")) == {"ack": "m1"}


def test_a_line_that_is_too_long_is_refused_without_being_held(shared: Running) -> None:
    with client(shared) as sender:
        sender.ask({"recent": 1})  # what reads need is loaded
        before = _peak_memory(shared)
        for _ in range(64):
            sender.socket.sendall(b"x" * MEGABYTE)
        sender.socket.sendall(b"\n")
        answer = sender.receive()
        assert answer is not None
        assert "longer than" in answer["error"]
        assert sender.ask(event("m1")) == {"ack": "m1"}
    assert _peak_memory(shared) - before < 16 * MEGABYTE


def test_lines_that_are_no_events_hold_up_no_event_of_others(shared: Running) -> None:
    with client(shared) as nonsense, client(shared) as sender:
        sender.ask(event("n0"))
        nonsense.socket.sendall(b"no\n" * 1_500)
        assert sender.ask(event("n1")) == {"ack": "n1"}
        answered = nonsense.socket.recv(MEGABYTE, socket.MSG_PEEK | socket.MSG_DONTWAIT).count(b"\n")
        assert answered < 1_500
        assert [nonsense.receive() for _ in range(1_500)][-1] is not None
        nonsense.socket.sendall(b"\n" * 60_000 + b" \t\r\n")
        assert nonsense.ask(event("n2")) == {"ack": "n2"}


@pytest.mark.parametrize("field", ["mentions", "attachments"])
def test_a_line_of_nothing_but_mistakes_takes_little_memory(shared: Running, field: str) -> None:
    line = event("m1") | {field: [[]] * (MEGABYTE // 4 - 100)}
    with client(shared) as sender:
        before = _peak_memory(shared)
        assert field in sender.ask(line)["error"]
        assert _peak_memory(shared) - before < 100 * MEGABYTE


def test_who_has_sent_all_and_closes_its_side_still_gets_all_answers(shared: Running) -> None:
    with client(shared) as sender:
        sender.send(*numbered(range(500)))
        sender.socket.sendall(b'{"native_id": "torn", "sou')
        sender.socket.shutdown(socket.SHUT_WR)
        answers = list(iter(sender.receive, None))
    assert {answer["ack"] for answer in answers if "ack" in answer} == {f"m{number}" for number in range(500)}
    assert [answer["native_id"] for answer in answers if "error" in answer] == [None]


def test_a_sender_that_vanishes_takes_nobody_with_it_and_what_it_sent_stays(service: Running) -> None:
    with client(service) as other:
        vanishing = Client(service.socket)
        vanishing.send(*numbered(range(300)))
        assert vanishing.receive() == {"ack": "m0"}
        vanishing.close()
        assert other.ask(event("after")) == {"ack": "after"}
    service.stop()
    found = stored(service.home)
    assert "m0" in found
    assert len(found) == len(set(found))


def test_who_reads_no_answers_is_not_read_from_and_holds_up_nobody(shared: Running) -> None:
    with client(shared) as greedy, client(shared) as other:
        greedy.socket.settimeout(2)
        lines = b"".join(b'{"native_id": "%s"}\n' % (b"x" * 500) for _ in range(2_000))
        with pytest.raises(TimeoutError):
            greedy.socket.sendall(lines * 100)
        assert other.ask(event("m1")) == {"ack": "m1"}


def test_ten_times_more_than_may_wait_is_taken_slowly_and_all_of_it_is_stored(tmp_path: Path) -> None:
    few = "[live]\nqueue_rows = 200\nbatch_rows = 50\n"
    with running(tmp_path / "home", settings=few) as service, client(service) as sender:
        sender.send(*numbered(range(2_000)))
        assert len(sender.acks(2_000)) == 2_000
        service.stop()
    assert stored(service.home) == [f"m{number}" for number in range(2_000)]


@pytest.mark.slow
def test_memory_is_bounded_however_much_is_sent(tmp_path: Path) -> None:
    with running(tmp_path / "home") as service, client(service) as sender:
        assert sender.ask(event("first")) == {"ack": "first"}
        before = _peak_memory(service)
        sender.send(*(event(f"m{number}", text="long " * 13_000) for number in range(3_000)))
        assert len(sender.acks(3_000)) == 3_000
        assert _peak_memory(service) - before < 640 * MEGABYTE  # the store may take 512, and 64 may wait
        while sender.ask({"status": True})["status"]["sealed"] < 3_001:
            time.sleep(0.2)


def test_what_would_not_fit_into_the_memory_of_the_store_is_refused(shared: Running) -> None:
    """Rows of a megabyte each could be stored, and were never sealed."""
    most = "x" * 65_536
    with client(shared) as sender:
        assert sender.ask(event("longest", text=most)) == {"ack": "longest"}
        for field, told in (
            ("text", most + "x"),
            ("author_name", "x" * 513),
            ("emoji", "x" * 513),
            ("mentions", ["u"] * 1001),
        ):
            answer = sender.ask(event(f"too long {field}", **{field: told}))
            assert (answer["native_id"], answer["error"].split(":")[0]) == (f"too long {field}", field)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_stores_and_answers_what_was_accepted(tmp_path: Path, number: int) -> None:
    with running(tmp_path / "home", settings="[live]\nlinger_ms = 3000.0\n") as service, client(service) as sender:
        assert sender.ask(event("alone")) == {"ack": "alone"}
        sender.send(*numbered(range(100)))
        with client(service) as other:
            while other.ask({"status": True})["status"]["rows_waiting"] < 100:
                pass
        assert service.stop(number) == 0
        assert len(sender.acks(100)) == 100
        assert sender.receive() is None
    assert len(stored(service.home)) == 101
    assert len(list((service.home / "segments").glob("*.parquet"))) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_has_just_begun_ends_as_it_is_told(tmp_path: Path, number: int) -> None:
    with running(tmp_path / "home") as service:
        assert service.stop(number) == 0
        assert not service.socket.exists()


def test_a_second_service_of_a_home_is_refused_with_a_reason_and_does_no_harm(shared: Running) -> None:
    with running(shared.home) as second:
        assert second.process.wait(20) == 1
        assert "another live service runs" in second.log
    assert "Traceback" not in shared.log
    with client(shared) as sender:
        assert sender.ask(event("m1")) == {"ack": "m1"}


def test_a_socket_of_another_service_is_refused_and_one_that_nobody_holds_is_taken_over(
    service: Running, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "home"
    with running(other, "--listen", f"unix:{service.socket}") as second:
        assert second.process.wait(20) == 1
        assert "another live service answers there" in second.log
    service.kill()
    assert service.socket.exists()
    with running(service.home) as again, client(again) as sender:
        assert sender.ask(event("m1")) == {"ack": "m1"}


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    with running(tmp_path / "home", "--listen", f"unix:{kept}") as service:
        assert service.process.wait(20) == 1
        assert "no socket" in service.log
    assert kept.read_text() == "mine"


def test_a_service_that_cannot_begin_says_why_in_its_last_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "live.sock").write_text("mine")
    with running(home) as refused:
        assert refused.process.wait(20) == 1
        assert "is there and no socket" in refused.log.splitlines()[-1]


@pytest.mark.parametrize("count", ["Infinity", "NaN", "-1", "null", '"many"'])
def test_a_count_that_is_none_is_answered_with_its_problem_and_the_log_is_left_alone(
    shared: Running, count: str
) -> None:
    with client(shared) as asking:
        asking.socket.sendall(f'{{"recent": {count}}}\n'.encode())
        assert "error" in (asking.receive() or {})
    assert "could not be answered" not in shared.log


def test_nobody_else_may_talk_to_the_socket_or_read_the_store(shared: Running) -> None:
    for path in (shared.socket, shared.home / "live.duckdb"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_the_standard_input_is_stored_to_its_end(tmp_path: Path) -> None:
    home = tmp_path / "home"
    lines = "".join(
        f'{{"native_id":"m{n}","source":"s","author":"u","sent_at":{n},"text":"t"}}\n' for n in range(3_000)
    )
    ended = subprocess.run(
        [sys.executable, "-m", "egregora_assets.cli", "live", "--stdin", "--home", str(home)],
        input=(lines + "no event\n").encode(),
        stderr=subprocess.PIPE,
        env={**os.environ},
        timeout=60,
        check=True,
    )
    assert stored(home) == [f"m{n}" for n in range(3_000)]
    assert b"standard input, line 3001" in ended.stderr


def _peak_memory(service: Running) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
