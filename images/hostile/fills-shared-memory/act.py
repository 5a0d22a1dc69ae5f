"""Write 300 MB to /dev/shm."""

with open("/dev/shm/filler", "wb") as filler:
    for _ in range(300):
        filler.write(b"x" * (1 << 20))
