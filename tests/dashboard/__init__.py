"""Tests of dashboard; a package, so that two folders may hold a test file of one name."""
