"""Generates the code of wrappers, each with the parameters of the wrapped function.

Libraries inspect a function's own code, not only the wrapped one: Celery makes the check of a task's arguments from
it. So a wrapper with ``*args, **kwargs`` is not enough. Each kind of wrapper is a template, which is compiled once for
each shape of a parameter list; the names are put in afterwards, which is cheap.
"""

from __future__ import annotations

from types import CodeType, FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import CellType
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

    Shape = tuple[int, int, int, int]

FILE = "<wrapper of penstock, skipped as importlib._bootstrap is>"
"""The file name of wrappers, in angle brackets like all code without source, so that tracebacks show no lines for it.

:mod:`warnings` and :mod:`logging` skip frames whose file has both these words when they count ``stacklevel``
(``_is_internal_frame`` in both), so warnings about a step's caller point to the right line.
"""

VARARGS, VARKEYWORDS = 0x04, 0x08  # inspect.CO_*
_ANY: Shape = (0, 0, 0, VARARGS | VARKEYWORDS)
_GIVEN: Shape = (-1, 0, 0, VARARGS | VARKEYWORDS)
"""The flags of a wrapper whose first argument is the callable."""

# In each: an observer is there → the slow path; no run to start → the plain call; else bind the run. The last line is never
# reached. It gives the wrapper a cell for the class around, in which a function has what `super()` needs: what makes a
# class again, as attrs and dataclasses do for slots, looks for that cell in every function of the class.

STEP = """
def wrapper(PARAMETERS):
    if observers:
        return observed(target, mark, POSITIONAL, KEYWORDS, lazy)
    return target(ARGUMENTS)
    __class__
"""

MANAGER = """
def wrapper(PARAMETERS):
    return opened(target, mark, POSITIONAL, KEYWORDS)
    __class__
"""

COROUTINE = """
async def wrapper(PARAMETERS):
    if observers:
        return await await_in(scope(mark), target, POSITIONAL, KEYWORDS)
    try:
        return await target(ARGUMENTS)
    except:
        penstock_run = get()
        raise
    __class__
"""

GENERATOR = """
def wrapper(PARAMETERS):
    if not observers and not starts:
        return (yield from target(ARGUMENTS))
    return (yield from drive(target(ARGUMENTS), resumed(mark)))
    __class__
"""

# Python runs signal handlers between instructions: where a function begins, after a call of a C function, where a loop
# goes on. What they raise there (a time limit, Ctrl-C) must leave no run behind. So the run is bound inside of `try`,
# and given back by one call of a C function, before which no handler can run.

ENTRYPOINT = """
def wrapper(PARAMETERS):
    if observers:
        return observed(target, mark, POSITIONAL, KEYWORDS, lazy)
    penstock_run = outer = get()
    if inherit and outer is not None and (outer.joinable or join(outer, mark)):
        return target(ARGUMENTS)
    penstock_run = None
    try:
        penstock_run = begin(mark)
        bind(penstock_run)
        result = target(ARGUMENTS)
        if kind_of(result) in lazy:
            result, penstock_run = go_on(result, penstock_run)
        return result
    finally:
        bind(outer)
        if penstock_run is not None:
            penstock_run.joinable = None
    __class__
"""

# A coroutine may be closed in another context than the one that it ran in, where only a token knows that nothing is to
# be restored. Without a token, it was interrupted before it could be anywhere else.

COROUTINE_ENTRYPOINT = """
async def wrapper(PARAMETERS):
    if observers:
        return await await_in(scope(mark), target, POSITIONAL, KEYWORDS)
    penstock_run = outer = get()
    if inherit and outer is not None and (outer.joinable or join(outer, mark)):
        return await target(ARGUMENTS)
    penstock_run = token = None
    try:
        penstock_run = begin(mark)
        token = bind(penstock_run)
        return await target(ARGUMENTS)
    finally:
        if token is None:
            bind(outer)
        else:
            try:
                reset(token)
            except foreign as error:
                ignore(error)
        if penstock_run is not None:
            penstock_run.joinable = None
    __class__
"""

ASYNC_GENERATOR = """
async def wrapper(PARAMETERS):
    generator, scope = target(ARGUMENTS), resumed(mark)
    enter, resumption, argument = scope.begin, first, generator
    has_run, has_event = scope.has_run, scope.has_event
    try:
        while True:
            token = event_token = None
            try:
                event_token = bind_event(get_event()) if has_event else None
                token = bind(get()) if has_run else None
                enter()
                item = await resumption(argument)
                scope.suspend()
            except any_error as error:
                if kind_of(error) in finished:
                    scope.end()
                else:
                    penstock_run = get()
                    await generator.aclose()
                    scope.end(error)
                raise
            finally:
                argument = None
                try:
                    if event_token is not None:
                        reset_event(event_token)
                except foreign as error:
                    ignore(error)
                finally:
                    try:
                        if token is not None:
                            reset(token)
                    except foreign as error:
                        ignore(error)
            try:
                argument = yield item
                resumption = generator.asend
            except any_error as error:
                resumption, argument = generator.athrow, error
            enter = scope.resume
    except ended:
        pass
    except any_error as error:
        scope.end(error)
        raise
    __class__
"""

_codes: dict[tuple[str, Shape], CodeType] = {}


def make_wrapper(template: str, like: Any, home: dict[str, Any], cells: Mapping[str, CellType]) -> FunctionType:
    """Return a template's wrapper, with the parameters and defaults of a function.

    Frameworks look annotations up in a function's globals, and not all of them look at the wrapped one: django-ninja and
    FastAPI 0.115 read ``__globals__`` of the function that they are given. So a wrapper has those of the function, and must
    find nothing there: all that it needs, builtins included, it holds in cells.

    Args:
        template: A template of this module.
        like: The function; for other objects, a wrapper takes ``*args, **kwargs``. ``None`` if the callable is the
            first argument.
        home: The globals.
        cells: The values of the template's free names.
    """
    is_function = type(like) is FunctionType
    code = (
        _adopt_parameters(template, like.__code__)
        if is_function
        else _compile_template(template, _GIVEN if like is None else _ANY)
    )
    closure = tuple(cells[name] for name in code.co_freevars)
    wrapper = FunctionType(code, home, closure=closure)
    if is_function:
        wrapper.__defaults__, wrapper.__kwdefaults__ = like.__defaults__, like.__kwdefaults__
    return wrapper


def mark_as_wrapper(function: F) -> F:
    """Let frames of a function be skipped like those of wrappers; it is called between wrapper and function."""
    code: CodeType = function.__code__
    function.__code__ = code.replace(co_filename=FILE)
    return function


def _adopt_parameters(template: str, code: CodeType) -> CodeType:
    """Return a template's code with the parameters of other code."""
    shape = code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount, code.co_flags & (VARARGS | VARKEYWORDS)
    base = _compile_template(template, shape)
    count = shape[1] + shape[2] + shape[3].bit_count()
    names = dict(zip(base.co_varnames, code.co_varnames[:count], strict=False))
    # hidden names, like those that Python generates; but ours must be findable in a traceback
    inner = (name if name.startswith("penstock_") else f".{name}" for name in base.co_varnames[count:])
    return base.replace(co_varnames=(*names.values(), *inner), co_consts=_rename_constants(base.co_consts, names))


def _rename_constants(constant: Any, names: Mapping[str, str]) -> Any:
    """Return constants with the names of keyword arguments in them."""
    if type(constant) is tuple:
        return tuple(_rename_constants(part, names) for part in constant)
    return names.get(constant, constant) if type(constant) is str else constant


def _compile_template(template: str, shape: Shape) -> CodeType:
    """Return a template's code for a shape of parameters; each is compiled once."""
    if (template, shape) not in _codes:
        source = template
        for place, text in _texts(*shape):
            source = source.replace(place, text)
        free = ", ".join(_FREE)
        inside = source.replace("\n", "\n    ")
        module = compile(f"def make({free}):{inside}\n    return wrapper", FILE, "exec", dont_inherit=True)
        _codes[template, shape] = _code_in(_code_in(module))
    return _codes[template, shape]


_FREE = (
    *(
        "target",
        "mark",
        "observers",
        "observed",
        "opened",
        "starts",
        "inherit",
        "lazy",
        "scope",
        "resumed",
        "first",
        "drive",
    ),
    *(
        "get",
        "bind",
        "reset",
        "get_event",
        "bind_event",
        "reset_event",
        "begin",
        "join",
        "go_on",
        "kind_of",
        "__class__",
    ),
    *("await_in", "foreign", "ignore", "any_error", "ended", "finished"),
)
"""The values in the templates' cells."""


def _code_in(code: CodeType) -> CodeType:
    return next(constant for constant in code.co_consts if type(constant) is CodeType)


def _texts(positional_only: int, positional: int, keyword_only: int, flags: int) -> Iterator[tuple[str, str]]:
    """Yield the placeholders of a template, and their replacements."""
    first = [f"_p{number}" for number in range(positional)]
    last = [f"_k{number}" for number in range(keyword_only)]
    rest, more = (["*_args"] if flags & VARARGS else []), (["**_kwargs"] if flags & VARKEYWORDS else [])
    slash = ["/"] if positional_only else []
    star = ["*"] if last and not rest else []
    before = [*first[:positional_only], *slash, *first[positional_only:]] if positional_only >= 0 else ["target", "/"]
    yield "PARAMETERS", ", ".join([*before, *rest, *star, *last, *more])
    yield "ARGUMENTS", ", ".join([*first, *rest, *(f"{name}={name}" for name in last), *more])
    yield "POSITIONAL", "_args" if rest and not first else f"({''.join(f'{name}, ' for name in [*first, *rest])})"
    pairs = ", ".join([*(f"'{name}': {name}" for name in last), *more])
    yield "KEYWORDS", "_kwargs" if more and not last else f"{{{pairs}}}"
