"""``python -m deploy.compiled_pages`` writes the templates of the clients' pages as Python modules.

Jinja would compile a template in each fresh process that uses it. Modules are compiled once, when a function
is deployed, as all others.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from vitrina.web.pages.rendering import COMPILED, environment_of, template_loader


def compile_pages(folder: Path | None = None) -> None:
    """Write the modules into *folder*, or where the product looks for them, in place of what is there."""
    target = folder or COMPILED
    shutil.rmtree(target, ignore_errors=True)
    environment_of(template_loader()).compile_templates(target, extensions=["html"], zip=None)


if __name__ == "__main__":
    compile_pages()
