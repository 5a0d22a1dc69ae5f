"""The tests of the pages that users read, and of their command blocks."""
