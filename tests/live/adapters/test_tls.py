"""IRC and NATS over TLS: a server whose certificate the named authority has signed is heard, and no other one."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from nats import connect

from egregora_assets.live.adapters import irc, nats
from egregora_assets.live.adapters.protocol import RetryExhausted
from tests.live.adapters.listening import listening
from tests.live.adapters.servers import nats_server, running
from tests.live.adapters.test_irc import forever, let_in, say
from tests.live.adapters.test_nats import STREAM, publish

GIVES_UP = {"tries": 1, "first_seconds": 0.01}


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return _certificate(tmp_path, "server")


@pytest.fixture
def another(tmp_path: Path) -> Path:
    return _certificate(tmp_path, "another")


def _certificate(folder: Path, name: str) -> Path:
    """Make a certificate of this machine's loopback, signed by itself; its key stands beside it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    _key_of(path).write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def _key_of(certificate: Path) -> Path:
    return certificate.with_suffix(".key")


def test_irc_hears_a_server_of_its_authority_and_no_other(certificate: Path, another: Path) -> None:
    async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        say(writer, ":ana!a@h PRIVMSG #tea :hello")
        await forever(reader, writer)
        writer.close()

    async def run() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, _key_of(certificate))
        server = await asyncio.start_server(part, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]

        def adapter(authority: Path) -> irc.Irc:
            options = {"host": "127.0.0.1", "port": port, "nick": "eg", "channels": ["#tea"], "retries": GIVES_UP}
            return irc.create("chat", options | {"authority": str(authority)}, None)

        async with listening(adapter(certificate)) as listener:
            assert await listener.texts(1) == ["hello"]
        async with listening(adapter(another)) as listener:
            with pytest.raises(RetryExhausted):
                await listener.texts(1)
        server.close()

    asyncio.run(run())


@pytest.mark.slow
def test_nats_hears_a_server_of_its_authority_and_no_other(tmp_path: Path, certificate: Path, another: Path) -> None:
    async def run(port: int) -> None:
        address = f"tls://127.0.0.1:{port}"
        connection = await connect(address, tls=ssl.create_default_context(cafile=certificate))
        stream = connection.jetstream()
        await stream.add_stream(name=STREAM, subjects=["chat.>"])
        await publish(stream, "m1")

        def adapter(authority: Path) -> nats.Nats:
            options = {"servers": [address], "stream": STREAM, "authority": str(authority), "retries": GIVES_UP}
            return nats.create("bus", options, None)

        async with listening(adapter(another)) as listener:
            with pytest.raises(RetryExhausted):
                await listener.texts(1)
        async with listening(adapter(certificate)) as listener:
            await listener.texts(1)
            assert [message.native_id for message in listener.messages] == ["m1"]
        await connection.close()

    tls = ("--tls", "--tlscert", str(certificate), "--tlskey", str(_key_of(certificate)))
    with running(nats_server(tmp_path, None, *tls)) as server:
        asyncio.run(run(server.port))
