"""How Cookiecutter makes a project of a template, declared from outside."""

from penstock import flow

project = flow("project", title="How Cookiecutter makes a project")

project.entrypoint().patch("cookiecutter.main:cookiecutter")
project.step(after="cookiecutter").patch("cookiecutter.repository:determine_repo_dir")
project.step(after="determine_repo_dir").patch("cookiecutter.hooks:run_pre_prompt_hook")
project.step(after="run_pre_prompt_hook").patch("cookiecutter.generate:generate_context")
project.step(after="generate_context").patch("cookiecutter.prompt:prompt_for_config")
project.step(after="prompt_for_config", effects=["files:*.json"]).patch("cookiecutter.replay:dump")
project.step(after="dump").patch("cookiecutter.generate:generate_files")
