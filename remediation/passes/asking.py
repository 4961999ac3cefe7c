"""A pass that a program asks for: of a commit, of a branch or of the ref's tip, and under one key only once."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta

from django.db import transaction

from remediation.collection.source import SourceError, check_ref
from remediation.models import ApiToken, CollectionPass, KeyedPass, Project
from remediation.passes.queueing import queue
from remediation.refusals import Refused

KEPT = timedelta(hours=24)  # a key, so that a retry finds its pass; a program that retries for longer asks anew
_KEY = re.compile(r"[\x21-\x7e]{1,100}")


def ask(
    project: Project, token: ApiToken, *, commit: str = "", branch: str = "", key: str = "", now: datetime
) -> CollectionPass:
    """Queue a pass in the name of the token's owner and return it; neither commit nor branch: the ref's tip.

    The same ``key`` of the same token within a day is the same pass, of any number who ask at once. Raises Refused
    for a name that git would not take, and for a key that stands for another request.
    """
    wanted = _named(project, commit, branch)
    if not key:
        return queue(project, trigger="api", user=token.owner, commit=wanted)
    if not _KEY.fullmatch(key):
        raise Refused("key", "An Idempotency-Key has 1 to 100 letters, digits or signs, without spaces.")
    asked = hashlib.sha256(json.dumps([project.pk, wanted]).encode()).hexdigest()
    with transaction.atomic():
        ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)  # whoever asks at once waits here
        KeyedPass.objects.filter(token=token, at__lt=now - KEPT).delete()
        known = KeyedPass.objects.filter(token=token, key=key).select_related("collection_pass").first()
        if known is None:
            queued = queue(project, trigger="api", user=token.owner, commit=wanted)
            KeyedPass.objects.create(token=token, key=key, asked=asked, collection_pass=queued, at=now)
            return queued
    if known.asked != asked:
        raise Refused("key", "This Idempotency-Key was sent with another request. Make a new one for each.")
    return known.collection_pass


def _named(project: Project, commit: str, branch: str) -> str:
    """What the pass is asked for; "" for the watched ref, whose tip a later pass of it looks at, too."""
    if commit and branch:
        raise Refused("branch", "Name a commit or a branch, not both.")
    named = commit or branch
    if not named:
        return ""
    try:
        check_ref(named)
    except SourceError as error:
        raise Refused("commit" if commit else "branch", "Name a commit, as in e7710ab, or a branch.") from error
    watched = project.ref if project.ref != "HEAD" else project.detected.get("branch", "")
    return "" if branch and branch == watched else named
