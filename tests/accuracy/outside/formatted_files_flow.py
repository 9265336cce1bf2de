"""The files that sqlparse's command reads and writes, declared from outside."""

from penstock import flow

formatting = flow("formatting", title="How sqlparse formats a file")

formatting.entrypoint().patch("sqlparse.cli:main")
formatting.step(after="main", effects=["files:*.sql"]).patch("sqlparse.cli:_process_file")
