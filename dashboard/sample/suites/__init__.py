"""Every table of test files in the sample."""

from __future__ import annotations

from dashboard.sample.suite import Suite
from dashboard.sample.suites import core, monitoring, shared, users

SUITES: tuple[Suite, ...] = (*core.SUITES, *monitoring.SUITES, *users.SUITES, *shared.SUITES)
