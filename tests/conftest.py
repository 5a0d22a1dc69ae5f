"""What all tests share: how Hypothesis draws."""

from hypothesis import HealthCheck, settings

# No test may depend on how fast the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
