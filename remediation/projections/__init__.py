"""Everything that is computed from the facts in commit order: intervals, counts, ledgers, ticket statuses."""

from remediation.projections.fold import Renames, land, rebuild, retime

__all__ = ["Renames", "land", "rebuild", "retime"]
