"""A Processing API on this machine for clients of AWS: its own operations here, the services around it by moto."""
