"""The settings in ``[tool.penstock]``: each is declared once, and read and validated for every front end."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.config import validators as read
from penstock.config.accepted import CONTRACT_TYPES, Contract, Ignore
from penstock.config.bad_values import describe_bad_value
from penstock.config.log_fields import read_log_fields
from penstock.config.numbers import declare_numbers, declare_numbers_from
from penstock.config.setting import declare_setting, describe_setting
from penstock.config.sources import SettingsSource, find, project_of
from penstock.errors import ConfigError, did_you_mean, near_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.config.setting import Setting


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of one project, validated, with absolute paths.

    ``project`` is detected, not set: it is the folder of the ``pyproject.toml`` with the table ``[tool.penstock]``,
    else the nearest folder with a ``pyproject.toml`` or ``.git``. ``source`` is the file that names the modules, without
    its values, so that messages spell settings as it does. :data:`SETTINGS` describes the others.
    """

    project: Path
    source: SettingsSource | None = field(default=None, compare=False, repr=False)
    modules: tuple[str, ...] = declare_setting(
        read.modules,
        "list of modules",
        (),
        ["shop.flows", "shop.orders.*"],
        "The modules to import, in this order. `shop.orders.*` is the package and every module in it. Without "
        "this setting, the flows of the building process itself are shown.",
    )
    path: tuple[Path, ...] = declare_setting(
        read.folders,
        "list of folders",
        (),
        ["src"],
        "Folders to put first on `sys.path` before the modules are imported.",
    )
    python: str | None = declare_setting(
        read.interpreter,
        "interpreter",
        None,
        "../.venv/bin/python",
        "The Python that imports the modules; by default, the one that runs the build. Its environment needs "
        "penstock and the application. A bare name such as `python3.12` is searched on PATH.",
    )
    env: Mapping[str, str] = declare_setting(
        read.strings,
        "table of strings",
        {},
        {"STAGE": "docs"},
        "Environment variables to set for the import.",
    )
    setup: str = declare_setting(
        read.setup,
        "module:function",
        "",
        "django:setup",
        "A function to call, without arguments, before the first import.",
    )
    mock: tuple[str, ...] = declare_setting(
        read.mocks,
        "list of modules",
        (),
        ["redis", "google.cloud"],
        "Modules to replace by mocks, with all modules under them, if they cannot be installed.",
    )
    timeout: float = declare_setting(
        read.seconds,
        "seconds",
        60.0,
        120,
        "The time limit for setup and all imports together.",
    )
    reading_timeout: float = declare_setting(
        read.seconds,
        "seconds",
        60.0,
        120,
        "The time limit for analysing the code after the imports. Flows that are not analysed by then are "
        "shown without proof, and a problem says so.",
    )
    manifests: tuple[Path, ...] = declare_setting(
        read.paths,
        "list of files",
        (),
        ["flows.json"],
        "Manifests to read instead of importing modules, as written by `penstock export`. Several are merged.",
    )
    trust_manifests: bool = declare_setting(
        read.truth,
        "truth value",
        False,
        True,
        "Whether `manifests` are your own. Manifests of others are data: their docstrings become text and "
        "formatting only, and penstock opens none of the files that they name.",
    )
    service: str = declare_setting(
        read.text,
        "string",
        "",
        "shop",
        "The service's name. It distinguishes flows of the same name in several services.",
    )
    source_url: str = declare_setting(
        read.template,
        "URL template",
        "",
        "https://example.org/shop/blob/main/{file}#L{line}-L{end_line}",
        "The address of a step's source; `{file}`, `{line}` and `{end_line}` are filled in.",
    )
    engine: str = declare_setting(
        read.engine,
        "`graphviz-pure`, `dot` or a path",
        "graphviz-pure",
        "dot",
        "The layout engine: the `graphviz-pure` wheel, `dot` from PATH, or the path of an executable.",
    )
    direction: str = declare_setting(
        read.one_of("TB", "LR", "BT", "RL", TD="TB"),
        "`TB`, `LR`, `BT` or `RL`",
        "TB",
        "LR",
        "The direction of the edges in diagrams: down, right, up or left.",
    )
    layout_timeout: float = declare_setting(
        read.seconds,
        "seconds",
        20.0,
        60,
        "The time limit for the layout of one diagram. After it, a cheaper layout is tried, and then the "
        "diagram is drawn in plain layers.",
    )
    docstring_style: str = declare_setting(
        read.one_of("auto", "google", "numpy", "sphinx", "markdown"),
        "`auto`, `google`, `numpy`, `sphinx` or `markdown`",
        "auto",
        "google",
        "The style of docstrings; `auto` recognises Google, NumPy and Sphinx style.",
    )
    evidence: str = declare_setting(
        read.path,
        "file",
        "",
        "evidence.json",
        "The file with recorded runs, as written by `pytest --penstock`; `.penstock/evidence.json` by default.",
    )
    check: str = declare_setting(
        read.one_of("off", "warn", "error"),
        "`off`, `warn` or `error`",
        "off",
        "warn",
        "Whether documentation builds report findings. If there is evidence, edges are compared with it and "
        "with the code in any case. With `warn` or `error`, they are compared with the code even before "
        "anything was recorded.",
    )
    proof: bool = declare_setting(
        read.truth,
        "truth value",
        True,
        False,
        "Whether diagrams show what is known of each edge from code and runs.",
    )
    numbers: str = declare_numbers()
    numbers_from: str = declare_numbers_from()
    contracts: tuple[Contract, ...] = declare_setting(
        read.tables(Contract, lists=("flows", "never", "resources"), choices={"type": CONTRACT_TYPES}),
        "list of tables",
        (),
        [{"type": "has-docstrings", "flows": ["orders"]}],
        "Rules for the project's flows. `type` is `has-trigger`, `has-docstrings`, `all-confirmed`, `never-reaches` "
        "or `sole-writer`. `name` is the rule's name, `flows` contains patterns of the flows that it applies "
        "to, `never` the steps or flows that they must not reach, and `resources` what no other flow may write.",
    )
    effects: Mapping[str, tuple[str, ...]] = declare_setting(
        read.string_lists,
        "table of lists of strings",
        {},
        {"crm": ["https://crm.example/*", "kafka:contacts"]},
        "Further words for effects and triggers, each with what it stands for; `*` stands for anything. "
        "`postgres:parts` and `INSERT INTO parts`, or `kafka:orders` and `topic:orders`, are known to be the same.",
    )
    effects_check: str = declare_setting(
        read.one_of("note", "error"),
        "`note` or `error`",
        "note",
        "error",
        "Whether wrong effects and triggers fail the check, or are only listed. `error` fails for what runs, or "
        "the routes of the framework, refute; what they only do not show remains a note.",
    )
    ignore: tuple[Ignore, ...] = declare_setting(
        read.tables(Ignore),
        "list of tables",
        (),
        [{"flow": "orders", "edge": "charge -> ship", "reason": "in the warehouse"}],
        "Findings to accept, each with a `reason`; `code` limits an entry to one kind of finding. An entry "
        "that matches nothing is a finding itself.",
    )
    baseline: str = declare_setting(
        read.path,
        "file",
        "",
        "penstock-baseline.json",
        "A file with earlier findings, which are accepted.",
    )
    trace_fields: Mapping[str, tuple[str, ...]] = declare_setting(
        read_log_fields,
        "table of lists of strings",
        {},
        {"id": ["order_flow"], "step": ["stage"], "show": ["order", "shard"]},
        "The names of fields in log records, for `penstock trace`: of the `id`, `time`, `level`, `message`, `step`, `flow`, "
        "`service`, `logger` and `span`. `show` names further fields to print; all others are never printed.",
    )
    trace_files: tuple[Path, ...] = declare_setting(
        read.paths,
        "list of files",
        (),
        ["logs/shop.jsonl", "logs/spans.jsonl.gz"],
        "The logs and spans that `%flow --run ID` searches in a notebook.",
    )


def evidence_file(config: Config) -> Path:
    """Return the path of a project's evidence, whether it exists or not."""
    return Path(config.evidence) if config.evidence else config.project / ".penstock" / "evidence.json"


def load(
    start: Path,
    overrides: Mapping[str, object] | None = None,
    *,
    where: str = "conf.py",
    base: Path | None = None,
) -> Config:
    """Return the effective configuration at ``start``.

    Args:
        start: A file or folder; the nearest ``pyproject.toml`` with ``[tool.penstock]`` in or above it is read.
        overrides: Settings of a front end, which win key by key; ``None`` as a value means that it is not set.
        where: The origin of the overrides, for messages.
        base: The base folder of relative paths in the overrides, by default that of ``start``.

    Raises:
        ConfigError: A setting does not exist or has a wrong value, or a ``pyproject.toml`` cannot be read.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - resolve() would leave the project through a link
    folder = start if start.is_dir() else start.parent
    source = find(folder, tuple(_declared))
    options = {key: value for key, value in (overrides or {}).items() if value is not None}
    values = _validate_values(_without(source, options)) if source else {}
    for entry, rival in (("modules", "manifests"), ("manifests", "modules")):
        if options.get(entry) and rival not in options:  # modules named by a front end replace the manifests
            values.pop(rival, None)
    values |= _validate_values(SettingsSource(options, base or folder, where))
    origin = source if source and not options.get("modules") else SettingsSource({}, base or folder, where)
    project = source.base if source else project_of(folder, base)
    return Config(project=project, source=origin._replace(values={}, toml=""), **values)


def _without(source: SettingsSource, options: Mapping[str, object]) -> SettingsSource:
    """Return the settings that are not overridden; the others need not be valid here."""
    return source._replace(values={key: value for key, value in source.values.items() if key not in options})


def _validate_values(source: SettingsSource) -> dict[str, Any]:
    return {key: _value(source, key, value) for key, value in source.values.items()}


def _value(source: SettingsSource, key: str, value: object) -> object:
    metadata = _declared.get(key)
    if metadata is None:
        hint = did_you_mean(near_names(key, _declared)) or f" Known settings: {', '.join(_declared)}."
        raise ConfigError(f"there is no setting {key!r}.{hint}", where=source.where(key), key=key)
    try:
        return metadata["read"](value, source.base)
    except read.BadValueError as bad:
        message = describe_bad_value(source, key, value, bad, metadata)
        raise ConfigError(message, where=source.where(key), key=key) from None


_declared: dict[str, Mapping[str, Any]] = {item.name: item.metadata for item in fields(Config) if item.metadata}

SETTINGS: tuple[Setting, ...] = tuple(describe_setting(name, metadata) for name, metadata in _declared.items())
"""Every setting, in the order of the reference; derived from the declarations in :class:`Config`."""
