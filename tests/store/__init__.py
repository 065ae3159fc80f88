"""Tests of the database of an account."""
