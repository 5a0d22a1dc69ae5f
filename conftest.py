"""Makes the plugin known in a bare checkout, where nothing is installed that would."""

from importlib.metadata import entry_points

# pytest refuses this name in a conftest.py that is not at the root of what it runs, and a session elsewhere meets this
# file on its way to the checks; there the plugin is installed, for else there would be no such session.
if not entry_points(group="pytest11", name="pytest_sagemaker_processing"):
    pytest_plugins = ["pytest_sagemaker_processing"]
