"""What dashboards get."""
