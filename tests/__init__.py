"""Tests of the SMSKit integration."""
