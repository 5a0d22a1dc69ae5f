"""Take memory, and use it."""

taken = [bytearray(b"x" * (1 << 20)) for _ in range(400)]
