"""The link at a mail's end that stops such mail: one click, without signing in, and it can do nothing else."""

from __future__ import annotations

from django.core import signing


def token_of(salt: str, pk: int) -> str:
    """What the link bears; ``salt`` says which mail it stops, ``pk`` whose."""
    return signing.Signer(salt=salt).sign(str(pk)).replace(":", "~")


def pk_of(salt: str, token: str) -> int | None:
    """Whose mail a link stops; None for a link that we did not make."""
    try:
        return int(signing.Signer(salt=salt).unsign(token.replace("~", ":")))
    except signing.BadSignature:
        return None


def headers(address: str) -> dict[str, str]:
    """By which mail programs show a button of their own. A path alone is no address that one could call."""
    if not address.startswith("http"):
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
