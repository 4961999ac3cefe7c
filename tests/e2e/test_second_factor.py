"""The second factor in a real browser: switched on with the code of an app, asked at the next sign-in."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.test_pages import faults


def _code(secret: str, step: int) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_a_person_switches_it_on_and_signs_in_with_it(visit: Visit, theme: str, width: int) -> None:
    visitor = visit("anonymous", theme=theme, width=width)
    page = visitor.go("/login/?next=/me/profile/")
    page.get_by_label("Name").fill("mei.lin")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    page.get_by_label("Password", exact=True).fill("pass-phrase-7")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Switch on").click()
    page.get_by_label("Password").fill("pass-phrase-7")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="The secret as a QR code")).to_be_visible()
    assert page.locator(".qr").evaluate("picture => picture.naturalWidth") > 0  # the content policy lets it be drawn
    found = faults(page, width)
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Code").fill(_code(secret, 0))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    found += faults(page, width)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("#factor + .form")).to_contain_text("10 recovery codes left")
    page.locator("#me > summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_label("Name").fill("mei.lin")
    page.get_by_label("Password", exact=True).fill("pass-phrase-7")
    page.get_by_role("button", name="Sign in", exact=True).click()
    found += faults(page, width)
    page.get_by_label("Code").fill(_code(secret, 1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Code of your app")
    assert found == [] and visitor.said == []
