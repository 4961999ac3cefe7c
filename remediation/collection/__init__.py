"""The outside world of a pass: git, the sandbox, the target's interpreter and pytest. No Django."""
