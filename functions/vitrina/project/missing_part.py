"""Says why a part of a new project is not there yet."""

from __future__ import annotations

from vitrina.errors import CellsError, RetriableServiceError, VitrinaError
from vitrina.texts import Sentence, render, sentence

#: Most bad cells that are named.
MOST_CELLS = 5


def reason_of(error: VitrinaError, locale: str) -> str:
    """The reason that an error gives, in a language. What passes is tried again by itself."""
    if isinstance(error, RetriableServiceError):
        return render(sentence("launch.no_answer", service=error.service), locale)
    if isinstance(error, CellsError):
        cells = [problem.cell for problem in error.problems[:MOST_CELLS]]
        return render(sentence("launch.cells", sheet=error.problems[0].sheet, cells=cells), locale)
    return render(Sentence(error.code, error.where), locale)
