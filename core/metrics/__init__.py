"""Figures for Prometheus: of requests, as each process counts them, and of the work, as the database knows it."""
