"""When lamps and other consumables come to their limit, and what to buy until then (clause 16)."""
