"""Measures how late frames are for many watchers of one control room, some of whom do not read.

    python bench/watchers.py [--watchers 100] [--own 100] [--deaf 10] [--seconds 20]

A page looks back with a second stream, a replay of its own: `--own` opens so many beside. Starts `steppe control` on a
loopback port of its own, opens the streams from this process, and prints one line. The lag of a frame is the time of
this machine at its arrival less the time that the server wrote into it. Server and watchers share the cores, so the
watchers' own work is in the figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request

import numpy as np

# What the server gives one address
MOST_WATCHERS, MOST_SECONDS = 210, 60.0


async def watch(port: int, until: float, lags: list[float], numbers: list[int]) -> None:
    """Read one stream until a moment of the wall; keep the lag of each frame and the number of every event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    try:
        while (left := until - time.time()) > 0.0:
            line = await asyncio.wait_for(reader.readline(), left)
            if line.startswith(b"id: "):
                numbers.append(int(line[4:]))
            elif line.startswith(b'data: {"time_s"') and b"sent_unix_s" in line:
                now = time.time()
                lags.append(now - json.loads(line[6:])["sent_unix_s"])
    except TimeoutError:
        pass
    finally:
        writer.close()


async def replay(port: int, until: float, counts: list[int]) -> None:
    """Read a replay of one's own until a moment of the wall, from the first moment on; count its frames."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/stream?from=-1e9&rate=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    count = 0
    try:
        while (left := until - time.time()) > 0.0:
            count += await asyncio.wait_for(reader.readline(), left) == b"event: frame\n"
    except TimeoutError:
        pass
    finally:
        counts.append(count)
        writer.close()


async def keep_deaf(port: int, until: float) -> None:
    """Open a stream and read nothing."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(f"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await asyncio.sleep(max(until - time.time(), 0.0))
    writer.close()


async def measure(port: int, watchers: int, own: int, deaf: int, seconds: float) -> dict[str, float]:
    """Return what was measured."""
    until = time.time() + seconds
    lags: list[list[float]] = [[] for _ in range(watchers)]
    numbers: list[list[int]] = [[] for _ in range(watchers)]
    counts: list[int] = []
    await asyncio.gather(
        *(watch(port, until, lags[one], numbers[one]) for one in range(watchers)),
        *(replay(port, until, counts) for _ in range(own)),
        *(keep_deaf(port, until) for _ in range(deaf)),
    )
    everything = np.concatenate([np.array(one) for one in lags])
    missing = sum(int(np.sum(np.diff(one) - 1)) for one in numbers if len(one) > 1)
    median, late = np.quantile(everything, [0.5, 0.99])
    return {
        "frames_a_second": min(len(one) for one in lags) / seconds,
        "own_frames_a_second": min(counts, default=0) / seconds,
        "missing": missing,
        "median_ms": 1e3 * float(median),
        "p99_ms": 1e3 * float(late),
        "largest_ms": 1e3 * float(everything.max()),
    }


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=100)
    parser.add_argument("--own", type=int, default=0)
    parser.add_argument("--deaf", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    streams = asked.watchers + asked.own + asked.deaf
    if not (0 < asked.watchers and 0 <= asked.own and 0 <= asked.deaf and streams <= MOST_WATCHERS):
        parser.error(f"watchers, replays and deaf ones are at most {MOST_WATCHERS} together")
    if not 0.0 < asked.seconds <= MOST_SECONDS:
        parser.error(f"at most {MOST_SECONDS:g} seconds")
    command = [sys.executable, "-m", "steppe.cli.main", "control", "ms-21", "--port", "0", "--samples", "0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = json.JSONDecoder().raw_decode(_object(server))[0]["address"]
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{address}api/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        before = _cpu_s(server.pid)
        found = asyncio.run(measure(port, asked.watchers, asked.own, asked.deaf, asked.seconds))
        found["server_core_share"] = (_cpu_s(server.pid) - before) / asked.seconds
    finally:
        server.terminate()
        server.wait(10)
    load = os.getloadavg()[0]
    print(
        f"{asked.watchers} watchers, {asked.own} replays ({found['own_frames_a_second']:.1f} frames/s each at least) "
        f"and {asked.deaf} deaf ones, {asked.seconds:g} s, {os.cpu_count()} cores, "
        f"load {load:.1f}: {found['frames_a_second']:.1f} frames/s each at least, {found['missing']:.0f} events "
        f"missing; lag {found['median_ms']:.1f} ms median, {found['p99_ms']:.1f} ms at 99 %, "
        f"{found['largest_ms']:.1f} ms at most; the server takes {100 * found['server_core_share']:.0f} % of a core"
    )


def _object(server: subprocess.Popen[str]) -> str:
    """Return the JSON object that the server prints before it serves."""
    text = ""
    for line in server.stdout or ():
        text += line
        if line.rstrip().endswith("}"):
            break
    return text


def _cpu_s(pid: int) -> float:
    """Return the processor time of a process (Linux), 0 where it is not told."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
