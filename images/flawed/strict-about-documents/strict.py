"""Read the resources into a class of their own, and do the work."""

import sys
from dataclasses import dataclass

import processing


@dataclass
class Resources:
    """What the platform says of the hosts."""

    current_host: str
    hosts: list


print(Resources(**processing.read_config("resourceconfig.json")))
sys.exit(processing.main())
