"""What templates need to write numbers and moments."""
