"""Finds the kernels' shells in compiled libraries, and disassembles them.

A symbol's name tells which shell it is, but not of which kernel: mangled names end in a hash of the type. The type is in the debug
information, `shell_avx2<otinterp::render::mixed::Mix>`; line tables are enough for it.
"""
import json, re, subprocess, sys

from measuring.environment import ROOT

# Those that exist: the crate before the workspace, and the crates of the workspace that have kernels.
PACKAGES = ["otinterp", "otinterp-simd", "otinterp-ot", "otinterp-engine"]
SHELL = re.compile(r"(?:shell|run)_(scalar|baseline|sse2|avx2|avx512)<(.*)>$")
FUNCTION_START = re.compile(r"([0-9a-f]{16})\s+\S+\s+R_X86_64_64\s+\S+ (\.text\.\S+) \+ 0$")


def libraries():
    """Paths of the release build's libraries; builds what is not up to date."""
    metadata = json.loads(output("cargo", "metadata", "--no-deps", "--format-version", "1"))
    manifests = {p["manifest_path"]: p["name"] for p in metadata["packages"]
                 if p["name"] in PACKAGES and any("lib" in target["kind"] for target in p["targets"])}
    chosen = [word for name in manifests.values() for word in ("-p", name)]
    # The types' names are in line tables, whatever the profile keeps of debug information.
    tables = "profile.release.debug='line-tables-only'"
    messages = output("cargo", "build", "--release", "--lib", *chosen, "--config", tables, "--message-format=json-render-diagnostics")
    artifacts = (message for line in messages.splitlines() if (message := json.loads(line))["reason"] == "compiler-artifact")
    return [file for a in artifacts if a["manifest_path"] in manifests for file in a["filenames"] if file.endswith(".rlib")]


def output(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"kernel-guard: `{' '.join(command[:2])}` failed")
    return done.stdout


def shells(library):
    """(kernel, level, lines of the disassembly) of every shell in a library."""
    found = sections(library)
    if not found:
        return
    options = [word for section in found for word in ("-j", section)]
    command = ["objdump", "-d", "-r", "--wide", "--no-show-raw-insn", *options, library]
    # It says that an archive of this kind also has a member that is no object.
    text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    for part in text.split("Disassembly of section ")[1:]:
        section, _, body = part.partition(":\n")
        yield *found[section], body.splitlines()


def sections(library):
    """{section: (kernel, level)}: every function has a section of its own."""
    starts, found, member, at = function_starts(library), {}, "", None
    for line in readelf(library, "--debug-dump=info", "--dwarf-depth=2"):
        if line.startswith("File: "):
            member = line
        elif "Abbrev Number" in line:
            at = None
        elif "DW_AT_low_pc" in line:
            at = int(line.split("<")[1].split(">")[0], 16)
        elif "DW_AT_name" in line and (shell := SHELL.match(line.rsplit("): ", 1)[-1].strip())):
            if section := starts.get((member, at)):
                found[section] = (short(shell[2]), shell[1])
    return found


def function_starts(library):
    """{(member, offset in the debug information): section} wherever the address of a function's first byte is told there. Other
    sections, such as the ranges of addresses, have relocations at the same offsets."""
    found, member, in_info = {}, "", False
    for line in readelf(library, "--relocs"):
        if line.startswith("File: "):
            member = line
        elif line.startswith("Relocation section"):
            in_info = "'.rela.debug_info'" in line
        elif in_info and " .text." in line and (match := FUNCTION_START.match(line)):
            found[member, int(match[1], 16)] = match[2]
    return found


def readelf(library, *options):
    with subprocess.Popen(["readelf", "--wide", *options, library], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        yield from running.stdout


def short(name):
    """A type's name with its module, `side::Fill<Dense>`: the crate and the modules further up may change."""
    head, angle, rest = name.partition("<")
    return "::".join(head.split("::")[-2:]) + angle + re.sub(r"\w+::", "", rest).replace(" ", "")
