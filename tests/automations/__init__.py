"""Triggers, conditions, and blueprints, run by Home Assistant's own automations."""
