"""The two programs: of this tree, and of a revision, built once and kept."""
import os, shutil, subprocess, sys, tempfile
from pathlib import Path

from measuring.environment import ROOT, TARGET

KEPT = TARGET / "same-bits"


def of_revision(revision):
    """A built program's path as it is; that of a revision under target/same-bits/, where it is built if it is not there."""
    if Path(revision).is_file() and os.access(revision, os.X_OK):
        return str(Path(revision).resolve())
    found = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        sys.exit(f"{revision}: neither a program nor a revision of this repository")
    sha = found.stdout.strip()
    program = KEPT / sha / "otinterp"
    if not program.exists():
        print(f"building {sha[:10]}, once", file=sys.stderr)
        build(sha, program)
    return str(program)


def build(sha, program):
    """Dependencies' objects are shared by all revisions, in target/same-bits/build."""
    # Outside the repository: cargo would take a tree inside it for a part of this one's workspace.
    with tempfile.TemporaryDirectory(prefix="same-bits-") as folder:
        tree = str(Path(folder) / "tree")
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, sha], cwd=ROOT, check=True)
        try:
            command = ["cargo", "build", "--release", "--locked", "--quiet", "--target-dir", KEPT / "build"]
            if subprocess.run(command, cwd=tree).returncode:
                sys.exit(f"{sha[:10]} could not be built")
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(KEPT / "build" / "release" / "otinterp", program)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
