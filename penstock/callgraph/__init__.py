"""Static analysis of a flow's steps: reads the imported objects and their source without running them.

Every step is interpreted as Python would run it, with sets of possible values in place of values: names are resolved
where the function has them, methods along the method resolution order, decorators to the objects that they made of a
function. The return value of a step is followed to the arguments that receive it. The idea is that of PyCG
(https://arxiv.org/abs/2103.00587); because the objects exist, little has to be guessed.
"""

from penstock.callgraph.analysis import StepAt, read
from penstock.callgraph.results import Reading

__all__ = ["Reading", "StepAt", "read"]
