"""What `reference/gradients.py` is made of, in the order in which a check uses it.

inputs       take the caller's arguments apart: which numbers are differentiated, what is held fixed
subject      call forward and backward on fresh copies; flatten what comes back
entries      move entries of the inputs and see what the outputs do
sparsity     find entries that touch different outputs, so that they can be moved together
guesses      guess from the shapes which entries touch different outputs, and hold the guess to the numbers
stacking     call forward once for several copies of an input, where it takes them
sweep        confirm a gradient entry by entry in few calls
derivatives  a slope with a bound on its error
claims       what backward claims against what was measured, for one number or along a random direction
verdict      the course of an inquiry: probes first, then the entries in doubt
ties         entries that share a kink
wording      the sentences
table        the result: outcome, reason, table, curve

`arguments` stands apart: checks for all functions of `reference` that are no ops.
"""
