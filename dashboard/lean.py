"""Our styles and scripts as they are served: without the comments and the indentation, which are for their readers."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

OURS = ("css/", "js/")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def lean(name: str, text: str) -> str:
    """The text of the static file ``name`` without comments, indentation and empty lines.

    Of a script only whole lines go, so no string can be cut; a script of ours holds no string of several lines.
    """
    if name.endswith(".css"):
        text = _CSS_COMMENT.sub("", text)
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


class LeanStorage(CompressedManifestStaticFilesStorage):
    """Hashed, compressed names; ours are stored lean."""

    def _save(self, name: str, content: Any) -> str:
        if name.startswith(OURS) and name.endswith((".css", ".js")):
            content = ContentFile(lean(name, b"".join(content.chunks()).decode()).encode())
        stored: str = super()._save(name, content)
        return stored
