"""Alerts: people are asked one after the other until somebody has it."""
