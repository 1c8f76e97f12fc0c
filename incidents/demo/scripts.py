"""The stories: what kinds of incidents there are, and how each is told. Data only.

An entry that begins with “! ” is a decision, one with “* ” is pinned. `{…}` is filled from `FILLS`, the "
    "same throughout
one incident.
"""

from dataclasses import dataclass
from typing import Final

FILLS: Final = {
    "system": ("billing", "checkout", "the data warehouse", "single sign-on", "the mobile API", "the partner portal",
               "payroll", "the build farm"),
    "team": ("Finance", "Sales", "People operations", "the Lisbon office", "Procurement", "Customer support"),
    "vendor": ("Brightline", "Cartwright Cloud", "Northlake Mail", "Pelican Payments", "Quarry Analytics"),
    "place": ("Lagos", "Porto", "Kansas City", "Jakarta", "Riga", "an exit node in Iceland"),
    "device": ("a laptop", "a phone", "a badge printer", "a backup drive", "two tablets"),
    "number": ("12", "37", "58", "140", "410", "2,300"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Script:
    """One kind of incident.

    :ivar hours: from the report to stable, at least and at most; :ivar days: from stable to closed.
    :ivar costs: (type, least, most, note) of written costs, of which some incidents have some.
    """

    type: str
    titles: tuple[str, ...]
    description: str
    entries: tuple[str, ...]
    resolution: str
    severities: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    hours: tuple[float, float]
    days: tuple[float, float] = (0.5, 6)
    tasks: tuple[str, ...] = ()
    costs: tuple[tuple[str, int, int, str], ...] = ()
    service: str = "Security on-call"
    team: str = "Incident response"
    project: str = "Security"
    restricted: bool = False


SCRIPTS: Final = (
    Script(
        type="Phishing",
        titles=("Phishing wave against {team}", "Look-alike log-in page sent to {team}", "Fake invoice "
            "from {vendor}"),
        description="{number} people got a mail that asks them to sign in again. The page copies ours "
            "and was registered "
        "this morning. Two reported it with the button, one says that they typed their password.",
        entries=(
            "First report came in through the mail button; headers saved to the case folder.",
            "The sending address is a free account made today; SPF passes because it is their own domain.",
            "* {number} recipients, 5 opened it, 2 clicked.",
            "! Reset the passwords of everybody who clicked, without waiting for proof.",
            "Page reported to the hoster and to the browsers' lists.",
            "Mail removed from all mailboxes; the rule stays for 30 days.",
            "No log-ins from unknown places in the last 24 hours.",
        ),
        resolution="Passwords reset, mail removed, page taken down. No account was used by others.",
        severities=("Low", "Low", "Medium"),
        tags=(("cause", "Social engineering"), ("asset", "Mail")),
        hours=(1, 7),
        days=(0.2, 3),
        tasks=("Ask {team} to take the short training", "Add the look-alike domain to the watch list"),
    ),
    Script(
        type="Account takeover",
        titles=("Log-ins from {place} on an admin account", "Session of a {team} account used from {place}"),
        description="The detection for impossible travel fired twice in ten minutes. The account belongs "
            "to {team}; its "
        "owner is at home and has not travelled. A mailbox rule that hides replies was made right after.",
        entries=(
            "Owner called: not them.",
            "! End all sessions and switch the account off until we know more.",
            "Log-in used a valid second factor: prompt bombing, 14 prompts in three minutes.",
            "* The intruder read {number} mails and opened two shared folders.",
            "Mailbox rule exported as evidence, then removed.",
            "No other account signed in from the same network.",
            "! Move admins to hardware keys this week.",
        ),
        resolution="Account closed and rebuilt, keys handed out to all admins. What was read is listed "
            "in the review.",
        severities=("Medium", "High", "High"),
        tags=(("cause", "Stolen credentials"), ("asset", "Accounts")),
        hours=(3, 30),
        tasks=("Hand out hardware keys to admins", "Turn number matching on for everybody", "List what was read"),
        costs=(("Hardware and software", 900, 4200, "Security keys"),),
    ),
    Script(
        type="Malware",
        titles=("Malware on {device} of {team}", "Information stealer found on {device}", "Ransom note "
            "on a file share"),
        description="The endpoint agent stopped a process that packed browser profiles. It ran from a "
            "download of a free "
        "PDF tool. It is not clear yet whether anything was sent out before.",
        entries=(
            "Machine taken off the network by the agent.",
            "* Outbound connection of 48 MB to {place}, four minutes before it was stopped.",
            "! Treat all passwords in the browser as known to others.",
            "Memory image taken; disk image runs, about three hours.",
            "Sample is a known family; indicators shared with the group.",
            "Hunting on all machines: one more download, never started.",
            "! Rebuild the machine; nothing is copied back but documents.",
            "Rebuilt machine handed over.",
        ),
        resolution="Two machines rebuilt, {number} passwords changed, the tool's site is blocked.",
        severities=("Medium", "High", "Critical"),
        tags=(("cause", "Malicious software"), ("asset", "Workstations")),
        hours=(6, 60),
        tasks=("Block unsigned installers for {team}", "Rotate what was saved in the browser", "Write up the sample"),
        costs=(("Vendor", 4800, 21000, "Lantern Forensics, disk images"),
               ("Hardware and software", 1200, 2600, "New machine")),
    ),
    Script(
        type="Availability",
        titles=("{system} answers slowly", "{system} is down for some customers", "Errors at log-in to {system}"),
        description="Error rate rose from 0.1 to 14 per cent within two minutes. Support has {number} "
            "open tickets. A "
        "deploy went out twenty minutes earlier.",
        entries=(
            "Graphs show one region only.",
            "! Roll the last deploy back now and look for the reason afterwards.",
            "Rollback done; errors fall, but not to normal.",
            "* Connection pool of the primary is full: a report holds 80 connections.",
            "Report stopped, pool drained.",
            "Status page updated for the second time.",
            "Error rate normal for 30 minutes.",
        ),
        resolution="Rolled back, the report runs on the replica now and has a limit of its own.",
        severities=("Medium", "High", "Low"),
        tags=(("cause", "Change"), ("asset", "Production")),
        hours=(0.6, 5),
        days=(0.3, 4),
        tasks=("Limit connections of reports", "Alert on pool use above 80 per cent", "Test the rollback monthly"),
        costs=(("Lost revenue", 2000, 38000, "Estimated from the hourly average"),),
        service="Platform on-call",
        team="Platform",
        project="Payments",
    ),
    Script(
        type="Availability",
        titles=("Payments by {vendor} fail", "{vendor} cannot be reached from {system}"),
        description="All requests to {vendor} time out. Their status page is green. Customers see “try again later”.",
        entries=(
            "Second provider carries new payments; those under way wait.",
            "Called their hotline: they see it too.",
            "! Stay on the second provider until tomorrow morning, whatever they say tonight.",
            "* {number} payments are stuck between the two; list made.",
            "Their fix is out; we watch.",
            "Stuck payments settled by hand, none twice.",
        ),
        resolution="Their certificate had expired. Stuck payments were settled; the switch-over is automatic now.",
        severities=("High", "Critical", "Medium"),
        tags=(("cause", "Third party"), ("asset", "Payments")),
        hours=(2, 14),
        tasks=("Watch certificates of vendors", "Make the switch-over automatic"),
        costs=(("Lost revenue", 8000, 90000, "Payments that did not come back"),
               ("Compensation", 500, 7000, "Fees returned")),
        service="Platform on-call",
        team="Platform",
        project="Payments",
    ),
    Script(
        type="Data exposure",
        titles=("A bucket with exports of {system} was public", "Customer list sent to the wrong address",
                "Log files of {system} hold card numbers"),
        description="A customer told us. What can be seen is {number} records with names and addresses. "
            "How long it was "
        "open is not known yet.",
        entries=(
            "Confirmed from outside; screenshot saved.",
            "! Close it first, keep the access log.",
            "* Open since the migration in spring; the log has 11 readers besides us.",
            "Privacy officer and counsel brought in.",
            "! We report to the authority within 72 hours.",
            "Draft of the letter to customers is with counsel.",
            "Nine of the readers are search engines and scanners; two are unknown.",
            "Report to the authority filed.",
        ),
        resolution="Closed, reported in time, customers told. Exports expire by themselves after a day now.",
        severities=("High", "Critical", "Medium"),
        tags=(("cause", "Misconfiguration"), ("asset", "Customer data")),
        hours=(8, 70),
        days=(2, 12),
        tasks=("Write to the customers", "Find other buckets of this age", "Let exports expire", "File "
            "the final report"),
        costs=(("Vendor", 3500, 14000, "Outside counsel"),
               ("Fine", 5000, 20000, "Authority"), ("Compensation", 400, 3000, "")),
    ),
    Script(
        type="Lost device",
        titles=("{device} lost on a train", "{device} of {team} stolen from a car"),
        description="Reported by its owner. The disk is encrypted; it was locked. Badge and key ring are gone too.",
        entries=(
            "Remote wipe queued; not seen online since.",
            "Badge and keys switched off.",
            "! No report to the authority: encrypted, locked, password changed.",
            "Police report number added to the folder.",
        ),
        resolution="Wiped at its next contact, replaced.",
        severities=("Low", "Low", "Medium"),
        tags=(("cause", "Loss"), ("asset", "Workstations")),
        hours=(0.5, 4),
        days=(0.2, 5),
        tasks=("Order a replacement",),
        costs=(("Hardware and software", 900, 2400, "Replacement"),),
    ),
    Script(
        type="Vendor",
        titles=("{vendor} reports a break-in", "Leak at {vendor} names our accounts"),
        description="They wrote to all customers: somebody had their support tool for three days. We "
            "have {number} tickets "
        "there, some with attachments.",
        entries=(
            "List of our tickets exported; {number} of them.",
            "* Three tickets hold tokens that still work.",
            "! Rotate every token that was ever in a ticket, not only those three.",
            "Tokens rotated; nothing broke.",
            "Their final report says that attachments were not opened. Kept as their word, not as a fact.",
        ),
        resolution="Tokens rotated, tickets cleaned, the contract's clause on notice is used.",
        severities=("Medium", "High"),
        tags=(("cause", "Third party"), ("asset", "Accounts")),
        hours=(5, 40),
        days=(1, 9),
        tasks=("Look for secrets in tickets weekly", "Ask {vendor} for the evidence"),
    ),
    Script(
        type="Insider",
        titles=("Large download before leaving {team}", "Records of {system} looked up without a reason"),
        description="{number} files were copied to a private drive over a weekend. The person leaves at "
            "the end of the "
        "month. Handled with People operations and counsel only.",
        entries=(
            "Access log exported and sealed by two people.",
            "! Nobody talks to the person before counsel is in.",
            "* Files are mostly own work; {number} are customer contracts.",
            "Talk held; files given back and deleted in presence of two people.",
            "Statement signed.",
        ),
        resolution="Files returned, access ended early, no harm to customers.",
        severities=("Medium", "High"),
        tags=(("cause", "Insider"), ("asset", "Customer data")),
        hours=(10, 50),
        days=(1, 8),
        tasks=("End access on the last day automatically",),
        costs=(("Vendor", 1500, 6000, "Outside counsel"),),
        restricted=True,
    ),
    Script(
        type="Vulnerability",
        titles=("Exploited flaw in the VPN gateway", "Report through the bounty: account data of {system}",
                "Critical update for {system}"),
        description="A working exploit is public since last night. We run the affected version in two "
            "places. Scans of it "
        "are in our logs since 02:00.",
        entries=(
            "Inventory: two places, one of them faces the internet.",
            "! Take it off the internet until it is updated.",
            "* No sign that it was used: files, accounts and logs compared with the backup of last week.",
            "Update tried in staging, goes in tonight.",
            "Updated; workaround removed.",
        ),
        resolution="Updated within {number} minutes of the window; no sign of use.",
        severities=("High", "Medium", "Critical"),
        tags=(("cause", "Vulnerability"), ("asset", "Production")),
        hours=(4, 26),
        days=(0.5, 5),
        tasks=("Put the gateway behind the proxy", "Hear of such updates sooner", "Thank the finder"),
    ),
    Script(
        type="Fraud",
        titles=("Card testing at {system}", "Refunds to unknown accounts through {system}"),
        description="{number} small payments in an hour, nearly all declined, from one network. The same "
            "basket each time.",
        entries=(
            "Rule for this basket switched on; traffic falls by nine tenths.",
            "They changed the basket within eleven minutes.",
            "! Ask for a challenge on all payments below 3.00 until tomorrow.",
            "* {number} cards went through; banks told.",
            "Quiet for two hours.",
        ),
        resolution="Challenges stay for new accounts. Banks have the list.",
        severities=("Medium", "Low", "High"),
        tags=(("cause", "Fraud"), ("asset", "Payments")),
        hours=(1.5, 9),
        days=(0.5, 4),
        tasks=("Limit payments by network", "Report to the card schemes"),
        costs=(("Compensation", 300, 5200, "Charge-backs"), ("Other", 50, 900, "Scheme fees")),
        service="Platform on-call",
        project="Payments",
    ),
)  # fmt: skip
