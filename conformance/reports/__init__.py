"""The reports: `document` is the source of truth, the others are rendered from it."""
