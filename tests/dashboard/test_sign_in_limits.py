"""Tries of signing in are counted, by name and by address, and the refusal says until when."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard.accounts import too_many
from remediation.models import AuditLine, Remembered, User
from tests import factories
from tests.dashboard.cast import words

RIGHT = "pass-phrase-7"
WRONG = "Name or password is wrong."


@pytest.fixture
def mei(db: None) -> User:
    return factories.user("mei.lin")


def _try(password: str = "wrong", *, name: str = "mei.lin", **headers: Any) -> str:
    """What the page says; "" where the person was let in."""
    answer = Client().post("/login/", {"login": name, "password": password}, **headers)
    return words(answer.content.decode()) if answer.status_code != 302 else ""


def test_after_five_tries_not_even_the_right_password_counts_and_the_page_says_until_when(
    mei: User, clean_redis: Any
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for _ in range(5):
            assert WRONG in _try()
            clean_redis.flushall()  # an emptied Redis lifts nothing
        for spelling in ("mei.lin", "Mei.Lin"):
            page = _try(RIGHT, name=spelling, HTTP_HOST="127.0.0.1")
            assert "Too many tries. Try again in 5 minutes." in page and WRONG not in page
        line = AuditLine.objects.get()
        assert (line.verb, line.object, line.address) == ("held up", "signing in as mei.lin", "127.0.0.1")
        assert WRONG in _try(name="nobody")  # another name is not held up
        clock.move_to(start + timedelta(minutes=3, seconds=30))
        assert "Too many tries. Try again in 2 minutes." in _try(RIGHT)
        clock.move_to(start + timedelta(minutes=5, seconds=1))
        assert _try(RIGHT) == ""


def test_a_name_that_nobody_has_is_limited_like_one_that_exists(mei: User) -> None:
    said = {name: [_try(name=name) for _ in range(6)] for name in ("mei.lin", "nobody")}
    told = {name: [WRONG in page for page in pages] for name, pages in said.items()}
    assert told["mei.lin"] == told["nobody"] == [True] * 5 + [False]


def test_right_passwords_use_nothing_up(mei: User) -> None:
    assert [_try(RIGHT) for _ in range(7)] == [""] * 7


def test_one_address_has_twenty_tries_a_minute_whatever_names_it_takes(mei: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        pages = [_try(name=f"person{n}", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}") for n in range(21)]
        assert [WRONG in page for page in pages] == [True] * 20 + [False]
        assert "Try again in 1 minute." in pages[-1]
        assert _try(RIGHT, REMOTE_ADDR="198.51.100.7") == ""  # somebody else is not held up


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(mei: User, settings: Any) -> None:
    settings.TRUSTED_PROXY = True
    with time_machine.travel(timezone.now(), tick=False):
        forged = [_try(name=f"person{n}", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}, 198.51.100.7") for n in range(21)]
        assert WRONG not in forged[-1]
        assert _try(RIGHT, HTTP_X_FORWARDED_FOR="198.51.100.8") == ""


@pytest.mark.parametrize(("seconds", "said"), [(-3, "1 minute."), (59, "1 minute."), (61, "2 minutes."), (300, "5 m")])
def test_the_time_is_in_whole_minutes_rounded_up(seconds: float, said: str) -> None:
    assert too_many(seconds).startswith(f"Too many tries. Try again in {said}")


# --- the memory behind it ---------------------------------------------------------


def test_of_many_who_add_at_once_one_is_first(transactional_db: None) -> None:
    cache.set("old", "x", timeout=0.001)
    won: list[bool] = []
    ready = threading.Barrier(12)

    def add() -> None:
        ready.wait()
        for key in ("new", "old"):
            won.append(cache.add(key, threading.get_ident(), timeout=60))
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won.count(True) == 2


def test_values_are_json_and_expire(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        cache.set("tries", [1.5, 2.25], timeout=60)
        cache.set("for ever", {"a": None}, timeout=None)
        assert cache.get("tries") == [1.5, 2.25] and cache.get("nothing", 7) == 7
        assert cache.touch("tries", 120) and not cache.touch("nothing")
        clock.shift(61)
        assert cache.get("tries") == [1.5, 2.25]
        clock.shift(60)
        assert cache.get("tries") is None and cache.get("for ever") == {"a": None}
    assert Remembered.objects.get(key__endswith="tries").value == [1.5, 2.25]  # plain to read, and nothing to run
    assert cache.delete("tries") and not cache.delete("tries")
    with pytest.raises(TypeError):
        cache.set("object", object())
    cache.clear()
    assert not Remembered.objects.exists()
