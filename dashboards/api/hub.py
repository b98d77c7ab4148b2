"""One reader of the feed for all listeners: the database is asked twice a second, however many listen."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

from dashboards.api.queries import Queries
from storage.feed import FeedRow

PAGE = 500
"""Lines read at once."""
WAIT_SECONDS = 1.0
"""Longest wait before a listener looks around: is the hub closed?"""
REMEMBERED = 2000
"""Newest lines kept in memory; who is further behind reads from the database."""


def _never() -> bool:
    return False


class Gap(Exception):
    """Lines after the asked position are no longer there, or were never: the listener must read anew."""


class LiveHub:
    """Hands every new line of the feed to every listener, in order, none twice."""

    def __init__(self, queries: Queries, interval: float) -> None:
        self._queries = queries
        self._interval = interval
        self._recent: deque[FeedRow] = deque(maxlen=REMEMBERED)
        self._head = 0
        self._moved = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self._closed = False
        self.listeners = 0

    async def head(self) -> int:
        """Id of the newest line."""
        return await asyncio.to_thread(self._queries.feed_head)

    async def listen(
        self, after: int, *, whole: bool = True, over: Callable[[], bool] = _never
    ) -> AsyncIterator[Sequence[FeedRow]]:
        """Batches of lines after `after`, as they come, until the hub is closed or it is `over`.

        Raises `Gap` where lines are missing at the start; unless `whole` is false, then it begins with what
        is still there.

        An empty batch says that nothing came within one interval: the listener may look around.
        """
        self.listeners += 1
        try:
            await self._begin()
            if after > self._head:
                raise Gap
            while not (self._closed or over()):
                rows = await self._after(after)
                if rows:
                    if rows[0].id > after + 1 and whole:
                        raise Gap
                    whole = True
                    after = rows[-1].id
                yield rows
                if len(rows) < PAGE:
                    await self._next(after)
        finally:
            self.listeners -= 1
            if self.listeners == 0:
                self._end()

    def close_soon(self) -> None:
        """Let every listener go within its next wait. For whoever stops the server, in any thread."""
        self._closed = True

    async def _begin(self) -> None:
        if self._reader is None:
            self._recent.clear()
            self._head = await self.head()
        if self._reader is None:  # another listener may have begun meanwhile
            self._reader = asyncio.create_task(self._read(), name="live-feed")

    def _end(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    async def _read(self) -> None:
        while not self._closed:
            await asyncio.sleep(self._interval)
            rows = await asyncio.to_thread(self._queries.feed_since, self._head, PAGE)
            if rows:
                self._recent.extend(rows)
                self._head = rows[-1].id
                async with self._moved:
                    self._moved.notify_all()

    async def _after(self, after: int) -> Sequence[FeedRow]:
        if after >= self._head:
            return ()
        if self._recent and self._recent[0].id <= after + 1:
            return [row for row in self._recent if row.id > after][:PAGE]
        return await asyncio.to_thread(self._queries.feed_since, after, PAGE)

    async def _next(self, after: int) -> None:
        """Wait until there is something after `after`, at most a few intervals."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS), self._moved:
                await self._moved.wait_for(lambda: self._closed or self._head > after)
