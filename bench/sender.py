"""A hospital's system in a process of its own: sends the bodies from its input, tells how long each was answered in."""

from __future__ import annotations

import json
import sys
import time

import httpx


def main(address: str, rate: float) -> None:
    """`rate` messages a second to `address`; one JSON line an answer."""
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        for body in sys.stdin.buffer.read().splitlines():
            began = time.perf_counter()
            answer = client.post("/fsi/callService", content=body, headers={"content-type": "application/json"})
            seconds = time.perf_counter() - began
            said = (answer.json().get("output") or {}).get("wardwatch") or {}
            evaluated = said.get("outcome") not in (None, "not_evaluated")
            print(json.dumps({"seconds": seconds, "evaluated": evaluated}))
            time.sleep(1 / rate)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
