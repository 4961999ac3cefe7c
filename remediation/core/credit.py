"""The commit to which a verified ticket is attributed, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credit:
    """To which commit a verified ticket is attributed. ``how``: "marked" (``by`` had named it, and the pass contains
    it), "only" (no other commit lies between), "files" (no other touches the files to blame), "" where it is not known.

    ``commits``: how many lie between pass ``seen``, the last that saw the ticket, and the one that verified it; None
    where the first does not lead to the second, or, with ``seen`` 0, where git was not asked.
    """

    how: str = ""
    commit: str = ""
    by: str = ""
    commits: int | None = None
    seen: int = 0

    def said(self, number: int) -> tuple[str, str, str]:
        """Our words before the commit, its first nine digits, and how it is known; ``number``: the verifying pass."""
        lies = "commit lies" if (self.commits or 0) < 2 else "commits lie"
        between = f"between #{self.seen} and #{number}"
        match self.how:
            case "marked":
                how = f"marked by {self.by}, confirmed by #{number}"
            case "only":
                how = f"the only commit {between}"
            case "files":
                how = f"of {self.commits or 0:,} commits {between} the only one on the files to blame"
            case _ if not self.seen:
                return ("Commit not known: git was not asked", "", "")
            case _ if self.commits is None:
                return (f"Commit not known: #{number} does not contain the commit of #{self.seen}", "", "")
            case _:
                return (f"Commit not known: {self.commits or 'no'} {lies} {between}", "", "")
        return ("Attributed to ", self.commit[:9], f", {how}")


UNKNOWN = Credit()
