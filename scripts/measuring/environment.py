"""A virtual environment of its own for a script, and one core to measure on."""
import json, os, platform, shutil, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "target"
# Newest first; those that pyenv holds without having them on the path too.
PYTHONS = ["python3.14", "python3.13", "python3.12", *sorted(map(str, Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python3")))]


def works(python):
    return shutil.which(python) and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


# Of the scripts that measure pictures. The second group is one of the peers, for Python 3.12 or newer.
PICTURES = [
    ["numpy==2.4.6", "opencv-python-headless==5.0.0.93", "matplotlib==3.11.2"],
    ["vapoursynth==81", "vapoursynth-mvtools==29"],
]


def enter(script, name="bench-peers-venv", pinned=PICTURES):
    """Runs a script again inside the environment target/`name`, made on first use and when `pinned` changes: what pip installs,
    group by group, of which the first is needed and the others may fail. With --here it goes on as it is."""
    if "--here" in sys.argv:
        sys.argv.remove("--here")
        return
    folder = TARGET / name
    python, stamp = folder / "bin" / "python", folder / "installed.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != pinned:
        base = next(filter(works, PYTHONS), sys.executable)
        if subprocess.run([base, "-m", "venv", "--clear", folder]).returncode:
            sys.exit(f"{base} cannot make a virtual environment; on Debian its package is python3-venv")
        for group in pinned:
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *group]
            if subprocess.run(install).returncode and group == pinned[0]:
                sys.exit(f"pip could not install {' '.join(group)}")
        stamp.write_text(json.dumps(pinned))
    os.execv(python, [str(python), script, "--here", *sys.argv[1:]])


def one_core():
    """This process and its children stay on one core, with one thread each."""
    # Set for old OpenBLAS builds on some machines, where they slow current ones.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def data():
    """The folder that OTINTERP_DATA names; what reads it needs ffmpeg."""
    if not shutil.which("ffmpeg"):
        sys.exit("ffmpeg is missing; `scripts/setup.sh --tests` installs it")
    folder = os.environ.get("OTINTERP_DATA")
    if not folder or not Path(folder).is_dir():
        sys.exit("OTINTERP_DATA must name a folder with triplets/SET/SCENE/{im1,gt,im3}.png, clips/ and seq/")
    return Path(folder)


def processor():
    """What this machine calls its processor, and how many cores it has."""
    name = platform.processor() or platform.machine()
    if (described := Path("/proc/cpuinfo")).exists():
        lines = (line.partition(":") for line in described.read_text().splitlines())
        fields = {name.strip(): value.strip() for name, _, value in lines}
        if "model name" in fields:
            name = "{model name} (family {cpu family} model {model})".format_map(fields)
    return f"{name}, {os.cpu_count()} cores"
