"""What the ground does of itself when something happens."""

from core import erasure
from core.attachments import flows as attachments
from core.timeline import texts

erasure.register("event", attachments.forget)
erasure.register("event", texts.forget)
