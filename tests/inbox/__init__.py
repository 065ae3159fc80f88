"""What comes in: kept, reported once, shown, asked for and answered."""
