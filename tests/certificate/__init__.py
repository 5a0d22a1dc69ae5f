"""The bundle of a certificate, and whoever wants to fool who verifies it."""
