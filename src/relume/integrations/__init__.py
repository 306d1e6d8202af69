"""relume within the tools of others: trackers that keep its series, frameworks that train under watch."""
