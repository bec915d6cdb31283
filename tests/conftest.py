"""How the tests of rules for all values choose those values."""

from hypothesis import settings

# What decides whether a change may go in says the same of the same code each time; what looks for values that nobody
# has thought of yet chooses others each time and is run on its own (docs/decisions/0052).
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("gate")
