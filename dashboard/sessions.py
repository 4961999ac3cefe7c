"""Sessions in the database that know whose they are, where they began and when they were last used."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone

from dashboard.acting import address_of
from remediation.models import Session, User

TOUCH = timedelta(minutes=5)  # how old "last used" may be: a write for every request would be one too many
BACKEND = "dashboard.signed_in.SignedIn"
_KEPT = "signed_in"  # where the session remembers its beginning
_SYSTEMS = (("iPhone|iPad", "iOS"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X|Macintosh", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
_BROWSERS = (("Edg", "Edge"), ("OPR|Opera", "Opera"), ("Firefox|FxiOS", "Firefox"), ("Chrom|CriOS", "Chrome"),
             ("Safari", "Safari"))  # fmt: skip


class SessionStore(DatabaseStore):
    """Django's own store with two columns more, so that a person's sessions can be listed and ended."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Our table instead of Django's."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row of this session. To save it is to use it."""
        row: Session = super().create_model_instance(data)
        row.user_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        return row

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()
        now = timezone.now()
        if row is not None and now - row.last_used_at > TOUCH:
            Session.objects.filter(pk=row.pk).update(last_used_at=now)
        return row


@dataclass(frozen=True, slots=True)
class Device:
    """One signed-in browser. ``handle`` names it in a form without giving its key away; ``here``: it is the asker's."""

    handle: str
    name: str
    address: str
    since: datetime | None
    last_used_at: datetime
    here: bool


def sign_in(request: HttpRequest, user: User) -> None:
    """Sign the person in, in a session that remembers where it began."""
    login(request, user, backend=BACKEND)
    request.session[_KEPT] = {
        "agent": request.META.get("HTTP_USER_AGENT", "")[:300],
        "address": address_of(request),
        "at": timezone.now().isoformat(),
    }


def devices_of(user: User, current_key: str) -> list[Device]:
    """The person's sessions, the asker's own first, then the last used."""
    rows = Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-last_used_at")
    found = [_device(row, current_key) for row in rows]
    return sorted(found, key=lambda device: not device.here)


def end(user: User, handle: str) -> bool:
    """End one of the person's sessions; False where there is none of that handle."""
    keys = Session.objects.filter(user=user).values_list("session_key", flat=True)
    named = [key for key in keys if _handle(key) == handle]
    return Session.objects.filter(user=user, session_key__in=named).delete()[0] > 0


def describe(agent: str) -> str:
    """A browser's own words in two of ours: "Firefox on Linux". What it says of itself proves nothing."""
    browser = next((name for pattern, name in _BROWSERS if re.search(pattern, agent)), "")
    system = next((name for pattern, name in _SYSTEMS if re.search(pattern, agent)), "")
    return " on ".join(filter(None, (browser, system))) or "Unknown browser"


def _device(row: Session, current_key: str) -> Device:
    kept = row.get_decoded().get(_KEPT) or {}
    return Device(
        handle=_handle(row.session_key),
        name=describe(kept.get("agent", "")),
        address=kept.get("address", ""),
        since=datetime.fromisoformat(kept["at"]) if "at" in kept else None,
        last_used_at=row.last_used_at,
        here=row.session_key == current_key,
    )


def _handle(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]
