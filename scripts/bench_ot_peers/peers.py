"""The peers: each makes `solve(iterations, stop)` for a task.

`solve` runs that many iterations on all of the task's problems, or, unless `stop` is 0, only as many as the peer's own
stopping rule at that value asks for. It returns (iterations made, a function that gives the last problem's plan).
"""
import numpy as np

# Problems of a batch that a peer with batches solves at once: the sums in between then stay in the cache, which took
# a half (OTT-JAX) to a fifth (GeomLoss) of the time that 1000 at once took on a Zen 5 with 1 MiB of L2.
TOGETHER = 10
CHECK_EVERY = 10  # iterations between two looks at the error: ours, POT's and OTT-JAX's default


def numpy_dense(task, _):
    def solve(iterations, stop):
        for cost, a, b in zip(task.cost, task.a, task.b):
            kernel, v = np.exp(cost / np.float32(-task.eps)), np.ones_like(b)
            for done in range(1, iterations + 1):
                u = a / (kernel @ v)
                total = u @ kernel
                if stop and done % CHECK_EVERY == 0 and not np.abs(v * total - b).sum() > stop:
                    break
                v = b / total
        return done, lambda: u[:, None] * kernel * v

    return solve


def numpy_separable(task, _):
    """All grids at once; each 1-D pass is a matrix product."""
    n, (x, y) = task.n, np.indices((task.n, task.n), np.float32) / np.float32(task.n)

    def solve(iterations, stop):
        k = np.exp((x - y) ** 2 / np.float32(-task.eps))

        def apply(v):
            return ((k @ v).reshape(-1, n) @ k).reshape(-1, n, n)

        a, b = (masses.reshape(-1, n, n) for masses in (task.a, task.b))
        v = np.ones_like(b)
        for done in range(1, iterations + 1):
            u = a / apply(v)
            total = apply(u)
            if stop and done % CHECK_EVERY == 0 and not np.abs(v * total - b).sum((1, 2)).max() > stop:
                break
            v = b / total
        return done, lambda: u[-1].reshape(-1, 1) * np.kron(k, k) * v[-1].reshape(-1)

    return solve


def pot(method):
    def make(task, _):
        import ot

        def solve(iterations, stop):
            for cost, a, b in zip(task.cost, task.a, task.b):
                plan, log = ot.sinkhorn(a, b, cost, task.eps, method, numItermax=iterations, stopThr=stop, warn=False, log=True)
            return log.get("niter", log.get("n_iter", iterations)), lambda: plan

        return solve

    return make


def pot_batch(task, log):
    """On torch: its NumPy form falls back to f64."""
    import torch
    from ot.batch import solve_batch

    torch.set_num_threads(1)
    cost, a, b = (torch.from_numpy(x) for x in (task.cost, task.a, task.b))
    method = "log_sinkhorn" if log else "sinkhorn"

    def solve(iterations, stop):
        for c, x, y in by_tens(cost, a, b):
            result = solve_batch(c, task.eps, x, y, max_iter=iterations, tol=stop, method=method, grad="detach")
        return int(result.log["n_iter"]) + 1, lambda: result.plan[-1].numpy()

    return solve


def ott(task, log):
    import jax
    from ott.geometry import geometry
    from ott.problems.linear import linear_problem
    from ott.solvers.linear import sinkhorn

    cost, a, b = (jax.numpy.asarray(x) for x in (task.cost, task.a, task.b))
    programs = {}

    def compiled(iterations, stop):
        options = dict(threshold=stop, max_iterations=iterations)
        if not stop:
            options |= dict(inner_iterations=iterations, min_iterations=iterations)
        solver = sinkhorn.Sinkhorn(lse_mode=log, **options)

        def one(problem):
            cost, a, b = problem
            out = solver(linear_problem.LinearProblem(geometry.Geometry(cost_matrix=cost, epsilon=task.eps), a, b))
            return out.f, out.g, out.n_iters

        return jax.jit(lambda *problems: jax.lax.map(one, problems, batch_size=min(TOGETHER, len(a))))

    def solve(iterations, stop):
        if (iterations, stop) not in programs:
            programs[iterations, stop] = compiled(iterations, stop)
        f, g, done = jax.block_until_ready(programs[iterations, stop](cost, a, b))
        return int(done.max()), lambda: gibbs(task, np.asarray(f[-1]), np.asarray(g[-1]))

    return solve


def geomloss(task, _):
    """Its own schedule of eps, then eps.

    It has no stopping rule: for one, the least of 10, 20, 40 ... iterations whose error is within it.
    """
    import torch
    from geomloss._legacy.sinkhorn_divergence import epsilon_schedule, log_weights, sinkhorn_loop
    from geomloss._legacy.sinkhorn_samples import softmin_tensorized

    torch.set_num_threads(1)
    cost, a, b = (torch.from_numpy(x) for x in (task.cost, task.a, task.b))
    turned, enough = cost.transpose(1, 2).contiguous(), {}

    def run(iterations):
        eps = (epsilon_schedule(1, 1.0, task.eps, 0.5) + [task.eps] * iterations)[:iterations]
        for c, t, x, y in by_tens(cost, turned, a, b):
            weights = log_weights(x), log_weights(y)
            _, _, g, f = sinkhorn_loop(softmin_tensorized, *weights, None, None, c, t, eps, None, debias=False)
        f, g = (x[-1].numpy().reshape(-1) for x in (f, g))
        return iterations, lambda: task.a[-1][:, None] * task.b[-1] * gibbs(task, f, g)

    def solve(iterations, stop):
        if not stop:
            return run(iterations)
        if (iterations, stop) not in enough:
            tries = CHECK_EVERY
            while tries < iterations and not task.error(run(tries)[1]()) <= stop:
                tries *= 2
            enough[iterations, stop] = min(tries, iterations)
        return run(enough[iterations, stop])

    return solve


def by_tens(*arrays):
    """Parts of a batch."""
    for first in range(0, len(arrays[0]), TOGETHER):
        yield [x[first : first + TOGETHER] for x in arrays]


def gibbs(task, f, g):
    """The last problem's exp((f + g - cost) / eps) in f64."""
    return np.exp((f.astype(np.float64)[:, None] + g - task.cost[-1]) / task.eps)


DENSE = [("NumPy (BLAS loop)", numpy_dense), ("POT", pot("sinkhorn")), ("POT batch (torch)", pot_batch), ("OTT-JAX", ott)]
DENSE_LOG = [("POT", pot("sinkhorn_log")), ("POT batch (torch)", pot_batch), ("OTT-JAX", ott), ("GeomLoss", geomloss)]
FASTEST_LOG = [("OTT-JAX", ott)]  # by far; the others take minutes at small eps
SEPARABLE = [("NumPy (BLAS loop)", numpy_separable)]
# Made for small eps.
STABILISED = [("POT stabilized", pot("sinkhorn_stabilized")), ("POT eps-scaling", pot("sinkhorn_epsilon_scaling"))]
