"""Weekly reports: how a project's time is cut into weeks."""

from remediation.reporting.slots import plan_of, weeks_of

__all__ = ["plan_of", "weeks_of"]
