"""Follows the words of SQL statements to the names of tables that they write and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Names = set[tuple[str, ...]]
"""Qualified names, in parts."""

_STARTS_WORDS = """
    SELECT INSERT UPDATE DELETE REPLACE MERGE TRUNCATE COPY WITH DECLARE REFRESH LOAD VALUES
"""
_STARTS = frozenset(_STARTS_WORDS.split())
"""First words of statements that touch rows. What only defines tables is left out."""

_LIST_ENDS_WORDS = """
    WHERE GROUP ORDER HAVING LIMIT UNION EXCEPT INTERSECT SET VALUES SELECT RETURNING WINDOW OFFSET FETCH FOR
"""
_LIST_ENDS = frozenset(_LIST_ENDS_WORDS.split())
_NO_STATEMENT = frozenset(["FOR", "KEY", "DO", "ON", "THEN"])
"""Words before an UPDATE that belongs to another statement, as in ``FOR UPDATE`` and ``DO UPDATE``."""

_FILLERS_WORDS = """
    ONLY LATERAL TABLE LOW_PRIORITY IGNORE QUICK CONCURRENTLY MATERIALIZED VIEW IF NOT EXISTS
"""
_FILLERS = frozenset(_FILLERS_WORDS.split())
_NO_NAMES_WORDS = """
    SELECT VALUES WITH SET WHERE FROM UNNEST OUTFILE DUMPFILE USING DEFAULT AS ON
"""
_NO_NAMES = frozenset(_NO_NAMES_WORDS.split())
_CALLS_WITH_FROM = frozenset(["EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "OVERLAY", "POSITION"])
MAX_COLUMNS = 1000
"""Maximum number of tokens between the name and the direction of a COPY."""

_JOINS = frozenset({"JOIN", "STRAIGHT_JOIN"})


class Token(NamedTuple):
    """A word, a mark, a value or a quoted name of a statement.

    Attributes:
        text: The name that it may be: in lower case, or as quoted; empty for a value.
        word: In upper case, for comparison with keywords; empty for a quoted name.
    """

    text: str
    word: str


_END = Token("", ";")


class _Level:
    """The inside of a pair of parentheses.

    Attributes:
        before: The token before it.
        listed: Where the tables go that follow a comma at this level.
    """

    __slots__ = ("before", "listed")

    def __init__(self, before: Token) -> None:
        self.before = before
        self.listed: Names | None = None


class TableReader:
    """Reads the tokens of a statement, or of several.

    Args:
        tokens: The tokens, without comments.

    Attributes:
        writes: The tables that are written.
        reads: Those that are read, among them ``own_names``.
        own_names: Names that the statement itself gives to queries.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self.writes: Names = set()
        self.reads: Names = set()
        self.own_names: set[str] = set()
        self._tokens = [*tokens, _END, _END]
        self._at = 0
        self._levels = [_Level(_END)]
        self._closed = _END
        """The token before the parentheses that closed last."""
        self._start = ""
        """The first word of the statement; empty where it has yet to come."""
        self._filled: Names = set()
        """The table that a statement defines, and may fill with a query."""
        self._words: dict[str, Callable[[], object]] = {
            "INTO": lambda: self._take(self.writes),
            "UPDATE": self._read_update,
            "DELETE": self._read_delete,
            "FROM": self._read_from,
            "USING": self._read_using,
            "TRUNCATE": lambda: self._take_list(self.writes),
            "REFRESH": lambda: self._take(self.writes),
            "COPY": self._read_copy,
            "AS": self._read_query_name,
            **dict.fromkeys(_JOINS, lambda: self._take(self.reads)),
        }
        while self._at < len(tokens):
            self._step()

    def _peek(self, distance: int = 0) -> Token:
        return self._tokens[min(self._at + distance, len(self._tokens) - 1)]

    def _step(self) -> None:
        token = self._peek()
        self._at += 1
        level = self._levels[-1]
        if token.word == ";":
            self._levels, self._start = [_Level(_END)], ""
        elif token.word == "(":
            self._levels.append(_Level(self._before()))
        elif token.word == ")":
            self._close()
        elif token.word == ",":
            if level.listed is not None and self._start in _STARTS:
                self._take(level.listed)
        elif token.word:
            self._read_word(token.word, level)

    def _before(self) -> Token:
        """Return the token before the current one."""
        return self._tokens[self._at - 2] if self._at > 1 else _END

    def _close(self) -> None:
        if len(self._levels) > 1:
            self._closed = self._levels.pop().before

    def _read_word(self, word: str, level: _Level) -> None:
        self._start = self._start or word
        if word in _LIST_ENDS:
            level.listed = None
        if self._start == "CREATE":
            self._read_definition(word)
        elif self._start in _STARTS and word in self._words and self._before().word != ".":
            self._words[word]()

    def _read_definition(self, word: str) -> None:
        """Read ``CREATE TABLE … AS SELECT``: from its query on, it is a statement that writes."""
        if word == "TABLE":
            self._filled = set()
            self._take(self._filled)
        elif word in {"SELECT", "WITH"} and self._filled:
            self.writes |= self._filled
            self._filled, self._start = set(), word
        elif word in {"TRIGGER", "FUNCTION", "PROCEDURE", "VIEW", "RULE"}:
            self._start = "DEFINITION"

    def _read_update(self) -> None:
        if self._before().word not in _NO_STATEMENT:
            if self._peek().word == "OR":
                self._at += 2
            self._take(self.writes)

    def _read_delete(self) -> None:
        if self._before().word != "THEN":
            self._at += self._peek().word == "FROM"
            self._take(self.writes)

    def _read_from(self) -> None:
        is_argument = self._levels[-1].before.word in _CALLS_WITH_FROM or self._before().word == "DISTINCT"
        if not is_argument and self._start != "COPY":
            self._take_list(self.reads)

    def _read_using(self) -> None:
        if self._peek().word != "(":
            self._take_list(self.reads)

    def _read_copy(self) -> None:
        names: Names = set()
        self._take(names)
        later = (token.word for token in self._tokens[self._at : self._at + MAX_COLUMNS])
        direction = next((word for word in later if word in {"FROM", "TO"}), "")
        (self.writes if direction == "FROM" else self.reads).update(names)
        if not names:
            self._start = "SELECT"  # what is copied is a query

    def _read_query_name(self) -> None:
        """Remember the name before ``AS (``, which may have columns in parentheses."""
        skipped = sum(self._peek(distance).word in {"NOT", "MATERIALIZED"} for distance in (0, 1))
        if self._peek(skipped).word == "(":
            before = self._before()
            self.own_names.add((self._closed if before.word == ")" else before).text)

    def _take_list(self, names: Names) -> None:
        self._levels[-1].listed = names
        self._take(names)

    def _take(self, names: Names) -> None:
        """Read the name of a table that can stand here; a call or a query in its place is none."""
        while self._peek().word in _FILLERS:
            self._at += 1
        token = self._peek()
        if not token.text or token.word in _NO_NAMES or token.text in "().,":
            return
        parts = []
        while (token := self._peek()).text and token.text not in "(),":
            parts.append(token.text)
            self._at += 1
            if self._peek().word != ".":
                break
            while self._peek().word == ".":
                self._at += 1
        if parts and (names is not self.reads or self._peek().word != "("):
            names.add(tuple(parts))
