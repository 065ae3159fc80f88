"""Which part of the integration may import which; docs/architecture.md says why."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1] / "custom_components/smskit"

# From the bottom to the top: a part imports from below its own layer, and beside it
# as long as nothing goes round in a circle. What is not named is a platform, a flow or
# one of Home Assistant's other files, on top of everything.
LAYERS: Final = (
    {"api", "const"},
    {
        "phone_number",
        "portal_clock",
        "sender_id",
        "session",
        "settings",
        "store",
        "texts",
    },
    {"alerts", "channels", "inbox", "sending"},
    {"command_pin", "issues", "recipients", "removed_recipients", "usage"},
    {"coordinator"},
    {"permissions"},
    {"account", "entity", "frontend", "services"},
)
TOP: Final = len(LAYERS)


def layer(part: str) -> int:
    """Return how high a part of the top level is."""
    return next((n for n, parts in enumerate(LAYERS) if part in parts), TOP)


def module_name(path: Path, root: Path) -> tuple[str, ...]:
    """Return a module's name below the integration's."""
    parts = path.relative_to(root).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(path: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """Yield the modules of the integration that a file imports, wherever it does."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [one.name.split(".") for one in node.names]
            yield from (tuple(n[2:]) for n in names if n[:2] == list(root.parts[-2:]))
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                base = package[: len(package) - node.level + 1]
                target = (*base, *module)
            elif module[:2] == root.parts[-2:]:
                target = module[2:]
            else:
                continue
            for one in node.names:
                named = root.joinpath(*target, one.name)
                is_module = named.is_dir() or named.with_suffix(".py").is_file()
                yield (*target, one.name) if is_module else target


def violations(root: Path) -> list[str]:
    """Return every import that breaks a rule, and a circle if there is one."""
    found: list[str] = []
    graph: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for path in sorted(root.rglob("*.py")):
        name = module_name(path, root)
        targets = {
            target for target in imports(path, root) if target and target != name
        }
        graph[name] = targets
        for target in sorted(targets):
            mine, theirs = (*name, "")[0], target[0]
            line = f"{'.'.join(name) or '__init__'} imports {'.'.join(target)}"
            if mine == theirs:
                continue
            if mine == "api":
                found.append(f"{line}: the client knows nothing of what uses it")
            elif layer(theirs) > layer(mine):
                found.append(f"{line}: that is above it")
            elif len(target) > 1:
                found.append(f"{line}: that is inside another package")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as err:
        circle = " -> ".join(".".join(name) or "__init__" for name in err.args[1])
        found.append(f"a circle: {circle}")
    return found


def test_no_import_breaks_a_rule() -> None:
    """Nothing imports from above, from inside another package, or in a circle."""
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"api/client.py": "from ..const import DOMAIN"}, "nothing of what uses it"),
        ({"sending/outbox.py": "from ..coordinator import Data"}, "above it"),
        (
            {
                "inbox/inbox.py": (
                    "from typing import TYPE_CHECKING\n"
                    "if TYPE_CHECKING:\n    from ..account import Account"
                )
            },
            "above it",
        ),
        (
            {"inbox/inbox.py": "from custom_components.smskit.issues import Issues"},
            "above it",
        ),
        (
            {"sending/sender.py": "from ..inbox.models import Message"},
            "inside another package",
        ),
        ({"sensor.py": "from .sending.outbox import Totals"}, "inside another package"),
        (
            {
                "sending/a.py": "from .b import B",
                "sending/b.py": "def f():\n    from .a import A",
            },
            "a circle",
        ),
    ],
)
def test_what_it_finds(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    """Each rule is noticed when it is broken, under TYPE_CHECKING, too."""
    root = tmp_path / "custom_components/smskit"
    for name in ("api", "inbox", "sending"):
        (root / name).mkdir(parents=True)
        (root / name / "__init__.py").touch()
    for name in ("account", "const", "coordinator", "issues", "inbox/models"):
        (root / f"{name}.py").touch()
    (root / "sending/outbox.py").touch()
    assert violations(root) == []
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    (found,) = violations(root)
    assert reason in found
