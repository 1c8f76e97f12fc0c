"""A lived-in organization to look at: a year of incidents told through the product's own flows, dated from today.

The same on each load: everything is drawn from one seeded source. Nobody is mailed and nothing leaves the process.
"""
