"""What the invented incidents are called and what people write about them."""

from random import Random
from typing import Final

# In a third of the titles and some entries; in 25 titles of the first thousand.
COMMON: Final = "database"
RARE: Final = "zerologon"
RARE_EVERY, RARE_IN = 40, 1000

WHAT = (
    "Suspicious log-in", "Ransom note", "Leaked credentials", "Unknown process", "Outage", "Phishing wave",
    "Expired certificate", "Data sent outside", "Privilege change", "Port scan", "Lost laptop", "Odd traffic",
)  # fmt: skip
WHERE = (
    "the payroll server", "the mail gateway", "a build agent", "the web shop", "a partner's network", "the VPN",
    "the data lake", "a director's phone", "the domain controller", "the badge system", "the test cluster",
)  # fmt: skip
DONE = (
    "Took an image of the disk and stored it with the evidence", "Blocked the address at the border",
    "Asked the provider for their log of last night", "Reset the password and ended the sessions",
    "Compared the hashes with what the vendor published", "Told the owner of the system what we know",
    "Isolated the host; it answers to us alone", "Found nothing new in the mail log",
    "Restored from the copy of Monday and watched it", "Wrote the customer a first answer",
)  # fmt: skip
NEXT = (
    "more at noon", "waiting for the provider", "the shift after us goes on", "no sign of spreading",
    "legal has been told", "the second host is next", "nothing points to a person yet",
)  # fmt: skip
TASKS = ("Renew the certificates", "Write the report", "Check the backups", "Rotate the keys", "Tell the partners")


def title(number: int, random: Random) -> str:
    """A title; the rare word is in every fortieth of the first thousand."""
    about = f" by {RARE}" if number <= RARE_IN and number % RARE_EVERY == 0 else ""
    where = f"the {COMMON} of {random.choice(WHERE)}" if random.random() < 1 / 3 else random.choice(WHERE)
    return f"{random.choice(WHAT)} on {where}{about}"


def description(random: Random) -> str:
    """A few sentences."""
    return ". ".join(random.choice(DONE) for _ in range(3)) + f"; {random.choice(NEXT)}."


def entry(random: Random) -> str:
    """What somebody writes on the timeline."""
    about = f" of the {COMMON}" if random.random() < 1 / 20 else ""
    return f"{random.choice(DONE)}{about}, {random.choice(WHERE)}: {random.choice(NEXT)}."
