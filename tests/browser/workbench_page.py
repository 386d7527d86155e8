"""The workbench page as a person uses it: its elements and the actions on it."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import FrameLocator, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.pictures import take_picture

#: Attempts: the add-on builds its menu after a workbook was opened, maybe while the menu is being used.
MENU_ATTEMPTS = 4
#: Attempts: what is drawn above the board moves it under the mouse.
DRAG_ATTEMPTS = 2


@dataclass
class WorkbenchPage:
    """One open page. ``errors`` collects the errors of its scripts."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, spreadsheet_id: str, sheet_title: str | None = None) -> None:
        """Open a workbook and, by its title, a tab; the first one without a title."""
        self.page.goto(f"{self.url}/#{spreadsheet_id}")
        self.page.locator("body[data-ready]").wait_for()
        if sheet_title is not None:
            self.open_tab(sheet_title)

    def open_tab(self, title: str) -> None:
        """Choose a tab and wait until its cells are loaded."""
        self.page.get_by_role("tab", name=title, exact=True).click()
        self.page.locator(f'#grid[data-sheet="{title}"]:not([aria-busy])').wait_for()

    def become(self, name: str) -> None:
        """Choose another person."""
        self.page.get_by_label("Кто за столом").select_option(label=name)

    def cell(self, a1: str) -> Locator:
        """A cell of the open tab."""
        return self.page.locator(f'#grid td[data-a1="{a1}"]')

    def type_into(self, a1: str, text: str) -> None:
        """Type a text into a cell and press Enter."""
        self.cell(a1).dblclick()
        self.page.locator("input.cell-editor").fill(text)
        self.page.keyboard.press("Enter")

    def choose_in(self, a1: str, option: str) -> None:
        """Choose a value from the list of a cell."""
        self.cell(a1).dblclick()
        self.page.locator("select.cell-editor").select_option(option)

    def choose_from_menu(self, caption: str) -> None:
        """Choose an item of the add-on's menu; try again if the add-on rebuilt its menu meanwhile."""
        for _ in range(MENU_ATTEMPTS - 1):
            try:
                self._choose_from_menu(caption, timeout_ms=3_000)
            except PlaywrightTimeoutError:
                self.page.keyboard.press("Escape")
            else:
                return
        self._choose_from_menu(caption, timeout_ms=30_000)

    def _choose_from_menu(self, caption: str, *, timeout_ms: float) -> None:
        self.page.get_by_role("menuitem", name="Расширения").click(timeout=timeout_ms)
        self.page.get_by_role("menuitem", name="Vitrina").hover(timeout=timeout_ms)
        self.page.get_by_role("menuitem", name=caption, exact=True).click(timeout=timeout_ms)

    @property
    def sidebar(self) -> FrameLocator:
        """The add-on's sidebar."""
        return self.page.frame_locator("#sidebar iframe")

    @property
    def dialog(self) -> Locator:
        """The dialog with Google's message about a refused edit."""
        return self.page.locator("dialog.message")

    def column(self, title: str) -> Locator:
        """A column of the tracker's board."""
        return self.page.locator("#board").get_by_role("region", name=title, exact=True)

    def card(self, text: str) -> Locator:
        """A card of the tracker's board."""
        return self.page.locator("#board .card", has_text=text)

    def drag(self, card: str, column: str) -> None:
        """Drag a card into another column and wait until it is there; again where the page has moved.

        A browser on a machine with much other work may begin no drag, however often one tries. Then the
        page gets the events of a drag without the mouse.
        """
        moved = self.column(column).locator(".card", has_text=card)
        for _ in range(DRAG_ATTEMPTS):
            # A page behind another one may get no drag.
            self.page.bring_to_front()
            self.card(card).drag_to(self.column(column))
            try:
                moved.wait_for(timeout=10_000)
            except PlaywrightTimeoutError:
                continue
            return
        carried = {"dataTransfer": self.page.evaluate_handle("new DataTransfer()")}
        self.card(card).dispatch_event("dragstart", carried)
        self.column(column).dispatch_event("drop", carried)
        expect(moved).to_be_visible()

    def screenshot(self, name: str) -> None:
        """Save a picture of the page."""
        take_picture(self.page, name)
