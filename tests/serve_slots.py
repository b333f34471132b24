"""A server of known capacity as a program of its own, with a child that must not outlive it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from evalkit.loadgen.scripted import Plan, Received, Send, serve_forever
from tests.queueing import slots


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--ttft-s", type=float, default=0.02)
    parser.add_argument("--itl-s", type=float, default=0.005)
    parser.add_argument("--tokens", type=int, default=7)
    parser.add_argument(
        "--pids", type=Path, help="Write the ids of this process and its child here."
    )
    options = parser.parse_args()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if options.pids:
        import os

        options.pids.write_text(json.dumps([os.getpid(), child.pid]))
    play = slots(options.slots, ttft_s=options.ttft_s, itl_s=options.itl_s, tokens=options.tokens)

    def script(received: Received) -> Plan:
        if received.path == "/health":
            return Plan((Send(b"ok"),), headers={"Content-Type": "text/plain"})
        return play(received)

    serve_forever(script, options.port, lambda _port: None)


if __name__ == "__main__":
    main()
