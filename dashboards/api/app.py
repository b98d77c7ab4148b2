"""The whole server: the door of `streams/http`, the reading side, the live feed and our own pages."""

from __future__ import annotations

from fastapi import FastAPI

from access.credentials import Credentials
from dashboards.api import holds, live, operation, pages, reading
from dashboards.api.hub import LiveHub
from dashboards.api.queries import Queries
from streams.http.app import create_app
from streams.http.options import GatewayOptions
from streams.metrics import Metrics
from streams.node import Node


def create_server(
    node: Node,
    queries: Queries,
    options: GatewayOptions | None = None,
    credentials: Credentials | None = None,
    metrics: Metrics | None = None,
    version: str = "0",
) -> FastAPI:
    """Every call of the contract over one node and its data. Whoever starts the node stops it, not this."""
    options = options or GatewayOptions()
    app = create_app(node, options, credentials, metrics, version)
    app.state.queries = queries
    app.state.live = LiveHub(queries, options.live_interval_seconds)
    for part in (reading, holds, live, operation, pages):
        app.include_router(part.router)
    return app
