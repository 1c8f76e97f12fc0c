"""Full-text search over what apps register, filtered by access in the query itself."""

from core.search.finding import matching_ids, search
from core.search.indexing import Entry, forget, index, index_new, register, remove, rewrite
from core.search.sources import Hit, Source, register_source

__all__ = [
    "Entry",
    "Hit",
    "Source",
    "forget",
    "index",
    "index_new",
    "matching_ids",
    "register",
    "register_source",
    "remove",
    "rewrite",
    "search",
]
