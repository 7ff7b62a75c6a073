"""Did it bring people back? Rates, differences, verdicts and the report: pure decisions on figures that the store counted."""
