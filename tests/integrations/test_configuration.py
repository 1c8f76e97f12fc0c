"""A plugin's configuration: errors name the setting, secrets come in and never go out."""

import pytest

from core.errors import Invalid
from integrations.configuration import merged, parse, public, secret_fields
from tests.standins.plugins import Tracker

STORED = {
    "address": "https://tracker.example",
    "token": "correct-horse",
    "proxy_password": "battery",
    "timeout_seconds": 10,
    "account": {"user": "dispatch", "password": "staple"},
}


def test_a_secret_is_told_from_the_other_settings():
    assert secret_fields(Tracker) == {"token", "proxy_password"}


@pytest.mark.parametrize("kept", ["", "   ", None, "**********", "•••••", {"set": True}])
def test_a_secret_that_comes_back_blank_or_masked_keeps_its_value(kept):
    values = merged(Tracker, {"token": kept, "account": {"password": kept}}, STORED)

    assert values == STORED


def test_what_is_left_out_keeps_its_value():
    assert merged(Tracker, {"timeout_seconds": 20}, STORED) == {**STORED, "timeout_seconds": 20}


def test_a_new_secret_takes_the_old_ones_place():
    values = merged(Tracker, {"token": "new-secret-value", "account": {"password": "other"}}, STORED)

    assert values["token"] == "new-secret-value"
    assert values["account"] == {"user": "dispatch", "password": "other"}


def test_an_optional_secret_can_be_taken_away():
    assert merged(Tracker, {"proxy_password": {"set": False}}, STORED)["proxy_password"] is None


@pytest.mark.parametrize("mask", ["**********", "•••", {"set": True}, ""])
def test_a_mask_is_never_stored_when_there_was_no_secret(mask):
    with pytest.raises(Invalid) as refusal:
        merged(Tracker, {"address": "https://tracker.example", "token": mask}, {})

    assert refusal.value.field == "configuration.token"


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        (
            {"timeout_seconds": 99},
            "configuration.timeout_seconds",
            "Time-out: Input should be less than or equal to 30",
        ),
        ({"timeout_seconds": "soon"}, "configuration.timeout_seconds", "Time-out"),
        ({"adress": "x"}, "configuration.adress", "adress: there is no such setting"),
        ({"address": None}, "configuration.address", "Address: Field required"),
        ({"account": {"passwort": "x"}}, "", ""),
        ({"token": "short"}, "configuration.token", "Token: Value should have at least 8 items"),
    ],
)
def test_a_wrong_setting_is_named(given, field, says):
    if not field:
        assert merged(Tracker, given, STORED)["account"] == STORED["account"]
        return
    with pytest.raises(Invalid) as refusal:
        merged(Tracker, given, STORED)

    assert refusal.value.field == field
    assert says in refusal.value.message


def test_a_refusal_never_repeats_the_secret():
    with pytest.raises(Invalid) as refusal:
        merged(Tracker, {"token": ["hunter2-hunter2"]}, STORED)

    assert "hunter2" not in refusal.value.message


def test_faces_see_that_a_secret_is_set_and_not_the_secret():
    shown = public(Tracker, {**STORED, "proxy_password": None})

    assert shown == {
        "address": "https://tracker.example",
        "token": {"set": True},
        "proxy_password": None,
        "timeout_seconds": 10,
        "account": {"user": "dispatch", "password": {"set": True}},
    }


@pytest.mark.parametrize("plugin", [None, Tracker])
def test_of_settings_that_nothing_understands_only_the_names_are_shown(plugin):
    shown = public(plugin, {"token": "hunter2", "old_secret": "hunter2", "account": {"password": "hunter2"}})

    assert set(shown) == {"token", "old_secret", "account"}
    assert "hunter2" not in str(shown)


def test_a_parsed_configuration_does_not_show_its_secrets():
    assert "correct-horse" not in repr(parse(Tracker, STORED))
