"""Durable work: effects outside (operations) and long work inside (jobs)."""

from core.operations.planning import plan

__all__ = ["plan"]
