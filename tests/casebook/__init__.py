"""Cases as the people in them would tell them. Each is played as a journal through the real system."""
