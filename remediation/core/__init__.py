"""Pure Python on frozen values: no Django, no I/O, no clock."""
