"""What the door must know, handed in by whoever starts it."""

from __future__ import annotations

from dataclasses import dataclass

from access.credentials import Credentials
from streams.metrics import Metrics
from streams.node import Node

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Limits of a request and of a listener. Sizes in bytes, times in seconds."""

    max_body_bytes: int = 16 * MEGABYTE  # national messages and pictures
    max_call_bytes: int = MEGABYTE  # our own JSON calls: none needs more
    max_json_depth: int = 64
    max_parts: int = 16  # of a multipart body: meta and a burst of pictures
    sealing_public_key: bytes | None = None  # raw X25519
    heartbeat_seconds: float = 15.0
    live_interval_seconds: float = 0.5  # deltas are sent twice a second at most
    max_listeners: int = 500


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts that every call may need; it stands at `app.state.gateway`."""

    node: Node
    options: GatewayOptions
    credentials: Credentials
    metrics: Metrics
