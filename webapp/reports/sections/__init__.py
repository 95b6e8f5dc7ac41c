"""The sections of a month's report, by noun: each makes its part of the shape from the facts."""
