"""Asks a web server again and again; prints the longest time without an answer.

`python prober.py HOST PORT` asks until its standard input ends. A program of its own:
what else a test does would make it late.
"""

import http.client
import select
import sys
import time

_PAUSE = 0.005


def main() -> None:
    """Ask until there is nobody any more who wants to know."""
    host, port = sys.argv[1:]
    longest = 0.0
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    while not select.select([sys.stdin], [], [], _PAUSE)[0]:
        begin = time.monotonic()
        connection.request("GET", "/manifest.json")
        connection.getresponse().read()
        longest = max(longest, time.monotonic() - begin)
    sys.stdout.write(f"{longest}\n")


if __name__ == "__main__":
    main()
