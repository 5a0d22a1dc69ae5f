"""Makes the plugin known in a bare checkout; an installed one is found by its entry point of the same name."""

pytest_plugins = ["conformance.plugin"]
