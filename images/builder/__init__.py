"""Builds the images: `python -m images.builder.build NAME...`.

Where the ordinary base of an image cannot be pulled, a substitute of the same role is made from Debian packages.
"""
