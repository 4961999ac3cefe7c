"""Everything that is computed from the facts in commit order: intervals, counts, ledgers, ticket statuses."""

from remediation.projections.fold import Renames, change_of, land, rebuild, retime

__all__ = ["Renames", "change_of", "land", "rebuild", "retime"]
