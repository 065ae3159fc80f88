"""Shows which files one message goes through on its way out."""
