"""Servers that are no portal: what may stand at an address instead of one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
import socket
import ssl
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST: Final = "127.0.0.1"

type Conversation = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]
]


@asynccontextmanager
async def serving(conversation: Conversation) -> AsyncGenerator[str]:
    """Serve on a free port; yield host and port."""
    server = await asyncio.start_server(conversation, HOST, 0)
    async with server:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
        server.close()
        server.close_clients()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close a connection at once."""
    writer.close()


@contextmanager
def silent() -> Generator[str]:
    """Accept connections and leave it at that; yield host and port."""
    with socket.create_server((HOST, 0)) as listening:
        yield f"{HOST}:{listening.getsockname()[1]}"


@contextmanager
def untrusted_tls(received: bytearray) -> Generator[str]:
    """Speak TLS with a certificate that nobody has signed; keep what is received.

    It does so in a thread: asyncio would report every handshake that a client breaks.
    """
    tls = _self_signed()

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with (
                connection,
                suppress(OSError),
                tls.wrap_socket(connection, server_side=True) as stream,
            ):
                while data := stream.recv(4096):
                    received.extend(data)

    with socket.create_server((HOST, 0)) as listening:
        thread = Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"{HOST}:{listening.getsockname()[1]}"
        finally:
            # To close it would not wake up who waits for a connection.
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _self_signed() -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
    # Real time: TLS does not look at the clock of a test.
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "server.pem"
        file.write_bytes(
            key.private_bytes(
                pem,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(pem)
        )
        context.load_cert_chain(file)
    return context
