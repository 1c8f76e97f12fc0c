"""The verbs of on-call in one place: services and layers, overrides and swaps, the stored shifts, calendar feeds."""

from people.flows.feeds import TooManyFeeds, find_feed, make_feed, revoke_feed, shifts_of
from people.flows.overrides import OverrideOver, add_override, cancel_override
from people.flows.rotas import ask_all, note_failure, refresh, refresh_all, refresh_of, store_shifts
from people.flows.services import MOST_MEMBERS, delete_layer, save_layer, save_service, set_escalation
from people.flows.shift_feedback import FeedbackOver, ask_how_shifts_were, say_how_it_was
from people.flows.swaps import CannotSwap, SwapDecided, accept_swap, ask_swap, decline_swap, withdraw_swap
from people.oncall.coverage import Duty, double_duty, duties, gaps

__all__ = [
    "MOST_MEMBERS", "CannotSwap", "Duty", "FeedbackOver", "OverrideOver", "SwapDecided", "TooManyFeeds",
    "accept_swap", "add_override", "ask_all", "ask_how_shifts_were", "ask_swap", "cancel_override", "decline_swap",
    "delete_layer", "double_duty", "duties", "find_feed", "gaps", "make_feed", "note_failure", "refresh",
    "refresh_all", "refresh_of", "revoke_feed", "save_layer", "save_service", "say_how_it_was", "set_escalation",
    "shifts_of", "store_shifts", "withdraw_swap",
]  # fmt: skip
