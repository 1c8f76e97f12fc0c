"""Two ways to work a page: by mouse, and by keyboard alone. A journey is written once and made with either."""

import re
from collections.abc import Callable
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

# More stops than any page has; who gets here is trapped, or the thing cannot be reached.
MOST_STOPS = 250
# Whether the element is the one in focus, and whether a reader sees that something is: an outline or a ring on it, on
# its frame (a search box lights up as a whole), or on the label that stands for a hidden field.
FOCUS = """(wanted) => {
  const one = document.activeElement;
  if (!one || one === document.body) return {there: false, seen: true, says: "the browser's own bar"};
  const lit = (box) => {
    const style = box && getComputedStyle(box);
    return style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
      || /[1-9]\\d*px/.test(style.boxShadow.replace(/0px/g, "")));
  };
  const frame = one.closest(":focus-within:is(.picker, .searchbox)");
  const seen = [one, frame, ...(one.labels || [])].some(lit);
  const says = `${one.tagName} ${one.getAttribute("aria-label") || one.textContent || one.name}`.trim().slice(0, 60);
  return {there: one === wanted, seen, says};
}"""

Name = str | re.Pattern[str]


class Hands(Protocol):
    """What a journey does to a page."""

    def press(self, target: Locator) -> None: ...
    def write(self, field: Locator, text: str) -> None: ...
    def choose(self, field: Locator, label: str) -> None:
        """The option that begins so."""
        ...


class Mouse:
    """Points and clicks; types only text."""

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, field: Locator, text: str) -> None:
        field.click()
        field.fill(text)

    def choose(self, field: Locator, label: str) -> None:
        field.select_option(field.locator("option", has_text=re.compile(f"^{re.escape(label)}")).get_attribute("value"))


class Keyboard:
    """Goes with Tab, presses with Enter, and sees at each stop where it is."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        target.page.keyboard.press("Space" if target.get_attribute("type") == "checkbox" else "Enter")

    def write(self, field: Locator, text: str) -> None:
        self._reach(field)
        field.page.keyboard.press("Control+a")
        field.page.keyboard.type(text)

    def choose(self, field: Locator, label: str) -> None:
        self._reach(field)
        field.page.keyboard.type(label)
        expect(field.locator("option:checked")).to_have_text(re.compile(f"^{re.escape(label)}"))

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        wanted, keyboard, passed = target.element_handle(), target.page.keyboard, []
        for _stop in range(MOST_STOPS):
            here = target.page.evaluate(FOCUS, wanted)
            assert here["seen"], f"nothing shows that the focus is on: {here['says']}"
            if here["there"]:
                return
            passed.append(here["says"])
            keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {target}; it went round through {passed[-40:]}")


HANDS: dict[str, Callable[[], Hands]] = {"mouse": Mouse, "keyboard": Keyboard}


class Operator:
    """Somebody at an incident's page: what they say they do, in the words of the page."""

    def __init__(self, page: Page, hands: Hands) -> None:
        self.page, self.hands = page, hands

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def follow(self, name: Name) -> None:
        """A link of the page."""
        self.hands.press(self.page.locator("#main").get_by_role("link", name=name).first)

    def open(self, name: Name) -> None:
        """A dialog by its button, or by its entry under More."""
        button = self.page.locator(".head .actions").get_by_role("link", name=name).first
        if not button.is_visible():
            self.hands.press(self.page.locator(".head .actions summary"))
        self.hands.press(button)
        expect(self.dialog.get_by_role("heading", level=1)).to_be_visible()

    def write(self, label: Name, text: str) -> None:
        self.hands.write(self.dialog.get_by_label(label, exact=isinstance(label, str)).first, text)

    def choose(self, label: str, option: str) -> None:
        self.hands.choose(self.dialog.get_by_label(label, exact=True), option)

    def send(self, name: str) -> None:
        """The dialog's button; the dialog goes when it is done."""
        self.hands.press(self.dialog.get_by_role("button", name=name, exact=True))
        expect(self.dialog).to_have_count(0)
