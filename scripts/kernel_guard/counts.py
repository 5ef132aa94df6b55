"""What a kernel's instructions are: arithmetic on floats, packed or of one number; packed arithmetic on whole numbers; calls."""
import re, subprocess
from dataclasses import dataclass, field

INSTRUCTION = re.compile(r"\s*[0-9a-f]+:\t(?:(?:data16|cs|rep\w*|lock|bnd|notrack) )*(\S+)\s*(.*)$")
# Moves, shuffles and bit operations are left out: numbers alone go through whole registers there, too.
FLOATS = re.compile(r"v?(?:add|sub|mul|div|sqrt|min|max|addsub|hadd|rcp(?:14)?|rsqrt(?:14)?|round|rndscale|cmp\w*?|u?comi|fn?m(?:add|sub|addsub)\d+)"
                    r"([ps])[sd]$")
CONVERSIONS = re.compile(r"v?cvtt?(?:(ps|pd|dq|udq|qq|uqq)2(?:ps|pd|dq|udq|qq|uqq)|(ss|sd|si|usi)2\w+)$")
WHOLE = re.compile(r"v?p(?:add|sub|mul|madd|min|max|abs|avg|sad|cmp|sll|srl|sra|hadd)\w+$")
RELOCATION = re.compile(r"R_X86_64_\w+\t(\S+?)(?:[-+]0x[0-9a-f]+)?$")
# Calls that no loop loses its vectors by: panics and what follows them, which are not reached in a run that goes well; memory that is asked
# for and given back; copies and fills, which are vectors of the C library's own.
NOT_HELD = re.compile(r"^core::panicking::|_fail(ed)?$|handle_error|^_Unwind_|^alloc::raw_vec::|__rust_(alloc|dealloc|realloc|no_alloc)"
                      r"|^mem(cpy|set|move|cmp)$|^bcmp$")


@dataclass
class Counts:
    """Of one kernel at one level."""
    packed: int = 0
    single: int = 0
    whole: int = 0
    called: list = field(default_factory=list)

    def share(self):
        """Share of packed instructions among arithmetic on floats; 1 where there is none."""
        return self.packed / (self.packed + self.single) if self.packed + self.single else 1.0


def counted(lines):
    """The counts of a function's disassembly."""
    counts, held = Counts(), {}
    for match in filter(None, map(INSTRUCTION.match, lines)):
        name, operands = match.groups()
        if floats := FLOATS.match(name):
            add(counts, floats[1] == "p")
        elif conversion := CONVERSIONS.match(name):
            add(counts, bool(conversion[1]))
        elif WHOLE.match(name):
            counts.whole += 1
        elif name == "call" or name == "jmp" and "R_X86_64" in operands:
            counts.called.append(symbol(operands) or held.get(operands.strip("* "), f"what {operands.strip('* ')} points to"))
        elif name == "mov":
            keep_address(operands, held)
    counts.called = [name for name in readable(counts.called) if not NOT_HELD.search(name)]
    return counts


def add(counts, packed):
    if packed:
        counts.packed += 1
    else:
        counts.single += 1


def keep_address(operands, held):
    """Functions' addresses that are called several times lie in registers, and where these do not suffice on the stack."""
    source, target = re.match(r"((?:\([^)]*\)|[^,(])*),(\S+)", operands).groups()
    if address := symbol(operands) or held.get(source):
        held[target] = address


def symbol(operands):
    """The name that the linker puts in here, or none."""
    relocation = RELOCATION.search(operands)
    return relocation and relocation[1].removeprefix(".text.")


def readable(names):
    """Names of functions as in the source, without what tells instances apart."""
    if not names:
        return []
    text = subprocess.run(["c++filt"], input="\n".join(names), stdout=subprocess.PIPE, text=True).stdout
    return [re.sub(r"::h[0-9a-f]{16}|\[[0-9a-f]{16}\]|\.llvm\.\d+", "", name) for name in text.splitlines()]
