"""Coverage: which arrows, pairs of arrows and paths of a flow the tests take."""
