"""The texts of the sample's files that are not made from a table."""
