"""How sqlparse parses and formats statements, declared from outside."""

import sqlparse
from in_place import put
from sqlparse import formatter, lexer
from sqlparse.engine import grouping
from sqlparse.engine.filter_stack import FilterStack
from sqlparse.engine.statement_splitter import StatementSplitter

from penstock import flow

statements = flow("statements", title="How sqlparse reads statements")

put(statements.entrypoint, sqlparse, "parse")
put(statements.entrypoint, sqlparse, "format")
put(statements.entrypoint, sqlparse, "split")
put(statements.step(after="parse"), sqlparse, "parsestream")
put(statements.step(after="format"), formatter, "validate_options")
put(statements.step(after="validate_options"), formatter, "build_filter_stack")
put(statements.step(after=["split", "parsestream", "build_filter_stack"]), FilterStack, "run")
put(statements.step(after="run"), lexer, "tokenize")
put(statements.step(after="tokenize"), lexer.Lexer, "get_tokens")
put(statements.step(after="get_tokens"), StatementSplitter, "process")
put(statements.step(after="process"), grouping, "group")
