"""The peers. Each is made for a folder to build in and gives `rebuild(known) -> (middles, CPU milliseconds for one)`."""
import ctypes, os, resource, subprocess, time

import cv2
import numpy as np

from .missing import Missing
from .rife import RIFE

# Exact both ways but for rounding: 4:4:4, full range.
SCALER = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
TO_YUV = f"scale=out_range=full:out_color_matrix=bt709:{SCALER},format=yuvj444p"
TO_RGB = f"scale=in_range=full:in_color_matrix=bt709:{SCALER},format=rgb24"


def cross_fade(_):
    def rebuild(known):
        start = time.process_time()
        middles = [cv2.addWeighted(a, 0.5, b, 0.5, 0) for a, b in zip(known, known[1:])]
        return middles, (time.process_time() - start) * 1e3 / len(middles)

    return rebuild


def children_ms():
    """User and system time of ended children: the system only samples how the sum divides."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e3


def chain(frames, between):
    """Runs FFmpeg with a filter between the changes of colour model; gives its frames and CPU milliseconds."""
    height, width = frames[0].shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-filter_threads", "1", *raw, "-s", f"{width}x{height}",
               "-r", "25", "-i", "-", "-vf", f"{TO_YUV},{between},{TO_RGB}", *raw, "-"]
    start = children_ms()
    done = subprocess.run(command, input=b"".join(frame.tobytes() for frame in frames), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3), children_ms() - start


def minterpolate(options):
    """From M frames it makes 2M - 3 at twice the rate, since it looks one frame ahead and never gives out what it then holds;
    so the last frame is sent twice, and the in-betweens are frames 1, 3, 5 ... Scene detection is off.

    Its time is that of the chain less that of the same chain with fps=50 in its place; from either the same for the last frame
    sent twice alone is taken off: the start of the process and the additional pair.
    """
    filters = [f"minterpolate=fps=50:{options}:scd=none", "fps=50"]

    def make(_):
        def rebuild(known):
            last = known[-1]
            (frames, whole), (_, plain) = (chain([*known, last], f) for f in filters)
            (_, start), (_, plain_start) = (chain([last, last], f) for f in filters)
            middles = frames[1::2]
            assert len(middles) == len(known) - 1, f"{len(frames)} frames of {len(known)}"
            return middles, max(0.0, whole - start - (plain - plain_start)) / len(middles)

        return rebuild

    return make


def compiled(folder):
    """The renderer beside the flow methods, as a library."""
    source, library = os.path.join(os.path.dirname(__file__), "splat.c"), str(folder / "splat.so")
    command = [os.environ.get("CC", "cc"), "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", source, "-o", library, "-lm"]
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError as error:
        raise Missing("a C compiler") from error
    return ctypes.CDLL(library).in_between


def dis(preset):
    """Flow both ways on grey pictures, and the splatting renderer, all on this thread."""

    def make(folder):
        render = compiled(folder)
        cv2.setNumThreads(1)
        flow = cv2.DISOpticalFlow_create(getattr(cv2, f"DISOPTICAL_FLOW_PRESET_{preset}"))

        def middle(a, b):
            grey = [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (a, b)]
            forward, backward = flow.calc(grey[0], grey[1], None), flow.calc(grey[1], grey[0], None)
            out = np.empty_like(a)
            arrays = [ctypes.c_void_p(x.ctypes.data) for x in (a, b, forward, backward)]
            render(*arrays, a.shape[1], a.shape[0], ctypes.c_float(0.5), ctypes.c_void_p(out.ctypes.data))
            return out

        def rebuild(known):
            start = time.process_time()
            middles = [middle(a, b) for a, b in zip(known, known[1:])]
            return middles, (time.process_time() - start) * 1e3 / len(middles)

        return rebuild

    return make


def mvtools(_):
    """VapourSynth's plugin: 16×16 blocks, overlap 8, then 8×8; BlockFPS in mode 3. Scene detection is off."""
    try:
        import vapoursynth as vs

        core, plugin = vs.core, vs.core.mv
    except (ImportError, AttributeError) as error:
        raise Missing("VapourSynth with MVTools") from error
    core.num_threads = 1

    def as_clip(frames):
        """RGB arrays as a clip of Y'CbCr frames that are all made beforehand."""
        height, width = frames[0].shape[:2]
        blank = core.std.BlankClip(width=width, height=height, format=vs.RGB24, length=len(frames), fpsnum=25, fpsden=1)

        def filled(n, f):
            out = f.copy()
            for plane in range(3):
                np.copyto(np.asarray(out[plane]), frames[n][..., plane])
            return out

        yuv = blank.std.ModifyFrame(blank, filled).resize.Bicubic(format=vs.YUV444P8, matrix_s="709", range_s="full")
        made = list(yuv.frames())
        source = core.std.BlankClip(yuv)
        return source.std.ModifyFrame(source, lambda n, f: made[n])

    def pulled(clip, count):
        rgb = clip.resize.Bicubic(format=vs.RGB24, matrix_in_s="709", range_in_s="full")
        start = time.process_time()
        frames = [rgb.get_frame(2 * i + 1) for i in range(count)]
        spent = (time.process_time() - start) * 1e3
        return [np.stack([np.asarray(frame[plane]) for plane in range(3)], axis=-1) for frame in frames], spent

    def doubled(clip):
        pyramid = plugin.Super(clip, pel=2)
        vectors = [plugin.Analyse(pyramid, isb=isb, blksize=16, overlap=8) for isb in (True, False)]
        vectors = [plugin.Recalculate(pyramid, v, blksize=8, overlap=4) for v in vectors]
        return plugin.BlockFPS(clip, pyramid, *vectors, num=50, den=1, mode=3, thscd1=16320)

    def rebuild(known):
        count = len(known) - 1
        middles, spent = pulled(doubled(as_clip([*known, known[-1]])), count)
        clip = as_clip(known)
        _, plain = pulled(core.std.Interleave([clip, clip]), count)
        return middles, (spent - plain) / count

    return rebuild


PEERS = {
    "cross-fade": cross_fade,
    "minterpolate, defaults": minterpolate("mi_mode=mci"),
    "minterpolate, bidir, 8×8": minterpolate("mi_mode=mci:me_mode=bidir:mb_size=8"),
    "MVTools, block": mvtools,
    "DIS ultrafast + splatting": dis("ULTRAFAST"),
    "DIS medium + splatting": dis("MEDIUM"),
    **RIFE,
}
