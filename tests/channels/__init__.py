"""Tests of WhatsApp channels."""
