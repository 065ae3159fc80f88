"""Kills Home Assistant while alerts are open: `python -m tests.process.alerts`.

Alerts are started one after the other, each asks two people, and the second one of
every other alert acknowledges it. Home Assistant is killed at random moments and
started again. In the end, the portal's ledger is held against what was reported.
"""

import argparse
import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
import re
import secrets
import sys
import time
from typing import Final

import aiohttp

from tests.demo.audit import complaints
from tests.demo.home_assistant import ActionError, Json
from tests.demo.portal_control import DemoPortal
from tests.demo.transcript import Transcript

from .account import add_account, receive, running_portal
from .command import finish, folder_of, run
from .home import Home
from .instance import Instance
from .messages import MOST_MESSAGES, make_messages

_ENTITY: Final = "event.127_0_0_1_alert"
_ENDS: Final = frozenset({"acknowledged", "exhausted", "ended"})
_WAITS: Final = (2, 15)
"""How long each step waits: the second one for the answer that some give."""
# A second witness beside the websocket, from the start of each life on.
_AUTOMATION: Final = f"""\
automation:
  - alias: Notes alerts
    mode: queued
    max: 10000
    triggers:
      - trigger: event.received
        target:
          entity_id: {_ENTITY}
        options:
          event_type: [started, step, acknowledged, exhausted, ended]
    actions:
      - action: system_log.write
        data:
          logger: witness
          level: warning
          message: >-
            alert {{{{ trigger.to_state.attributes['alert_id'] }}}}
            {{{{ trigger.to_state.attributes['event_type'] }}}}
            {{{{ trigger.to_state.attributes['step'] }}}}
"""
_LINE: Final = re.compile(r"\[witness\] alert (\S+) (\S+) (\S+)$", re.MULTILINE)
_EXPECTED: Final = ("Error fetching 127.0.0.1 ", "not ready yet", "is not loaded")


@dataclass(kw_only=True, slots=True)
class Raised:
    """An alert of a run."""

    id: str
    first: str
    second: str
    is_answered: bool
    """Whether the second one acknowledges it."""
    has_begun: bool = False
    """Whether the call was answered."""
    has_answered: bool = False

    @property
    def text(self) -> str:
        """What the two are told."""
        return f"Alarm {self.id}"

    @property
    def announcement(self) -> str:
        """What the first one is told when the second one has it."""
        return f"{self.second} has {self.id}"


class Run:
    """One run."""

    def __init__(
        self, folder: Path, seed: int, *, kills: int, alerts: int, out: Transcript
    ) -> None:
        """Plan the alerts."""
        self._chance = Random(seed)  # noqa: S311 - chance, not secrets
        self._folder = folder
        self._out = out
        self._kills = kills
        self._instance = Instance(folder, configuration=_AUTOMATION)
        numbers = [message.number for message in make_messages(2 * alerts)]
        self._alerts = [
            Raised(
                id=f"alert-{n}",
                first=numbers[2 * n],
                second=numbers[2 * n + 1],
                is_answered=bool(n % 2),
            )
            for n in range(alerts)
        ]
        self._excused: set[str] = set()
        """Alerts whose end was being told at the very moment of a kill."""
        self._entry_id = ""

    async def run(self) -> list[str]:
        """Return what was wrong; leave nothing running, whatever happens."""
        async with (
            running_portal(self._folder) as portal,
            aiohttp.ClientSession() as session,
            Home(session, f"http://127.0.0.1:{self._instance.port}") as home,
        ):
            try:
                account = await add_account(
                    self._instance,
                    home,
                    portal,
                    watched="alert",
                    hourly_limit=0,
                    inbox_interval=10,
                    # Behind a stranger's message, that of another one is doubtful.
                    allowed_senders=[alert.second for alert in self._alerts],
                )
                self._entry_id = account.entry_id
                async with asyncio.TaskGroup() as group:
                    answers = group.create_task(self._answer(portal))
                    await self._live_and_die(home)
                    await self._settle(home, account.entities["open_alerts"])
                    answers.cancel()
                sent = await self._sent(home)
                requests: list[Json] = (await portal.get("requests"))["requests"]
                await home.disconnect()
                await self._instance.stop()
            finally:
                await self._instance.kill()
            return self._judge(home, await portal.ledger(), requests, sent)

    # --- What goes on ----------------------------------------------------------------

    async def _live_and_die(self, home: Home) -> None:
        """Start Home Assistant and kill it, again and again; leave one that runs."""
        size = -(-len(self._alerts) // (self._kills + 1))
        for life in range(self._kills + 1):
            await self._instance.boot(home)
            if self._chance.random() < 0.8 or life == self._kills:
                await home.wait_until_ready()
            else:
                await asyncio.sleep(self._chance.uniform(0.0, 3.0))
            calls = [
                asyncio.create_task(self._raise(home, alert))
                for alert in self._alerts[life * size : (life + 1) * size]
            ]
            if life == self._kills:
                await asyncio.gather(*calls)
                return
            await asyncio.sleep(self._chance.uniform(0.0, 6.0))
            await self._instance.kill()
            await home.disconnect()
            await asyncio.gather(*calls)
            self._excuse(home)

    async def _raise(self, home: Home, alert: Raised) -> None:
        await asyncio.sleep(self._chance.uniform(0.0, 2.0))
        if not home.is_connected:
            return
        steps = [
            {"numbers": [number], "wait": wait}
            for number, wait in zip((alert.first, alert.second), _WAITS, strict=True)
        ]
        with suppress(
            ActionError, aiohttp.ClientError, OSError, TypeError, asyncio.CancelledError
        ):
            await home.action(
                "smskit.alert",
                returns=True,
                alert_id=alert.id,
                message=alert.text,
                steps=steps,
                announce=f"{{name}} has {alert.id}",
            )
            alert.has_begun = True

    async def _answer(self, portal: DemoPortal) -> None:
        """Have the second ones answer soon after they were asked."""
        while True:
            asked = {
                entry["text"]: f"+{entry['to']}" for entry in await portal.ledger()
            }
            for alert in self._alerts:
                if (
                    alert.is_answered
                    and not alert.has_answered
                    and asked.get(alert.text) == alert.second
                ):
                    alert.has_answered = True
                    await receive(portal, alert.second[1:], f"OK {alert.id}")
            await asyncio.sleep(0.3)

    async def _settle(self, home: Home, sensor: str) -> None:
        """Wait until every alert is at its end, and what is said of it has left."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            stored = self._instance.stored(self._entry_id)
            if home.states[sensor]["state"] == "0" and not stored.stages:
                break
            await asyncio.sleep(0.5)
        await asyncio.sleep(1)

    async def _sent(self, home: Home) -> dict[tuple[str, str], str]:
        """Return the status of each message that was sent, by its text and number."""
        response = await home.action(
            "smskit.get_messages", returns=True, direction="out", limit=1000
        )
        return {(m["text"], m["to"]): m["status"] for m in response["messages"]}

    # --- The end ---------------------------------------------------------------------

    def _told(self, home: Home) -> Counter[tuple[str, str, str]]:
        """Return how often each event was told, by the witness that saw it most."""
        seen: Counter[tuple[str, str, str]] = Counter(
            (e.attributes["alert_id"], e.type, str(e.attributes["step"]))
            for e in home.events
            if e.entity_id == _ENTITY
        )
        noted: Counter[tuple[str, str, str]] = Counter(
            (alert_id, type_, step)
            for path in self._folder.glob("home-assistant.log.*")
            for alert_id, type_, step in _LINE.findall(path.read_text(encoding="utf-8"))
        )
        return seen | noted

    def _excuse(self, home: Home) -> None:
        """Note whose end was on disk as told, and had not been seen when it died."""
        stored = self._instance.stored(self._entry_id)
        still = {e["alert_id"] for e in stored.unpublished if e["kind"] == "alert"}
        told = {id_ for id_, type_, _ in self._told(home) if type_ in _ENDS}
        begun = {alert.id for alert in self._alerts if alert.has_begun}
        self._excused |= begun - stored.open_alerts - still - told

    def _judge(
        self,
        home: Home,
        ledger: list[Json],
        requests: list[Json],
        sent: dict[tuple[str, str], str],
    ) -> list[str]:
        told = self._told(home)
        billed = Counter((entry["text"], f"+{entry['to']}") for entry in ledger)
        left = Counter(
            (r["parameters"].get("message"), f"+{r['parameters'].get('to')}")
            for r in requests
            if r["operation"] == "sendsms"
        )
        ends = Counter(type_ for _, type_, _ in told if type_ in _ENDS)
        self._out.say(
            f"{sum(a.has_begun for a in self._alerts)} alerts were started, "
            + ", ".join(f"{count} {type_}" for type_, count in sorted(ends.items()))
        )
        statuses = Counter(sent.values())
        self._out.say(f"messages: {dict(sorted(statuses.items()))}")
        self._out.say(f"told at the moment of a kill: {len(self._excused)}")
        return [
            *(
                problem
                for alert in self._alerts
                for problem in self._problems(alert, told, billed, left, sent)
            ),
            *([] if len(self._excused) <= self._kills else ["too many were excused"]),
            *(f"log: {line}" for line in complaints(self._folder, _EXPECTED)),
        ]

    def _problems(
        self,
        alert: Raised,
        told: Counter[tuple[str, str, str]],
        billed: Counter[tuple[str, str]],
        left: Counter[tuple[str | None, str]],
        sent: dict[tuple[str, str], str],
    ) -> list[str]:
        problems: list[str] = []
        mine = {key: count for key, count in told.items() if key[0] == alert.id}
        if not (alert.has_begun or mine):
            # Home Assistant died before it took the call, as far as anybody knows.
            return problems
        what = f"{alert}, told {mine}"
        for text, number in (
            (alert.text, alert.first),
            (alert.text, alert.second),
            (alert.announcement, alert.first),
        ):
            if billed[text, number] > 1 or left[text, number] > 1:
                problems.append(f"“{text}” left more than once: {what}")
            elif text == alert.text and not billed[text, number]:
                # One that was on its way when it died may never have arrived.
                status = sent.get((text, number))
                if status != "unknown":
                    problems.append(f"“{text}” was lost, {status}: {what}")
        problems += [f"told {n} times: {what}" for n in mine.values() if n > 1]
        found = {type_ for _, type_, _ in mine if type_ in _ENDS}
        expected = {"acknowledged" if alert.has_answered else "exhausted"}
        if found != expected and not (alert.id in self._excused and not found):
            problems.append(f"its end should be {expected}, and is {found}: {what}")
        if alert.has_answered and billed[alert.text, alert.first]:
            status = sent.get((alert.announcement, alert.first))
            if not (billed[alert.announcement, alert.first] or status == "unknown"):
                problems.append(f"nobody was told who has it, {status}: {what}")
        return problems


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.process.alerts",
        description="Kills Home Assistant at random moments of open alerts.",
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--alerts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave logs and stores in this folder"
    )
    arguments = parser.parse_args()
    if not 0 < arguments.alerts <= MOST_MESSAGES // 2:
        parser.error(f"1 to {MOST_MESSAGES // 2} alerts")
    return arguments


def main() -> int:
    """Run; return the exit status."""
    arguments = _arguments()
    folder = folder_of(arguments)
    out = Transcript()
    kills, alerts, seed = arguments.kills, arguments.alerts, arguments.seed

    async def work() -> int:
        headline = f"{kills} kills, {alerts} alerts, seed {seed}"
        one = Run(folder, seed, kills=kills, alerts=alerts, out=out)
        return await run(one.run(), out, headline)

    return finish(work(), folder, arguments)


if __name__ == "__main__":
    sys.exit(main())
