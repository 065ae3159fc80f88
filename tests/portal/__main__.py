"""Runs the portal alone: `python -m tests.portal --port 8080`."""

import argparse
import asyncio
import contextlib
from decimal import Decimal
from pathlib import Path
import signal

from .installation import DEFAULT_SPELLING
from .portal import Portal
from .processing import Processing
from .spelling import Spelling


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.portal",
        description="A bulk-messaging portal with one account, for tests and demos.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--control-port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--spelling",
        type=Spelling,
        choices=Spelling,
        default=DEFAULT_SPELLING,
        help="how it puts its answers together (%(default)s)",
    )
    parser.add_argument(
        "--processing",
        type=Processing,
        choices=Processing,
        default=Processing.TOLD,
        help="how it processes what it accepted (%(default)s)",
    )
    parser.add_argument(
        "--cron-interval",
        type=float,
        default=60,
        metavar="SECONDS",
        help="between two runs of the cron job (%(default)s)",
    )
    parser.add_argument("--time-zone", default="Africa/Lagos")
    parser.add_argument(
        "--deliver-after",
        type=float,
        metavar="SECONDS",
        help="when messages are sent that wait to be told; left out: when told",
    )
    parser.add_argument("--api-key", default="demo-key")
    parser.add_argument("--api-token", default="demo-token")
    parser.add_argument("--credits", type=Decimal, default=Decimal(100))
    parser.add_argument(
        "--ledger", type=Path, help="file to append what was billed to, as JSON lines"
    )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    portal = Portal(
        spelling=arguments.spelling,
        processing=arguments.processing,
        time_zone=arguments.time_zone,
        deliver_after=arguments.deliver_after,
        ledger_file=arguments.ledger,
    )
    portal.cron_interval = arguments.cron_interval
    portal.add_account(
        api_key=arguments.api_key,
        api_token=arguments.api_token,
        credits=arguments.credits,
    )
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await portal.start(arguments.host, arguments.port, arguments.control_port)
    async with portal:
        print(  # noqa: T201 - this is what it prints
            f"portal: {portal.url}",
            f"control: {portal.control_url}",
            f"account: API key {arguments.api_key}, API token {arguments.api_token}",
            sep="\n",
            flush=True,
        )
        await stopped.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(_arguments()))
