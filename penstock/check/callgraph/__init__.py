"""What the code says of the steps of a flow, read from the imported objects and their source, without running any of it.

Every step is read as Python would run it, with sets of possible values in the place of values: names are looked up
where the function really has them, methods along the real order of classes, decorators are what they made of a
function. What a step returns is followed to the arguments that it ends up in. The idea is that of PyCG
(https://arxiv.org/abs/2103.00587); because the objects exist, most of what it has to guess is known.
"""

from penstock.check.callgraph._reading import StepAt, read
from penstock.check.callgraph._results import Reading

__all__ = ["Reading", "StepAt", "read"]
