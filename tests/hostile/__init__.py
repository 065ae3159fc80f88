"""A portal that is nothing but hostile, and what Home Assistant does meanwhile."""
