"""The application that takes requests. The reading side adds its routes to it (`dashboards/api/app.py`)."""

from __future__ import annotations

from fastapi import FastAPI

from access.credentials import Credentials
from streams.http import openapi, problems
from streams.http.edge import Edge
from streams.http.options import Gateway, GatewayOptions
from streams.http.routes import router
from streams.metrics import Metrics
from streams.node import Node

TITLE = "wardwatch"
DESCRIPTION = """医保智能场景监控系统的对外接口。时间为带时区的 ISO 8601，金额为元（十进制文本），
编号一律按不透明文本处理。

The outside interface of wardwatch. Times are ISO 8601 with offset, money is decimal yuan as text, ids are
opaque. Refusals are RFC 9457 problem documents in the language of `Accept-Language`; to the national call
they are the national envelope with `infcode` -1."""


def create_app(
    node: Node,
    options: GatewayOptions | None = None,
    credentials: Credentials | None = None,
    metrics: Metrics | None = None,
    version: str = "0",
) -> FastAPI:
    """The door to `node`. Without credentials it answers only callers on this machine."""
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.gateway = Gateway(node, options or GatewayOptions(), credentials or Credentials(), metrics or Metrics())
    app.include_router(router)
    app.add_middleware(Edge)
    problems.install(app)
    openapi.install(app)
    return app
