"""Settings come from the environment, and what cannot work is refused with what to do."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from dashboard import doctor
from dashboard.celery import app
from dashboard.environment import (
    broker_from_url,
    database_from_url,
    env_bool,
    env_int,
    env_list,
    env_text,
    mail_from_url,
)
from dashboard.first_link import VALID_SECONDS, check, issue_link, redeem
from dashboard.logs import LineFormatter

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("word", "value"),
    [("1", True), ("Yes", True), ("on", True), ("TRUE", True), ("0", False), ("no", False), ("", True)],
)
def test_a_yes_or_no_is_read(monkeypatch, word, value):
    monkeypatch.setenv("A_SETTING", word)
    assert env_bool("A_SETTING", True) is value


@pytest.mark.parametrize("word", ["2", "ja", "tru", "y e s"])
def test_another_word_is_refused(monkeypatch, word):
    monkeypatch.setenv("A_SETTING", word)
    with pytest.raises(ImproperlyConfigured, match="A_SETTING"):
        env_bool("A_SETTING", False)


@pytest.mark.parametrize("word", ["3.5", "many", "1e3", "-1"])
def test_not_a_usable_number_is_refused(monkeypatch, word):
    monkeypatch.setenv("A_SETTING", word)
    with pytest.raises(ImproperlyConfigured, match="A_SETTING"):
        env_int("A_SETTING", 1)


def test_texts_and_lists(monkeypatch):
    monkeypatch.setenv("A_SETTING", " a, b ,,c ")
    assert env_text("A_SETTING") == "a, b ,,c"
    assert env_list("A_SETTING") == ["a", "b", "c"]
    assert env_text("ANOTHER_SETTING", "default") == "default"


def test_database_url():
    found = database_from_url("postgresql://us%40er:p%2Fw@db.example.org:5499/app?sslmode=require")
    assert found["USER"] == "us@er"
    assert found["PASSWORD"] == "p/w"
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example.org", "5499", "app")
    assert found["OPTIONS"] == {"sslmode": "require"}
    assert database_from_url("postgres://u:p@/app?host=%2Frun%2Fpg")["HOST"] == "/run/pg"


@pytest.mark.parametrize("url", ["mysql://u:hush@h/app", "postgresql://u:hush@h", "postgresql://u:hu/sh@h:x/app", "x"])
def test_unusable_database_url_is_refused_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        database_from_url(url)
    assert "hush" not in str(caught.value)


def test_mail_urls():
    found = mail_from_url("smtp://us%40er:p%2Fw@mail.example.org")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_USER"]) == ("mail.example.org", 587, "us@er")
    assert found["EMAIL_HOST_PASSWORD"] == "p/w"
    assert found["EMAIL_USE_TLS"] and not found["EMAIL_USE_SSL"]
    found = mail_from_url("smtps://mail.example.org")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (465, True, False)
    found = mail_from_url("smtp://localhost:2525?tls=no")
    assert (found["EMAIL_PORT"], found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (2525, False, False)


@pytest.mark.parametrize("url", ["mail.example.org", "http://u:hush@h", "smtp://u:hush@h:x", "smtp://"])
def test_unusable_mail_url_is_refused_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as caught:
        mail_from_url(url)
    assert "hush" not in str(caught.value)


def test_the_doctor_says_how_mail_is_sent_and_never_the_password(settings):
    assert doctor.mail().text == "not configured, nothing is sent (EMAIL_URL)"
    for name, value in mail_from_url("smtp://mailer:hush@mail.example.org").items():
        setattr(settings, name, value)
    settings.MAIL, settings.DEFAULT_FROM_EMAIL = True, "dashboard@example.org"
    assert doctor.mail().line() == (
        "warn mail: mail.example.org:587, STARTTLS, from dashboard@example.org, set SITE_URL for its links"
    )
    settings.SITE_URL = "https://dashboard.example.org"
    assert (doctor.mail().state, doctor.mail().remedy) == ("ok", "")


def test_redis_urls():
    assert broker_from_url("redis://:pw@h:1/2") == "redis://:pw@h:1/2"
    assert broker_from_url("unix://:pw@/run/v.sock?db=3") == "redis+socket://:pw@/run/v.sock?virtual_host=3"
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        broker_from_url("amqp://h")


def test_celery_and_redis_py_reach_the_same_database_through_the_socket(clean_redis):
    with app.connection_for_write(settings.CELERY_BROKER_URL) as broker:
        queue = broker.SimpleQueue("reached")
        queue.put({"a": 1}, serializer="json")
        assert clean_redis.llen("reached") == 1
        queue.close()


def test_a_process_started_by_a_test_sees_the_tests_rows_and_servers(child_environment, django_user_model):
    django_user_model.objects.create_user("seen")
    code = (
        "import django; django.setup(); from django.contrib.auth import get_user_model as m; from django.conf import "
    )
    code += "settings as s; print(m().objects.get().username, s.REDIS_URL)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=child_environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["seen", settings.REDIS_URL], done.stderr


def test_a_wrong_password_is_refused_by_the_broker():
    url = settings.REDIS_URL.replace("unix://:", "unix://:x")
    with redis.Redis.from_url(url) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def settings_process(**environment: str) -> subprocess.CompletedProcess[str]:
    code = "import django; django.setup(); from django.conf import settings as s; print(len(s.SECRET_KEY), s.DEBUG)"
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=kept | {"DJANGO_SETTINGS_MODULE": "dashboard.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_real_database_needs_a_given_key(tmp_path):
    done = settings_process(DATABASE_URL="postgresql://u:p@h/app", DATA_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


def test_mail_needs_a_sender(tmp_path):
    done = settings_process(EMAIL_URL="smtp://u:hush@mail.example.org", DATA_DIR=str(tmp_path))
    assert done.returncode != 0
    assert "DEFAULT_FROM_EMAIL is not" in done.stderr and "hush" not in done.stderr


def test_the_embedded_one_keeps_a_key_of_its_own(tmp_path):
    first = settings_process(DATA_DIR=str(tmp_path / "data"))
    assert first.stdout.split() == ["64", "False"], first.stderr
    key = tmp_path / "data" / "private" / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600
    kept = key.read_text()
    settings_process(DATA_DIR=str(tmp_path / "data"))
    assert key.read_text() == kept


@pytest.mark.django_db
def test_health_and_headers(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "broker": "ok"}
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_a_lost_broker_degrades_and_says_so(client, settings):
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_is_down(client):
    connection.close()
    host = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        answer = client.get("/healthz")
    finally:
        connection.close()
        connection.settings_dict["HOST"] = host
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"


def test_plotly_comes_out_of_its_wheel():
    found = finders.find("plotly/plotly.min.js")
    assert Path(found).stat().st_size > 1_000_000
    assert finders.find("plotly/datasets.js") is None
    assert finders.find("plotly/plotly.min.js", find_all=True) == [found]


def test_one_event_is_one_line_whatever_is_in_it():
    record = logging.LogRecord("a.b", logging.WARNING, "", 0, 'x\n{"level": "info"}\x1b[31m %s', ("é\u202e",), None)
    line = LineFormatter().format(record)
    assert "\n" not in line
    event = json.loads(line)
    assert (event["level"], event["logger"]) == ("warning", "a.b")
    assert event["text"] == 'x\n{"level": "info"} é'


def test_the_first_link_works_once(tmp_path):
    token = issue_link(tmp_path)
    stored = tmp_path / "private" / "first-link.json"
    assert stored.stat().st_mode & 0o777 == 0o600
    assert token not in stored.read_text()
    assert not redeem(tmp_path, token + "x")
    assert check(tmp_path, token)
    assert redeem(tmp_path, token)
    assert not redeem(tmp_path, token)
    assert not check(tmp_path, token)


def test_a_new_link_ends_the_one_before(tmp_path):
    first, second = issue_link(tmp_path), issue_link(tmp_path)
    assert not redeem(tmp_path, first)
    assert redeem(tmp_path, second)


def test_the_first_link_ends_with_its_day(tmp_path, time_machine):
    time_machine.move_to("2026-11-01 12:00Z", tick=False)
    token = issue_link(tmp_path)
    time_machine.shift(VALID_SECONDS - 1)
    assert check(tmp_path, token)
    time_machine.shift(1)
    assert not redeem(tmp_path, token)


def test_of_many_at_once_one_redeems(tmp_path):
    token = issue_link(tmp_path)
    code = "import sys; from pathlib import Path; from dashboard.first_link import redeem"
    code += "; print(redeem(Path(sys.argv[1]), sys.argv[2]))"
    command = [sys.executable, "-c", code, str(tmp_path), token]
    racers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    answers = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    assert sorted(answers) == ["False"] * 7 + ["True"]


def test_a_broken_record_redeems_nothing(tmp_path):
    issue_link(tmp_path)
    for text in ("", "[]", '{"sha256": 3}', "null"):
        (tmp_path / "private" / "first-link.json").write_text(text)
        assert not redeem(tmp_path, "token")
