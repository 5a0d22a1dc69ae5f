"""Whatever an image, a user's file or an engine holds is read to an end, or refused in the suite's own words.

`make fuzz` looks for bytes that are not (`__main__.py`); what it has found is in `found/`, which the tests read.
"""
