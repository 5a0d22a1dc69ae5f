"""What a check is made of: its declaration, its source, its evidence, and the runs that it asks for."""
