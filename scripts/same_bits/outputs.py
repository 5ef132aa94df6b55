"""Runs a case with a program, and hashes what comes out, kind by kind."""
import hashlib, io, json, os, re, subprocess, zipfile

LONGEST_S = 300
KINDS = ["pixels", "numbers", "report"]
NUMBER_FILES = {".flo", ".npy", ".npz", ".csv", ".pfm", ".tsv"}
REPORT_FILES = {".svg", ".txt", ".json"}
# Fields of a report that another run or another version may fill in otherwise.
DROPPED = re.compile(r"(solve|render|wall|cpu|elapsed|eta|total)_m?s$|(in_betweens_)?per_s$|speed$|timings$|.*version$")
# What is read out of a report in whatever layout it has. They count as a set.
NUMBERS = set("""value lower upper bures debiased debiased_lower debiased_upper eps totals cost cost_lower costs marginal_error entries
    unexplained_share mean_px longest_px energy_px2 squared_distance_px2 mean_confidence mean_visibility distance distance_px masses mass
    geodesic_px transport_deviation psnr_db ssim ssimulacra2 sharpness frames_in frames_out frame duplicates_replaced rate""".split())


class Unknown(Exception):
    """The program does not know a subcommand, an option or a CPU level."""


class Failed(Exception):
    """The program failed in another way."""


def hashes(program, case, folder, inputs):
    """{kind: hash} of what the program makes of a case in the empty `folder`."""
    out, err = run(program, case, folder, inputs)
    parts = {kind: [] for kind in KINDS}
    documents = []
    if "--json" in case.args:
        # Where the outputs' samples take standard output, the report is on standard error.
        documents = parsed(out) or parsed(err)
        if not documents:
            raise Failed("no report")
    if out and not parsed(out):
        parts["pixels" if "-" in case.args else "report"].append(out)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts[kind_of(path)] += [str(path.relative_to(folder)).encode(), content(path)]
    if documents:
        parts["report"].append(json.dumps([without_times(d) for d in documents], sort_keys=True).encode())
        if numbers := sorted({number for d in documents for number in named_numbers(d)}):
            parts["numbers"].append(repr(numbers).encode())
    return {kind: digest(pieces) for kind, pieces in parts.items() if pieces}


def run(program, case, folder, inputs):
    """Standard output and standard error."""
    relative = os.path.relpath(inputs, folder)
    args = [f"{relative}/{a[1:]}" if a.startswith("@") else a for a in case.args]
    for level in case.levels or ("",):
        environment = {**{k: v for k, v in os.environ.items() if k != "OTINTERP_CPU"}, **({"OTINTERP_CPU": level} if level else {})}
        try:
            done = subprocess.run([program, *args, "-q"], cwd=folder, env=environment, capture_output=True, timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"not done after {LONGEST_S} s") from None
        unknown_level = b"no such level" in done.stderr
        if not unknown_level:
            break
    if done.returncode == 2 or unknown_level:
        raise Unknown(last_line(done.stderr))
    if done.returncode:
        raise Failed(f"exit code {done.returncode}: {last_line(done.stderr)}")
    return done.stdout, done.stderr


def last_line(text):
    return (text.decode(errors="replace").strip().splitlines() or ["nothing said"])[-1].removeprefix("otinterp: ")


def parsed(text):
    """All JSON documents of a text, on one line or on several; none if it has samples. Warnings between them are left out."""
    if not text.lstrip()[:1] in (b"{", b"[", b"o"):
        return []
    text = "\n".join(line for line in text.decode(errors="replace").splitlines() if not line.startswith("otinterp: "))
    documents, decoder, at = [], json.JSONDecoder(), 0
    while text[at:].strip():
        at = len(text) - len(text[at:].lstrip())
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError:
            return []
        documents.append(document)
    return documents


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(v) for key, v in value.items() if not DROPPED.match(key)}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def named_numbers(value, name=""):
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else ((name, v) for v in value)
        for key, inner in pairs:
            yield from named_numbers(inner, key)
    elif name in NUMBERS and value is not None:
        yield name, str(float(value) if isinstance(value, (int, float)) else value)


def kind_of(path):
    return "numbers" if path.suffix in NUMBER_FILES else "report" if path.suffix in REPORT_FILES else "pixels"


def content(path):
    """A file's bytes; of an archive those of its members, since it also has the time of day."""
    data = path.read_bytes()
    if path.suffix != ".npz":
        return data
    archive = zipfile.ZipFile(io.BytesIO(data))
    return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def digest(pieces):
    total = hashlib.sha256()
    for piece in pieces:
        total.update(len(piece).to_bytes(8, "little") + piece)
    return total.hexdigest()
