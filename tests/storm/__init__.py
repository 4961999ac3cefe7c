"""Many people at once, for minutes: run by ``make storm``, one line for each promise."""
