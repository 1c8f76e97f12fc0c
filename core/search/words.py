"""What both databases are given to index and to look for: words that we cut ourselves, so that both find the same."""

import re
import unicodedata

NO_WORD = re.compile(r"[\W_]+", re.UNICODE)
ACCENT = re.compile("[\u0300-\u036f]")
LONGEST_TEXT = 100_000  # characters of a document; PostgreSQL's limit is a megabyte for its words and their places
LONGEST_QUERY = 300
MOST_TERMS = 12
LONGEST_WORD = 100  # PostgreSQL refuses words above 2 KiB
# An English ending, and how much of a word must be left before it.
ENDINGS = (("ies", 4), ("ing", 4), ("ed", 4), ("es", 4), ("s", 3))


def words(text: str) -> list[str]:
    """The words of a text without case and accents, in their order. INC-42 is two of them."""
    folded = unicodedata.normalize("NFKD", text[:LONGEST_TEXT]).casefold()
    plain = unicodedata.normalize("NFC", ACCENT.sub("", folded))
    return [word[:LONGEST_WORD] for word in NO_WORD.split(plain[:LONGEST_TEXT]) if word]


def terms(text: str) -> list[str]:
    """The beginnings to look for; each word of a document that begins so is found. Empty when the text has no word."""
    return [_root(word) for word in words(text[:LONGEST_QUERY])[:MOST_TERMS]]


def hold(text: str, terms: list[str]) -> bool:
    """Whether every term is the beginning of a word of the text."""
    there = words(text)
    return bool(terms) and all(any(word.startswith(term) for word in there) for term in terms)


def excerpt(text: str, terms: list[str], length: int = 120) -> str:
    """The part of the text around the first word that is looked for, on one line."""
    said = text.split()
    place = next((at for at, one in enumerate(said) if _begins(one, terms)), 0)
    # A few words before it, so that it is read in its sentence.
    begin = max(place - 5, 0)
    found = ("… " if begin else "") + " ".join(said[begin : begin + length])
    return found if len(found) <= length else found[: length - 1] + "…"


def _begins(written: str, terms: list[str]) -> bool:
    return any(word.startswith(term) for word in words(written) for term in terms)


def _root(word: str) -> str:
    """The word without its ending, so that laptops finds laptop and phishing finds phished."""
    if word.endswith("ss"):
        return word
    return next(
        (word[: -len(end)] for end, left in ENDINGS if word.endswith(end) and len(word) >= len(end) + left), word
    )
