"""Tests in a browser: Chromium, the real frontend, the real Home Assistant, a portal."""
