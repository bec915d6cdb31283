"""When a build is made anew, and what is said when it fails."""

from pathlib import Path

import pytest

from infra.local.build import error_line, fingerprint, source_files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "template.yaml": "Resources: {}",
        "infra/table.yaml": "Resources: {}",
        "functions/contacts/api.py": "x = 1",
        "layers/carebook/Makefile": "build:",
        "docs/domain.md": "words",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["template.yaml", "infra/table.yaml", "functions/contacts/api.py", "layers/carebook/Makefile"]
)
def test_a_changed_source_changes_the_fingerprint(project: Path, name: str) -> None:
    before = fingerprint(project, "x86_64")
    (project / name).write_text("something else")
    assert fingerprint(project, "x86_64") != before


def test_a_new_a_renamed_and_a_removed_source_change_the_fingerprint(project: Path) -> None:
    seen = {fingerprint(project, "x86_64")}
    new = project / "functions/contacts/purge.py"
    new.write_text("")
    seen.add(fingerprint(project, "x86_64"))
    renamed = new.rename(new.with_name("purge_archived.py"))
    seen.add(fingerprint(project, "x86_64"))
    assert len(seen) == 3
    renamed.unlink()
    assert fingerprint(project, "x86_64") in seen


def test_a_run_bit_counts(project: Path) -> None:
    before = fingerprint(project, "x86_64")
    (project / "functions/contacts/api.py").chmod(0o755)
    assert fingerprint(project, "x86_64") != before


def test_another_processor_is_another_build(project: Path) -> None:
    assert fingerprint(project, "x86_64") != fingerprint(project, "arm64")


def test_what_a_build_does_not_read_does_not_count(project: Path) -> None:
    before = fingerprint(project, "x86_64")
    (project / "docs/domain.md").write_text("other words")
    cache = project / "functions/contacts/__pycache__"
    cache.mkdir()
    (cache / "api.cpython-313.pyc").write_bytes(b"\0")
    assert fingerprint(project, "x86_64") == before
    assert all("__pycache__" not in path.parts for path in source_files(project))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("Building\nBuild Failed\nError: no such builder\n", "Error: no such builder"),
        ("Building\nBuild Failed\n", "Build Failed"),
        ("Building\n", "Building"),
        ("", "it said nothing."),
        ("Error: " + "x" * 500, "Error: " + "x" * 233 + "…"),
    ],
)
def test_the_telling_line_of_a_log_is_found(tmp_path: Path, log: str, words: str) -> None:
    path = tmp_path / "build.log"
    path.write_text(log)
    assert error_line(path) == words
