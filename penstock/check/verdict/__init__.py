"""The verdict on each declared edge."""

from penstock.check.verdict.judgement import Judgement, judge

__all__ = ["Judgement", "judge"]
