"""What is found of the ground: what people wrote on timelines."""

from core.search import Source, register_source
from core.timeline import texts
from core.timeline.models import Event

register_source(
    Source(
        name=texts.KIND, model=Event, find=texts.find, subjects=texts.subjects, rebuild=texts.rebuild,
        is_unfilled=texts.is_unfilled,
    )
)  # fmt: skip
