"""The environment, for the modules beside this one."""

from dispatch_project.variables import BASE_DIR, EMBEDDED, HOME, SQLITE, env

__all__ = ["BASE_DIR", "EMBEDDED", "HOME", "SQLITE", "env"]
