"""What is assumed about Drive: files and who may open them."""

from __future__ import annotations

from vitrina.cli.doctor.check import NotSoError, check, expect
from vitrina.cli.doctor.scratch import Scratch
from vitrina.errors import AccessDeniedError


@check(11)
def service_account_makes_and_shares_files(scratch: Scratch) -> None:
    """Make the scratch file in the configured folder and open it to whoever has the link."""
    try:
        scratch.create()
        scratch.workbooks.share_by_link(scratch.file_id)
    except AccessDeniedError as error:
        raise NotSoError(f"Google answered {error.status}: {error.__cause__}") from error
    expect(
        any(one["type"] == "anyone" for one in scratch.workbooks.permissions(scratch.file_id)),
        "the file is shared and nobody may open it by its link",
    )


@check(12)
def tag_is_found_at_once(scratch: Scratch) -> None:
    """Look for the file that was made a moment ago."""
    found = scratch.workbooks.find_by_tag(scratch.tag)
    expect(found == scratch.file_id, f"looked for {scratch.file_id}, found {found}")


@check(13)
def second_link_replaces_the_first(scratch: Scratch) -> None:
    """Share once more and count."""
    scratch.workbooks.share_by_link(scratch.file_id)
    links = [one for one in scratch.workbooks.permissions(scratch.file_id) if one["type"] == "anyone"]
    expect(len(links) == 1, f"there are {len(links)} permissions for anyone")


CHECKS = (service_account_makes_and_shares_files, tag_is_found_at_once, second_link_replaces_the_first)
