"""Real broken trees that nobody here wrote, with a reading of what is wrong in each, and the score against it."""
