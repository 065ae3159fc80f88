"""What goes out, from the action to the portal's ledger."""
