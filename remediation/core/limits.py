"""How much of what a stream says is kept: characters of a text, entries of a list."""

LARGEST = 2**31 - 1  # what a Postgres integer holds
PATH, NODE, MESSAGE, TRACEBACK, NAME = 1_000, 2_000, 4_000, 20_100, 500
FRAMES, PENDING, BASES, WARNINGS, LIST, PACKAGES = 12, 200, 50, 200, 500, 2_000
OUTSIDE, CHAIN, NEAR, CYCLE = 4, 4, 5, 20
ERRORS = 200_000
