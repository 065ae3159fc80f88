"""Tests in Chromium, with the real frontend, Home Assistant and a portal."""
