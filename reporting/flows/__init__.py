"""The verbs of reporting, each module imported by its own path."""
