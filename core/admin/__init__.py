"""The console's pages of the ground: projects, access, timelines, operations, the schedule."""

from core.admin import accounts, events, operations, projects, saved_views, schedule, sessions, tokens

__all__ = ["accounts", "events", "operations", "projects", "saved_views", "schedule", "sessions", "tokens"]
