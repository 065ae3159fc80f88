"""The README says what is true, and its examples do what it says."""
