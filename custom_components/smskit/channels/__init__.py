"""The WhatsApp channels of an account."""
