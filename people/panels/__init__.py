"""What the console shows of people beside their own pages: a subject's tabs and notices, the home page's cards, the
sidebar's counts.
"""

from people.panels import handovers, oncall, pages, participants, tasks, waiting  # noqa: F401 (they register themselves)
