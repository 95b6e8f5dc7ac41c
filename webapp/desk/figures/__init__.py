"""The month's figures: pass rate, availability, ageing, repeat offenders (clauses 10, 18 and 44).

Screens and the monthly report ask the same functions, and a month's figures come from that month's
inspections that count, so that they are the same whenever they are asked for.
"""
