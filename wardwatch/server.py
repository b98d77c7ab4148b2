"""Running the HTTP server in the foreground: its socket, its log, and an orderly end."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 5
"""How long requests in hand and live listeners have after Ctrl-C."""


class AddressInUse(OSError):
    """The address can't be listened on. The message says why and what to do."""


class AlreadyRunning(OSError):
    """Another server works on this data directory."""


def is_loopback(host: str) -> bool:
    """Does this address reach this machine only?"""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds the data directory for this process. Raises `AlreadyRunning`.

    Two writers would be told apart by the offset rows anyway; this says so before anything has happened.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_dir / "serve.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                0, "另一个 wardwatch serve 正在使用 / another wardwatch serve is using it", str(data_dir)
            ) from None
        yield


BACKLOG = 2048
"""Connections that wait to be taken."""


@contextlib.contextmanager
def bind(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises `AddressInUse`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)  # from here on callers wait in line, also while the banner is being printed
    except OSError as error:
        raise AddressInUse(
            f"{host}:{port}: 无法监听，换一个 --port / can't be listened on ({error.strerror}); try another --port"
        ) from None
    with contextlib.closing(listener):
        yield listener


def run(app: FastAPI, listener: socket.socket, log_level: str) -> None:
    """Serves until SIGINT or SIGTERM, then lets requests in hand finish."""
    configure_logging(log_level)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # paths hold stay numbers, and the metrics count requests
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="off",
    )
    _Server(config).run(sockets=[listener])


def configure_logging(level: str) -> None:
    """Our own log to stderr, one line an entry; the server's own words only from WARNING on."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    logging.getLogger("wardwatch").setLevel(level)


class _Server(uvicorn.Server):
    """Ends with exit status 0 on SIGINT and SIGTERM: uvicorn would raise the signal again when it is done."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before: dict[signal.Signals, Any] = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
