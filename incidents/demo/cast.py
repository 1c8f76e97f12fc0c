"""Who works in the demo organization: three places around the world, so that somebody is always awake."""

from dataclasses import dataclass
from typing import Final

BERLIN, NEW_YORK, SINGAPORE = "Europe/Berlin", "America/New_York", "Asia/Singapore"
PLACES: Final = {BERLIN: "Berlin", NEW_YORK: "New York", SINGAPORE: "Singapore"}


@dataclass(frozen=True, kw_only=True)
class Character:
    """Somebody. `role` is their membership in both projects; empty: known by address only, without an account.

    :ivar signs_in: gets the demo's password.
    """

    name: str
    title: str
    team: str
    time_zone: str
    role: str = "responder"
    signs_in: bool = False

    @property
    def email(self) -> str:
        """first.last@example.com."""
        return f"{self.name.lower().replace(' ', '.').replace('é', 'e').replace('ö', 'oe')}@example.com"


RESPONSE, PLATFORM, OFFICE, LEGAL, SUPPORT = "Incident response", "Platform", "Workplace IT", "Legal", "Support"

CAST: Final = (
    Character(name="Maya Brandt", title="Head of security", team=RESPONSE, time_zone=BERLIN, role="admin",
              signs_in=True),
    Character(name="Jonas Keller", title="Incident manager", team=RESPONSE, time_zone=BERLIN, role="manager",
              signs_in=True),
    Character(name="Elif Aydin", title="Security engineer", team=RESPONSE, time_zone=BERLIN),
    Character(name="Tomas Novak", title="Forensics", team=RESPONSE, time_zone=BERLIN),
    Character(name="Greta Lind", title="Site reliability engineer", team=PLATFORM, time_zone=BERLIN),
    Character(name="Daniel Ortiz", title="Incident manager", team=RESPONSE, time_zone=NEW_YORK, signs_in=True),
    Character(name="Renée Walker", title="Security engineer", team=RESPONSE, time_zone=NEW_YORK),
    Character(name="Marcus Hill", title="Site reliability engineer", team=PLATFORM, time_zone=NEW_YORK),
    Character(name="Abigail Stone", title="General counsel", team=LEGAL, time_zone=NEW_YORK, role="member"),
    Character(name="Priya Nair", title="Incident manager", team=RESPONSE, time_zone=SINGAPORE),
    Character(name="Wei Tan", title="Security engineer", team=RESPONSE, time_zone=SINGAPORE),
    Character(name="Farah Rahman", title="Site reliability engineer", team=PLATFORM, time_zone=SINGAPORE),
    Character(name="Lukas Meier", title="Workplace engineer", team=OFFICE, time_zone=BERLIN, role="member"),
    Character(name="Nora Quinn", title="Support lead", team=SUPPORT, time_zone=NEW_YORK, role="member"),
    Character(name="Ken Sato", title="Privacy officer", team=LEGAL, time_zone=SINGAPORE, role="member"),
    Character(name="Ines Costa", title="Consultant, Lantern Forensics", team="", time_zone=BERLIN, role=""),
)  # fmt: skip
