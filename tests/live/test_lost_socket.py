"""A socket that somebody removes or replaces while the service runs: it is noticed, told, and made anew."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.live.faults import until
from tests.live.service import Client, Running, client, event, running


def _answers(service: Running) -> bool:
    try:
        connected = Client(service.socket)
    except OSError:
        return False
    connected.close()
    return True


def test_a_socket_that_was_removed_or_replaced_is_made_anew_and_connections_go_on(tmp_path: Path) -> None:
    with running(tmp_path / "home") as service, client(service) as before:
        service.socket.unlink()
        until(lambda: _answers(service))
        service.socket.unlink()
        with socket.socket(socket.AF_UNIX) as replaced:
            replaced.bind(str(service.socket))
        until(lambda: _answers(service))
        assert before.ask(event("m1")) == {"ack": "m1"}
        with client(service) as after:
            assert after.ask(event("m2")) == {"ack": "m2"}
            assert after.ask({"status": True})["status"]["socket_losses"] == 2
        assert "removed or replaced" in service.log
        assert service.stop() == 0
        assert not service.socket.exists()


@pytest.mark.slow
def test_a_file_in_the_place_of_the_socket_is_told_and_left_alone(tmp_path: Path) -> None:
    with running(tmp_path / "home") as service, client(service) as before:
        service.socket.unlink()
        service.socket.write_text("mine")
        until(lambda: before.ask({"status": True})["status"]["problem"])
        assert "no socket" in before.ask({"status": True})["status"]["problem"]
        assert service.stop() == 0
        assert service.socket.read_text() == "mine"
