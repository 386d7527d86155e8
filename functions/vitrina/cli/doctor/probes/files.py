"""Probes of Drive: files and who may open them."""

from __future__ import annotations

from vitrina.cli.doctor.probe import AssumptionFailedError, expect, probe
from vitrina.cli.doctor.scratch_workbook import ScratchWorkbook
from vitrina.errors import AccessDeniedError


@probe(11)
def service_account_makes_and_shares_files(scratch: ScratchWorkbook) -> None:
    """Create the scratch file in the configured folder and share it by link."""
    try:
        scratch.create()
        scratch.workbooks.share_by_link(scratch.file_id)
    except AccessDeniedError as error:
        raise AssumptionFailedError(f"Google answered {error.status}: {error.__cause__}") from error
    expect(
        any(one["type"] == "anyone" for one in scratch.workbooks.permissions(scratch.file_id)),
        "the file was shared, but has no permission for anyone",
    )


@probe(12)
def tag_is_found_at_once(scratch: ScratchWorkbook) -> None:
    """Search for the file right after its creation."""
    found = scratch.workbooks.find_by_tag(scratch.tag)
    expect(found == scratch.file_id, f"looked for {scratch.file_id}, found {found}")


@probe(13)
def second_link_replaces_the_first(scratch: ScratchWorkbook) -> None:
    """Share by link again and count the permissions."""
    scratch.workbooks.share_by_link(scratch.file_id)
    links = [one for one in scratch.workbooks.permissions(scratch.file_id) if one["type"] == "anyone"]
    expect(len(links) == 1, f"there are {len(links)} permissions for anyone")


PROBES = (service_account_makes_and_shares_files, tag_is_found_at_once, second_link_replaces_the_first)
