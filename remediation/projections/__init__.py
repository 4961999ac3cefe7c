"""Everything that is computed from the facts in commit order: intervals, counts, ledgers, ticket statuses."""

from remediation.projections.fold import Facts, Renames, change_of, give_time, land, rebuild

__all__ = ["Facts", "Renames", "change_of", "give_time", "land", "rebuild"]
