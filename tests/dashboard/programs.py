"""How programs ask in tests: with a token that a person made."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from dashboard.api import schema
from remediation import api_tokens
from remediation.models import ApiToken, Project, User

V1 = "/api/v1/projects/"


def made(owner: User, scope: str = "read", project: Project | None = None) -> str:
    """A token, as its owner was shown it."""
    return api_tokens.make(owner, name="CI", scope=scope, project=project, days=30, now=timezone.now())


def row(token: str) -> ApiToken:
    """What is kept of it."""
    return ApiToken.objects.select_related("owner", "project").get(prefix=token[4:12])


def ask(token: str | None, path: str, body: Any = None, *, method: str = "", **headers: str) -> Any:
    """One call: a POST where there is a body; ``token`` None sends none."""
    sent = {"Authorization": f"Bearer {token}", **headers} if token is not None else headers
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if body is None and method in {"", "GET"}:
        return client.get(path, headers=sent)
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return client.generic(method or "POST", path, content, "application/json", headers=sent)


def strict_schema() -> dict[str, Any]:
    """The shapes of the description as :mod:`tests.core.schema` reads them; what a shape does not name is refused."""
    shapes = json.loads(
        json.dumps(schema.document()["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/")
    )
    for name, shape in shapes.items():
        if name != "Problem":
            shape["additionalProperties"] = False
    return {"$defs": shapes}
