"""How sqlparse parses and formats statements, declared from outside."""

from penstock import flow

statements = flow("statements", title="How sqlparse reads statements")

statements.entrypoint().patch("sqlparse:parse")
statements.entrypoint().patch("sqlparse:format")
statements.entrypoint().patch("sqlparse:split")
statements.step(after="parse").patch("sqlparse:parsestream")
statements.step(after="format").patch("sqlparse.formatter:validate_options")
statements.step(after="validate_options").patch("sqlparse.formatter:build_filter_stack")
statements.step(after=["split", "parsestream", "build_filter_stack"]).patch(
    "sqlparse.engine.filter_stack:FilterStack.run"
)
statements.step(after="run").patch("sqlparse.lexer:tokenize")
statements.step(after="tokenize").patch("sqlparse.lexer:Lexer.get_tokens")
statements.step(after="get_tokens").patch("sqlparse.engine.statement_splitter:StatementSplitter.process")
statements.step(after="process").patch("sqlparse.engine.grouping:group")
