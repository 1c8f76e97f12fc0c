"""What the ground does of itself when something happens."""

from core import erasure
from core.attachments import flows as attachments

erasure.register("event", attachments.forget)
