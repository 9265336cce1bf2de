from __future__ import annotations

import sys

import pytest


def test_unknown_flow(small):
    """An unknown flow is reported with page, line and near names, and the page says so."""
    small.write("index.rst", "Index\n=====\n\nText.\n\n.. penstock-flow:: onee\n")
    built = small.build()
    assert [
        "index.rst:6: WARNING: there is no flow 'onee'. Did you mean 'one'? Known flows: one. [penstock.unknown_flow]"
    ] == built.warnings
    page = built.page("index.html")
    assert "penstock-error" in page.classes
    assert "There is no flow 'onee'. Did you mean 'one'? Known flows: one." in page.text.replace("’", "'").replace(
        "‘", "'"
    )


def test_unknown_flow_in_markdown(small):
    """On a Markdown page the line is that of the directive, too."""
    small.edit("conf.py", '["penstock_sphinx"]', '["penstock_sphinx", "myst_parser"]')
    (small.folder / "index.rst").unlink()
    small.write("index.md", "# Index\n\n```{penstock-flow} onee\n```\n")
    (warning,) = small.build().warnings
    assert warning.startswith("index.md:3: WARNING: there is no flow 'onee'.")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (
            ":penstock:flow:`onee`",
            "there is no flow 'onee' in these pages. Did you mean 'one'? [penstock.unknown_flow]",
        ),
        (":penstock:step:`one.began`", "there is no step 'one.began' in these pages. Did you mean 'one.begin'?"),
        (":penstock:step:`finsh`", "there is no step 'finsh' in these pages. Did you mean 'one.finish'?"),
    ],
)
def test_dangling_role(small, role, expected):
    """A role that leads nowhere is reported with the line and the name that may be meant."""
    small.edit("index.rst", ".. penstock", f"{role}\n\n.. penstock")
    (warning,) = small.build().warnings
    assert warning.startswith(f"index.rst:4: WARNING: {expected}")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (":direction: up", "invalid option value: (option: \"direction\"; value: 'up')"),
        (":format: gif", "must be svg or mermaid"),
        (":captoin: x", 'unknown option: "captoin".'),
    ],
)
def test_bad_option(small, option, expected):
    """A wrong option is an error at the directive."""
    small.edit("index.rst", ":: one\n", f":: one\n   {option}\n")
    built = small.build()
    assert built.warnings[0].startswith("index.rst:4: ERROR: ")
    assert expected in built.complained


def test_failed_import(small):
    """An application that cannot be imported is reported once with file and line; its pages still build, and say so."""
    small.write("flows.py", "import nowhere_at_all\n")
    built = small.build()
    assert 0 == built.code
    first, second = built.warnings
    assert first.startswith("WARNING: penstock: flows.py:1: ")
    assert "nowhere_at_all" in first
    assert first.endswith("[penstock.import]")
    assert (
        "index.rst:4: WARNING: the flow 'one' is not shown, because the flows could not be collected. [penstock.import]"
    ) == second
    assert "penstock-error" in built.page("index.html").classes


def test_failure_is_repeated_until_mended(small):
    """A build after a failed one fails again; after the mending, the page is whole."""
    good = small.text("flows.py")
    small.write("flows.py", good + "broken(\n")
    complaints = [small.build().warnings for _ in range(2)]
    assert complaints[0] == complaints[1] != []
    small.write("flows.py", good)
    built = small.build("html", "-W")
    assert (0, "") == (built.code, built.complained)
    assert "<svg" in built.text("index.html")


def test_broken_flow(small):
    """A problem of a flow is reported at the directive, with the place to mend it, and the flow is still shown."""
    small.edit("flows.py", 'after="begin"', 'after="began"')
    for _ in range(2):  # and again by the next build
        built = small.build()
        assert all(line.startswith("index.rst:4: WARNING: flows.py:12: ") for line in built.warnings)
        assert "'began'" in built.warnings[0]
        assert built.warnings[0].endswith("[penstock.problem]")
    assert "flow-one-finish" in built.text("index.html")


def test_mark_without_flow(small):
    """A mark that belongs to no flow is reported at its own file and line."""
    small.write("flows.py", small.text("flows.py") + "\nfrom penstock import step\n@step\ndef lost(): ...\n")
    (warning,) = small.build().warnings
    assert warning.startswith("flows.py:17: WARNING: ")
    assert warning.endswith("[penstock.problem]")


def test_no_engine(small):
    """Without a layout engine the page shows Mermaid source, and one warning says what to install, build after build."""
    small.edit("conf.py", 'theme = "basic"', 'theme = "basic"\npenstock_engine = "dot"')
    small.edit("index.rst", ":: one\n", ":: one\n\n.. penstock-flow:: one\n   :direction: LR\n")
    for _ in range(2):
        built = small.build()
        (warning,) = built.warnings
        assert warning.startswith("index.rst:4: WARNING: the layout engine 'dot' was not found; ")
        assert warning.endswith("The page shows Mermaid source instead. [penstock.render]")
    assert '<pre class="ps-source" tabindex="0">graph TD\n' in built.text("index.html")
    assert '<pre class="ps-source" tabindex="0">graph LR\n' in built.text("index.html")
    small.edit("conf.py", "penstock_engine", "unused")
    built = small.build("html", "-W")
    assert "<svg" in built.text("index.html")


def test_failing_engine(small):
    """A layout engine that fails is reported with its reason at each diagram, and the source is shown."""
    small.write("broken", "#!/bin/sh\nexit 3\n")
    (small.folder / "broken").chmod(0o755)
    small.edit("conf.py", 'theme = "basic"', 'theme = "basic"\npenstock_engine = "./broken"')
    built = small.build()
    (warning,) = built.warnings
    assert warning.startswith("index.rst:4: WARNING: flow 'one' (2 steps, 1 arrow) has no layout: exit code 3.")
    assert '<pre class="ps-source" tabindex="0">graph TD\n' in built.text("index.html")


@pytest.mark.parametrize("builder", ["html", "latex"])
def test_slow_engine(small, builder):
    """A diagram for which the engine takes too long is drawn in plain layers, said at its line, and not tried again."""
    small.write(
        "slow",
        f"#!{sys.executable}\nimport time\nopen({str(small.folder / 'calls')!r}, 'a').write('x')\ntime.sleep(60)\n",
    )
    (small.folder / "slow").chmod(0o755)
    setting = "penstock_engine = './slow'\npenstock_layout_timeout = 1"
    small.edit("conf.py", 'theme = "basic"', f'theme = "basic"\n{setting}')
    built = small.build(builder)
    (warning,) = built.warnings
    assert warning.startswith("index.rst:4: WARNING: flow 'one' (2 steps, 1 arrow) ")
    asked = small.text("calls")
    again = small.build(builder)
    assert ([], asked) == (again.warnings, small.text("calls"))
    if builder == "html":
        assert "is drawn in plain layers, because the layout engine" in warning
        assert ">Drawn in plain layers: too large or too dense for the layout engine.</text>" in built.text(
            "index.html"
        )


def test_too_large_for_mermaid(small):
    """A flow that Mermaid refuses is drawn here, and a warning says so."""
    lines = ["from penstock import flow", "f = flow('one')", "f.entrypoint(name='s0')(lambda: None)"]
    lines.append("for n in range(501): f.step(name=f's{n + 1}', after=f's{n}')(lambda: None)")
    small.write("flows.py", "\n".join(lines))
    small.edit("index.rst", ":: one\n", ":: one\n   :format: mermaid\n   :no-steps:\n")
    built = small.build()
    (warning,) = built.warnings
    assert (
        "index.rst:4: WARNING: the flow 'one' is larger than Mermaid draws; it is shown as SVG. [penstock.render]"
        == warning
    )
    assert "<svg" in built.text("index.html")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('penstock_modules = "flows"', ["conf.py:6: 'modules'", 'penstock_modules = ["flows"]']),
        ("penstock_timeout = -1", ["conf.py:6: 'timeout'"]),
        ("penstock_proof = 0", ["conf.py:6: 'proof'", "penstock_proof = False"]),
        ('penstock_path = ["nowhere"]', ["conf.py:6: 'path'", "nowhere"]),
        ('penstock_modulez = ["flows"]', ["conf.py:6: there is no setting 'modulez'. Did you mean 'modules'?"]),
    ],
)
def test_bad_setting(small, line, expected):
    """A wrong setting is one warning with file, line, setting and cure; pages show a note, and -W fails."""
    small.write("conf.py", f"# 1\n# 2\nshow_warning_types = True\n\nextensions = ['penstock_sphinx']\n{line}\n")
    built = small.build()
    assert 0 == built.code
    cause, place = (warning.replace(f"{small.folder}/", "") for warning in built.warnings)
    assert [] == [each for each in expected if each not in cause]
    assert cause.endswith("[penstock.config]")
    assert place.startswith("index.rst:4: WARNING: the flow 'one' is not shown")
    assert "penstock-error" in built.text("index.html")
    assert 0 != small.build("html", "-W").code


def test_settings_on_the_command_line(small):
    """What -D of sphinx-build gives is read as Sphinx reads its own settings, and wins over conf.py."""
    small.edit("conf.py", '["flows"]', '["nothing_of_that_name"]')
    small.write("src/more.py", "from flows import one\n\none.step(after='finish', name='more')(print)\n")
    options = ["modules=flows,more", "path=.,src", "proof=0", "timeout=50", "direction=LR", "env.STAGE=docs"]
    built = small.build("html", "-W", *(f"-Dpenstock_{option}" for option in options))
    assert (0, "") == (built.code, built.complained)
    assert "flow-one-more" in built.text("index.html")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (
            "timeout=soon",
            "'timeout' must be a number of seconds, not a string. Write, for example: -D penstock_timeout=",
        ),
        ("timeout=0", "'timeout' must be more than 0 seconds, and finite, not 0.0. Write, for example: -D penstock_"),
        ("proof=no", "'proof' must be true or false, not a string. Write: -D penstock_proof=0"),
        ("direction=L", "'direction' must be TB, LR, BT or RL, not 'L'. Write: -D penstock_direction=RL"),
    ],
)
def test_bad_setting_on_the_command_line(small, option, expected):
    """What is wrong on the command line is said of the command line, not of conf.py."""
    small.edit("conf.py", "penstock_path", "penstock_timeout = 60\npenstock_path")
    assert small.build("html", f"-Dpenstock_{option}").warnings[0].startswith(f"WARNING: sphinx-build -D: {expected}")


def test_problems_of_flows_that_no_page_shows(small):
    """A flow that no page shows is checked all the same; so a misspelt flow name does not go unnoticed."""
    text = small.text("flows.py")
    small.write(
        "flows.py",
        f"{text}\n\nfrom penstock import flow as other\n\n@other('onne').step(after='begin')\ndef lost(): ...\n",
    )
    for _ in range(2):
        nowhere_to_start, unknown = small.build().warnings
        assert "after='begin' names no step of flow 'onne'" in unknown
        assert "flow 'onne' has no entrypoint" in nowhere_to_start
        assert unknown.endswith("[penstock.problem]")


def test_roles_are_silent_where_flows_could_not_be_collected(small):
    """One cause is one cause: references to flows that nobody could collect are not reported too."""
    small.edit("index.rst", ":: one\n", ":: one\n\n:penstock:flow:`one` and :penstock:step:`one.begin`\n")
    small.write("flows.py", "import nothing_of_that_name\n")
    cause, place = small.build().warnings
    assert "nothing_of_that_name" in cause
    assert place.startswith("index.rst:4:")


def test_each_kind_of_warning_can_be_suppressed(small):
    """Each kind of warning can be suppressed by its name."""
    small.edit("conf.py", 'theme = "basic"', 'theme = "basic"\nsuppress_warnings = ["penstock.unknown_flow"]')
    small.edit("index.rst", ":: one", ":: none")
    assert "" == small.build().complained


def test_fault_in_a_docstring(small):
    """A fault in a docstring is reported with the file, the function and the line in the docstring."""
    small.edit("flows.py", '"""Begin."""', '"""Begin.\n\n    This is *not closed.\n    """')
    (warning,) = small.build().warnings
    assert warning.startswith("flows.py:docstring of flows.begin:3: WARNING: Inline emphasis")


def test_a_listener_that_needs_the_object(small):
    """A listener of autodoc that cannot do without the object costs a warning, not the build."""
    listener = "def listen(app, what, name, obj, options, lines):\n    obj.__module__.upper()\n\n"
    listener += "def setup(app):\n    app.add_event('autodoc-process-docstring')\n    app.connect('autodoc-process-docstring', listen)\n"
    small.write("conf.py", small.text("conf.py") + "\n" + listener)
    built = small.build()
    assert 0 == built.code
    assert ["[penstock.docstring]"] * 2 == [warning.rpartition(" ")[2] for warning in built.warnings]
    assert "Begin." in built.text("index.html")
