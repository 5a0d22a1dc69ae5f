"""Make previews, which takes minutes for large inputs."""

import time

time.sleep(300)
