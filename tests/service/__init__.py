"""The tests of the rules that the service runs jobs by; none of them needs an engine."""
