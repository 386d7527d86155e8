"""The documents say what the code does: settings, kinds of documents, commands, captions, links."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.api_calls import ACTIONS
from vitrina.cli.commands import COMMANDS
from vitrina.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "functions" / "vitrina"
#: Calls with a kind of documents as an argument, and the index of the argument.
KIND_TAKERS = {"find": 0, "Put": 0, "Delete": 0, "Packed": 0, "unpack_one": 1}
LINK = re.compile(r"\]\(([^)\s]+)\)")
GUIDES = [(guide, locale) for guide in ("staff", "client") for locale in ("ru", "en")]


def markdown_files() -> list[Path]:
    """Every Markdown file of the repository."""
    names = ((path, path.relative_to(ROOT).parts) for path in ROOT.rglob("*.md"))
    return sorted(path for path, parts in names if not any(_is_skipped(part) for part in parts))


def _is_skipped(part: str) -> bool:
    return part.startswith(".") or part in ("node_modules", "artifacts")


def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def table_of(text: str) -> dict[str, list[str]]:
    """Lines of tables whose first cell is a code, by that code."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", text, re.MULTILINE)
    return {code: [cell.strip() for cell in cells.split(" | ")] for code, cells in rows}


def default_of(setting: dataclasses.Field[object]) -> str:
    """A default as written in docs/settings.md."""
    if setting.default_factory is not dataclasses.MISSING:
        return "empty"
    if setting.default is dataclasses.MISSING:
        return "required"
    return f"`{setting.default}`" if setting.default not in ("", None) else "empty"


# --- Settings and the store ----------------------------------------------------------------------


def test_every_setting_is_documented_with_its_default() -> None:
    """docs/settings.md lists exactly the fields of ``Settings``."""
    documented = {name: cells[0] for name, cells in table_of(read(DOCS / "settings.md")).items()}

    assert documented == {PREFIX + one.name.upper(): default_of(one) for one in dataclasses.fields(Settings)}


def kinds_in(tree: ast.AST) -> Iterator[str]:
    """Names of constants used as kind in writes, reads and searches of documents."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in KIND_TAKERS and len(node.args) > KIND_TAKERS[name]:
                kind = node.args[KIND_TAKERS[name]]
                if isinstance(kind, ast.Name) and kind.id.isupper():
                    yield kind.id
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            kind, key = node.elts
            is_pair_of_constants = isinstance(key, ast.Name) and key.id.isupper()
            if isinstance(kind, ast.Name) and kind.id.isupper() and not is_pair_of_constants:
                yield kind.id


def constants_in(tree: ast.Module) -> dict[str, str]:
    """Text constants of a module, by their names in capitals."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


@pytest.mark.slow
def test_every_kind_of_document_is_described() -> None:
    """The store's README lists the kinds of documents that the product reads and writes."""
    trees = [ast.parse(read(path)) for path in PACKAGE.rglob("*.py")]
    constants = {name: text for tree in trees for name, text in constants_in(tree).items()}
    used = {constants[name] for tree in trees for name in kinds_in(tree) if name in constants}

    assert set(table_of(read(PACKAGE / "store/README.md"))) == used | {"google_quota"}


def test_kinds_are_found_in_every_kind_of_use() -> None:
    """The check above sees writes, queries and keys."""
    lines = (
        "s.find(BOOK)",
        "Put(ITEM, k, {})",
        "Delete(LEASE, k)",
        "unpack_one(s, NORMS, k, d)",
        "x = TEAM, k",
    )

    assert sorted(kinds_in(ast.parse("\n".join(lines)))) == ["BOOK", "ITEM", "LEASE", "NORMS", "TEAM"]


# --- Commands and captions -----------------------------------------------------------------------


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(path: Path) -> None:
    """Every target of make and every module after ``python -m`` exists."""
    text = read(path)
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    modules = [
        one.replace(".", "/") for one in re.findall(r"python -m ((?:emulators|benchmarks)[\w.]*)", code)
    ]

    assert {one.strip() for one in re.findall(r"python -m vitrina\b(\S* *[\w-]*)", code)} <= COMMANDS.keys()
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets
    for module in modules:
        assert (ROOT / f"{module}.py").is_file() or (ROOT / module / "__main__.py").is_file(), module


def test_readme_counts_the_requests_of_every_action() -> None:
    """The table of the README has a line for each action that the benchmark measures."""
    text = read(ROOT / "README.md")

    for title in ACTIONS.values():
        assert re.search(rf"^\| {title} +\| +\d+ \|", text, re.MULTILINE), title


@pytest.mark.parametrize(("guide", "locale"), GUIDES)
def test_guides_use_the_words_of_the_product(guide: str, locale: str) -> None:
    """Both guides name every tab of the client's workbook; the staff's one also every item of the menu."""
    text = read(DOCS / "guide" / f"{guide}.{locale}.md")
    captions = json.loads(read(ROOT / f"functions/vitrina/texts/addon.{locale}.json"))
    titles = json.loads(read(ROOT / f"sheet_templates/texts.{locale}.json"))
    template = json.loads(read(ROOT / "sheet_templates/client.json"))

    for tab in template["tabs"]:
        assert f"**{titles[tab['key']]}**" in text, tab["key"]
    if guide == "staff":
        for key, caption in captions.items():
            assert not key.startswith("menu.") or caption in text, key


# --- Links and numbers ---------------------------------------------------------------------------


def anchors_of(path: Path) -> set[str]:
    """Anchors that the headings of a file make."""
    headings = re.findall(r"^#+ (.+)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_resolve(path: Path) -> None:
    """Every link inside the repository has an existing target."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", read(path), flags=re.DOTALL)
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        address, _, anchor = link.partition("#")
        target = (path.parent / address).resolve() if address else path
        assert target.exists(), link
        assert ROOT in target.parents, link
        assert not anchor or anchor in anchors_of(target), link


def test_decisions_are_numbered_without_gaps_and_complete() -> None:
    """Each record has its number and the required sections."""
    records = sorted((DOCS / "decisions").glob("*.md"))

    assert [path.name[:5] for path in records] == [f"{number:04}-" for number in range(1, len(records) + 1)]
    for path in records:
        text = read(path)
        assert text.startswith(f"# {path.name[:4]}. "), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Options",
            "Choice",
            "Consequences",
        ]
