"""What comes in: kept, told once, shown, asked for and answered."""
