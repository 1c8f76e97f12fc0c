"""Full-text search over what apps register, filtered by access in the query itself."""

from core.search.finding import Hit, matching_ids, search
from core.search.indexing import Entry, forget, index, register, remove

__all__ = ["Entry", "Hit", "forget", "index", "matching_ids", "register", "remove", "search"]
