"""The texts that are kept of a pass, as one plain file."""

from __future__ import annotations

from remediation.models import CollectionPass

_NOTHING = "Nothing was kept of this pass's output."


def text_of(collection_pass: CollectionPass) -> str:
    """The command, the end of pytest's output and the log of the installation; what is not kept is left out."""
    commit = collection_pass.commit or "unknown"
    head = f"Pass #{collection_pass.number} of {collection_pass.project.name}, commit {commit}"
    parts = (
        ("Command", collection_pass.command),
        ("Why nothing was counted", collection_pass.reason_text),
        ("What was said last", collection_pass.detail),
        ("End of pytest's output", collection_pass.output_tail),
        ("Log of the environment's installation", collection_pass.install_log),
    )
    said = [f"== {title}\n{text.rstrip()}\n" for title, text in parts if text.strip()]
    return "\n".join([f"{head}: {collection_pass.outcome}\n", *(said or [_NOTHING + "\n"])])
