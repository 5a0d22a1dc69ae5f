"""What only jobs of several hosts need: their network, their places on it, their name server, their shares."""
