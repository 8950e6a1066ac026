"""The solver paths: they agree with the closed forms, in value and gradient, and fail loudly."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
import torch

from avce.errors import DomainError, OptionError, SolverError
from avce.transforms import VIEWS, attempts, conic, programs, register_cvxpy_view, sparsemax, transform
from avce.transforms.attempts import Attempt, is_solved
from avce.transforms.cone import Affine, ConeProgram
from avce.transforms.conic import ConicView

SOLVERS = ("ecos", "cvxpy")
# ECOS stops at a duality gap of about 1e-11; a strongly concave objective turns that into 1e-6 in the solution
TOLERANCE = 1e-6


def mixture(rows: int, n: int = 32, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(rows, n))
    kinds = [
        np.maximum(normal, 0),
        np.round(4 * np.maximum(normal, 0)) / 4,
        np.zeros_like(normal),
        normal * 10 ** rng.uniform(-4, 4, size=(rows, 1)),
    ]
    return torch.from_numpy(np.concatenate(kinds))


@pytest.fixture
def own_view():
    """Names registered in a test, taken off the table after it."""
    before = set(VIEWS)
    yield
    for name in set(VIEWS) - before:
        del VIEWS[name]


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
@pytest.mark.parametrize(("solver", "rows"), [("ecos", 250), ("cvxpy", 15)])
def test_solvers_agree_with_the_closed_form(view, solver, rows):
    z = mixture(rows)
    p = transform(z, view=view, solver=solver)
    assert (p - transform(z, view=view)).abs().max() <= TOLERANCE
    torch.testing.assert_close(p.sum(-1), torch.ones(len(z), dtype=p.dtype))


@pytest.mark.parametrize(
    ("view", "solver", "rows", "bound"),
    [  # the most that rows were off: 7e-15, 8e-8 (of 6,000 by ecos), 5e-15, 3.3e-7 (of 900 by cvxpy)
        ("sparsemax", "ecos", 1000, 1e-12),
        ("softmax", "ecos", 1000, 2e-7),
        ("sparsemax", "cvxpy", 10, 1e-12),
        ("softmax", "cvxpy", 10, 1e-6),
    ],
)
def test_gradients_by_implicit_differentiation_agree_with_the_closed_form(view, solver, rows, bound):
    z = mixture(rows, seed=5).requires_grad_()
    weights = torch.randn(z.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (ours,) = torch.autograd.grad((transform(z, view=view, solver=solver) * weights).sum(), z)
    (exact,) = torch.autograd.grad((transform(z, view=view) * weights).sum(), z)
    is_defined = torch.ones(len(z), dtype=torch.bool)
    if view == "sparsemax":  # but where a score lies on the threshold: there its support is about to change
        p = sparsemax(z.detach())
        threshold = (z.detach() - p).gather(1, p.argmax(1, keepdim=True))
        is_defined = (z.detach() - threshold).abs().amin(1) > 1e-6
        assert is_defined.double().mean() > 0.9
    assert (ours - exact)[is_defined].abs().max() <= bound


def test_rows_beyond_the_room_for_their_systems_are_taken_in_turns(monkeypatch):
    z = mixture(5).requires_grad_()
    (whole,) = torch.autograd.grad(transform(z, solver="ecos").square().sum(), z)
    monkeypatch.setattr("avce.transforms.cone._MOST_NUMBERS", 3 * (33 + 1 + 66) ** 2)
    (in_turns,) = torch.autograd.grad(transform(z, solver="ecos").square().sum(), z)
    assert torch.equal(in_turns, whole)


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
def test_second_derivatives_by_a_solver_are_refused(view):
    z = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    (once,) = torch.autograd.grad(transform(z, view=view, solver="ecos").square().sum(), z, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        once.sum().backward()


def test_many_entries_far_below_the_largest_cost_no_exactness():
    z = torch.zeros(4, 4096, dtype=torch.float64)
    z[0, 0], z[1, 1], z[2, 2] = 20, 25, 28
    z[3, :2] = torch.tensor([20.0, 19.0])
    assert (transform(z, view="softmax", solver="ecos") - torch.softmax(z, -1)).abs().max() <= 1e-8
    z, mask = torch.randn(3, 1000, dtype=torch.float64), torch.zeros(1000, dtype=torch.bool)
    mask[[3, 500]] = True
    p = transform(z, view="softmax", solver="ecos", mask=mask)
    assert (p - transform(z, view="softmax", mask=mask)).abs().max() <= 1e-8


@pytest.mark.parametrize("n", [65, 1000, 4096, 4097])  # 4,097: more blocks than a block has entries
def test_softmax_of_thousands_of_different_entries_is_exact(n):
    draw = torch.Generator().manual_seed(n)
    normal = torch.randn(n, dtype=torch.float64, generator=draw)
    deep = -19.9 + torch.rand(n, dtype=torch.float64, generator=draw)  # one entry against all others together
    deep[n // 2] = 0
    z = torch.stack([normal, normal.relu(), 10 * normal, 1e4 * normal, 1e-4 * normal, deep])
    assert (transform(z, view="softmax", solver="ecos") - torch.softmax(z, -1)).abs().max() <= TOLERANCE


def test_softmax_in_blocks_has_the_gradient_of_the_closed_form_and_takes_masks():
    z = torch.randn(3, 200, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    mask = torch.ones(3, 200, dtype=torch.bool)
    mask[0, :130] = mask[1, 7:] = mask[2, ::3] = False
    weights = torch.randn(3, 200, dtype=torch.float64)
    p, exact = transform(z, view="softmax", solver="ecos", mask=mask), transform(z, view="softmax", mask=mask)
    assert (p - exact).abs().max() <= 1e-8
    assert (p[~mask] == 0).all()
    (ours,), (theirs,) = (torch.autograd.grad((q * weights).sum(), z) for q in (p, exact))
    torch.testing.assert_close(ours, theirs, atol=2e-7, rtol=0)
    for rounded in (z.half(), z.float()):  # only the result is rounded
        found = transform(rounded, view="softmax", solver="ecos")
        exact = transform(rounded.double(), view="softmax")
        torch.testing.assert_close(found, exact.to(found), rtol=2 * torch.finfo(found.dtype).eps, atol=1e-9)
    assert transform(z[:0], view="softmax", solver="ecos").shape == (0, 200)


def test_a_block_that_fails_is_named_by_its_row():
    known = conic.BUILT_IN["softmax"].known
    hopeless = ConicView("softmax", programs.softmax_problem, [Attempt(1e-9, iterations=1)], known)
    z = torch.zeros(3, 128)  # a row of ties needs no solver
    z[1] = torch.randn(128)
    with pytest.raises(SolverError, match=r"softmax by ecos: row 1 of 3 ended .*\(1 such rows\)"):
        hopeless(z, solver="ecos")
    z[2, 5] = torch.nan
    with pytest.raises(DomainError, match="row 2 "):
        hopeless(z, solver="ecos")


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
def test_what_cvxpy_picks_itself_is_near_and_taken_as_it_is(view):
    z = mixture(8, seed=2)[:16].requires_grad_()
    p = transform(z, view=view, solver="cvxpy_default")
    exact = transform(z, view=view)
    assert 0 < (p - exact).abs().max() < 1e-3
    (ours,), (theirs,) = (torch.autograd.grad(q.square().sum(), z) for q in (p, exact))
    off = (ours - theirs).abs().amax(1)
    assert off.median() < 1e-3  # a share that should be 0 and is 1e-5 is part of the support here


def test_what_cvxpy_picks_itself_fails_with_row_and_status():
    z = torch.randn(3, 4, dtype=torch.float64)

    def infeasible(n):
        problem, scores, p = programs.sparsemax_problem(n)
        return cp.Problem(problem.objective, [*problem.constraints, p <= 0.1]), scores, p

    view = ConicView("sparsemax", infeasible, [Attempt(1e-9)], conic.BUILT_IN["sparsemax"].known)
    with pytest.raises(SolverError, match="row 0 of 3 ended with status 'infeasible"):
        view(z, solver="cvxpy_default")


def test_a_view_of_the_users_own_has_no_such_solver(own_view):
    register_cvxpy_view("capped", capped)
    with pytest.raises(OptionError, match="'capped' offers ecos, cvxpy, got 'cvxpy_default'"):
        transform(torch.randn(2, 4), view="capped", solver="cvxpy_default")


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
def test_solvers_take_any_axis_masks_and_half_precision(view):
    z = torch.randn(3, 6, 2)
    mask = torch.tensor([True, True, False, True, True, False])[:, None]
    for scores in (z, z.to(torch.float16)):
        p = transform(scores, view=view, solver="ecos", dim=1, mask=mask)
        assert p.dtype is scores.dtype
        assert (p[:, ~mask[:, 0]] == 0).all()
        torch.testing.assert_close(p, transform(scores, view=view, dim=1, mask=mask), atol=2e-6, rtol=1e-3)


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
@pytest.mark.parametrize("solver", ["exact", *SOLVERS])
def test_one_entry_and_no_rows_need_no_solver(view, solver):
    assert (transform(torch.randn(3, 1), view=view, solver=solver) == 1).all()
    z = torch.zeros(0, 4, requires_grad=True)
    p = transform(z, view=view, solver=solver)
    p.sum().backward()
    assert p.shape == z.grad.shape == (0, 4)


@pytest.mark.parametrize("program", [programs.log_sum_exp_program, programs.entropy_program])
def test_both_exponential_cone_programs_solve_softmax(program):
    z = np.random.default_rng(1).normal(size=(5, 8))
    found = program(8).solve(z, abstol=1e-9, reltol=1e-9, feastol=1e-9)
    np.testing.assert_allclose(found.p, torch.softmax(torch.from_numpy(z), -1).numpy(), atol=1e-6)


def test_entropy_program_states_that_shares_are_not_negative():
    assert programs.entropy_program(8).dims["l"] == 8


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
def test_reductions_leave_the_solution_as_it_is(view):
    z = mixture(20).numpy()
    scores, sizes, restore = conic.BUILT_IN[view].known.reduce(z)
    shares = np.zeros_like(scores)
    for row, size in enumerate(sizes):
        shares[row, :size] = transform(torch.from_numpy(scores[row, :size]), view=view).numpy()
    np.testing.assert_allclose(restore(shares), transform(torch.from_numpy(z), view=view).numpy(), atol=1e-7)


@pytest.mark.parametrize("view", ["sparsemax", "softmax"])
def test_the_proven_error_is_never_below_the_true_one(view):
    z = np.random.default_rng(2).normal(size=(200, 10))
    exact = transform(torch.from_numpy(z), view=view).numpy()
    off = np.maximum(exact + 10 ** np.random.default_rng(3).uniform(-9, -1, (200, 1)) * z, 0)
    off /= off.sum(1, keepdims=True)
    bound = conic.BUILT_IN[view].known.error(off, z)
    assert (bound >= np.abs(off - exact).max(1) - 1e-12).all()


def test_a_lying_flag_is_not_believed():
    flags, error = np.array([0, 0, 10, 10, -2, 1]), np.array([1e-7, 1e-3, 1e-7, 5e-6, 0.0, 0.0])
    assert is_solved(flags, error).tolist() == [True, False, True, False, False, False]


def test_a_row_that_no_attempt_solves_is_named_with_its_status():
    known = conic.BUILT_IN["sparsemax"].known
    hopeless = ConicView("sparsemax", programs.sparsemax_problem, [Attempt(3e-12, iterations=2)] * 2, known)
    z = torch.tensor([[5.0, 0.0, 0.0], [0.3, 0.2, 0.1]])  # row 0 has one candidate and needs no solver
    with pytest.raises(
        SolverError, match=r"sparsemax by ecos: row 1 of 2 ended with status 'iteration limit'.*2 att"
    ):
        hopeless(z, solver="ecos")


def test_failed_rows_are_tried_again_with_the_next_settings():
    known = conic.BUILT_IN["sparsemax"].known
    tried = [Attempt(3e-12, iterations=2), Attempt(3e-12)]
    view = ConicView("sparsemax", programs.sparsemax_problem, tried, known)
    z = mixture(10)
    assert (view(z, solver="ecos") - sparsemax(z)).abs().max() <= TOLERANCE


def test_rows_where_ecos_stalls_cross_over_to_the_vertex():
    known = conic.BUILT_IN["sparsemax"].known
    stalls = ConicView("sparsemax", programs.sparsemax_problem, [Attempt(1e-300, feasibility=1e-300)], known)
    z = mixture(10)
    assert (stalls(z, solver="ecos") - sparsemax(z)).abs().max() <= TOLERANCE
    p = np.array([[0.6 + 1e-5, 0.4 - 2e-5, 1e-5]])
    exact = programs.sparsemax_cross_over(p, np.array([[0.6, 0.4, -0.5]]))
    np.testing.assert_allclose(exact, [[0.6, 0.4, 0.0]], atol=1e-15)


@pytest.mark.parametrize("solver", SOLVERS)
def test_rows_without_a_solution_are_refused(solver):
    for bad in (torch.nan, torch.inf):
        with pytest.raises(DomainError, match="row 1 "):
            transform(torch.tensor([[0.0, 1.0], [0.0, bad]]), solver=solver)
    with pytest.raises(DomainError, match="row 0 "):
        transform(torch.full((1, 2), -torch.inf), solver=solver)


def capped(n):
    z, p = cp.Parameter(n), cp.Variable(n)
    return cp.Problem(cp.Maximize(z @ p - cp.sum_squares(p) / 2), [p >= 0, cp.sum(p) == 1, p <= 0.4]), z, p


def distance(n):
    """SparseMax with the scores inside the cone instead of the objective."""
    z, p = cp.Parameter(n), cp.Variable(n)
    return cp.Problem(cp.Minimize(cp.sum_squares(p - z)), [p >= 0, cp.sum(p) == 1]), z, p


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_view_of_the_users_own_is_solved_and_differentiated(own_view, solver):
    register_cvxpy_view("capped", capped)
    z = torch.randn(4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    p = transform(z, view="capped", solver=solver)
    assert p.max() <= 0.4 + 1e-6
    weights = torch.randn(4, 6, dtype=torch.float64)
    (grad,) = torch.autograd.grad((p * weights).sum(), z)
    step = 1e-3
    with torch.no_grad():
        for i in range(6):
            move = torch.zeros_like(z)
            move[:, i] = step
            up, down = (transform(z + sign * move, view="capped", solver=solver) for sign in (1, -1))
            # piecewise linear in z: central differences are exact but for solver noise over the step
            torch.testing.assert_close(
                grad[:, i], ((up - down) * weights).sum(1) / (2 * step), atol=2e-2, rtol=0
            )


@pytest.mark.parametrize(
    ("problem", "view"), [(distance, "sparsemax"), (programs.softmax_problem, "softmax")]
)
def test_a_view_written_out_again_matches_the_built_in_one(own_view, problem, view):
    register_cvxpy_view("again", problem)
    z = torch.randn(5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()
    weights = torch.randn(5, 7, dtype=torch.float64)
    p, exact = transform(z, view="again", solver="ecos"), transform(z, view=view)
    torch.testing.assert_close(p, exact, atol=1e-4, rtol=0)  # not strongly scaled: ECOS's own precision
    (ours,), (theirs,) = (torch.autograd.grad((q * weights).sum(), z) for q in (p, exact))
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


def with_constraints(*more):
    """SparseMax with further constraints on p."""

    def build(n):
        z, p = cp.Parameter(n), cp.Variable(n)
        constraints = [p >= 0, cp.sum(p) == 1, *(make(p) for make in more)]
        return cp.Problem(cp.Maximize(z @ p - cp.sum_squares(p) / 2), constraints), z, p

    return build


def gradient(view, solver, rows=60, n=4, seed=3):
    draw = torch.Generator().manual_seed(seed)
    z = torch.randn(rows, n, dtype=torch.float64, generator=draw).requires_grad_()
    weights = torch.randn(rows, n, dtype=torch.float64, generator=draw)
    return torch.autograd.grad((transform(z, view=view, solver=solver) * weights).sum(), z)[0]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "slack",
    [
        lambda p: cp.ExpCone(p[0], 1, 30),
        lambda p: cp.exp(3 * p[0]) <= 40,
        lambda p: cp.norm(p, 2) <= 5,
        lambda p: p <= 1.5,
        lambda p: cp.sum(cp.entr(p)) >= -1,
    ],
    ids=["exponential cone", "exponential", "norm", "linear", "entropy"],
)
def test_a_constraint_that_holds_nothing_changes_no_gradient(own_view, solver, slack):
    register_cvxpy_view("slack", with_constraints(slack))
    torch.testing.assert_close(gradient("slack", solver), gradient("sparsemax", "exact"), atol=1e-3, rtol=0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_two_ways_to_write_one_constraint_have_one_gradient(own_view, solver):
    register_cvxpy_view("curved", with_constraints(lambda p: cp.exp(2 * p[0]) <= 1.5))
    register_cvxpy_view("straight", with_constraints(lambda p: p[0] <= np.log(1.5) / 2))
    curved, straight = gradient("curved", solver), gradient("straight", solver)
    assert not torch.allclose(
        straight, gradient("sparsemax", "exact"), atol=0.1
    )  # the constraint holds something
    torch.testing.assert_close(curved, straight, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    "curved",
    [
        lambda p: cp.norm(p - 0.25, 2) <= 0.3,
        lambda p: cp.exp(2 * p[0]) + cp.exp(p[1]) <= 2.6,
        lambda p: cp.sum(cp.kl_div(p, np.ones(4) / 4)) <= 0.2,
    ],
    ids=["norm", "sum of exponentials", "divergence"],
)
def test_curved_constraints_have_the_gradient_of_finite_differences(own_view, curved):
    register_cvxpy_view("mine", with_constraints(curved))
    draw, step = torch.Generator().manual_seed(4), 2e-2
    z = torch.randn(30, 4, dtype=torch.float64, generator=draw).requires_grad_()
    weights = torch.randn(30, 4, dtype=torch.float64, generator=draw)
    (ours,) = torch.autograd.grad((transform(z, view="mine", solver="ecos") * weights).sum(), z)
    differences = torch.zeros_like(z)
    with torch.no_grad():
        for i in range(4):
            move = torch.zeros_like(z)
            move[:, i] = step
            up, down = (transform(z + sign * move, view="mine", solver="ecos") for sign in (1, -1))
            differences[:, i] = ((up - down) * weights).sum(1) / (2 * step)
    off = (ours - differences).abs().amax(1)
    # within a step of a place where a constraint begins to hold, a difference says nothing
    assert off.quantile(0.8) < 5e-3
    assert off.median() < 2e-3


@pytest.mark.parametrize("solver", SOLVERS)
def test_no_rows_need_no_solver_in_a_view_of_the_users_own_either(own_view, solver):
    register_cvxpy_view("capped", capped)
    z = torch.zeros(0, 5, requires_grad=True)
    p = transform(z, view="capped", solver=solver)
    p.sum().backward()
    assert p.shape == z.grad.shape == (0, 5)


@pytest.mark.parametrize(
    "tried",
    [attempts.OWN, attempts.SPARSEMAX, attempts.SOFTMAX],
    ids=["own", "sparsemax", "softmax"],
)
def test_every_retry_is_tighter(tried):
    first, *retries = tried
    assert retries
    assert all(attempt.gap < first.gap and attempt.feasibility <= first.feasibility for attempt in retries)


def test_a_scaled_problem_is_asked_for_what_is_tight_enough_for_the_problem_as_it_is():
    promised = attempts.OWN[0].settings
    for attempt in attempts.OWN:
        asked, scale, stretch = attempt.settings, attempt.scale, attempt.stretch
        # the dual residual grows by 1 / scale on the way back, the primal one by 1 / stretch, the gap by both
        assert asked["feastol"] / min(1, scale, stretch) <= promised["feastol"] * (1 + 1e-12)
        assert asked["abstol"] / (scale * stretch) <= promised["abstol"] * (1 + 1e-12)
        assert asked["reltol"] <= promised["reltol"]


def softened(n):
    """Between SparseMax and SoftMax: ECOS stalls on a fifth of the rows."""
    z, p = cp.Parameter(n), cp.Variable(n)
    objective = cp.Maximize(z @ p + cp.sum(cp.entr(p)) / 2 - cp.sum_squares(p) / 4)
    return cp.Problem(objective, [p >= 0, cp.sum(p) == 1]), z, p


@pytest.mark.parametrize(("solver", "rows"), [("ecos", 100), ("cvxpy", 20)])
@pytest.mark.parametrize(
    "problem",
    [softened, with_constraints(lambda p: cp.sum(cp.entr(p)) >= 0.3), distance],
    ids=["softened", "entropy", "distance"],
)
def test_rows_where_ecos_stalls_are_solved_in_another_scale(own_view, problem, solver, rows):
    view = ConicView("mine", problem, attempts.OWN)
    z = np.random.default_rng(0).normal(size=(rows, 32)) * 2
    first = ConicView("mine", problem, attempts.OWN[:1])
    with pytest.raises(SolverError, match="reduced accuracy"):
        first.solve(z, solver)
    p = view.solve(z, solver).p
    assert p.min() >= -1e-6
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-7)


@pytest.mark.parametrize(("scale", "stretch"), [(10.0, 1.0), (1.0, 10.0), (0.3, 30.0)])
def test_a_scaled_problem_has_the_same_solution_slack_and_multipliers(scale, stretch):
    tried = [Attempt(1e-9, scale=scale, stretch=stretch)]
    scaled = ConicView("scaled", with_constraints(lambda p: p <= 0.4), tried)
    plain = ConicView("plain", with_constraints(lambda p: p <= 0.4), [Attempt(1e-9)])
    z = np.random.default_rng(0).normal(size=(5, 6))
    for solver in SOLVERS:
        one, two = scaled.solve(z, solver), plain.solve(z, solver)
        np.testing.assert_allclose(one.p, two.p, atol=1e-4)
        np.testing.assert_allclose(one.slack, two.slack, atol=1e-3)
        np.testing.assert_allclose(one.dual, two.dual, atol=1e-3)


def test_problems_that_cannot_be_compiled_are_refused_with_the_reason(own_view):
    def two_parameters(n):
        problem, z, p = capped(n)
        other = cp.Parameter(n)
        return cp.Problem(problem.objective, [*problem.constraints, p >= other]), z, p

    def inside_constraint(n):
        z, p = cp.Parameter(n), cp.Variable(n)
        return cp.Problem(cp.Minimize(cp.sum_squares(p)), [p >= 0, z @ p == 1]), z, p

    def attribute(n):
        z, p = cp.Parameter(n), cp.Variable(n, nonneg=True)
        return cp.Problem(cp.Minimize(cp.sum_squares(p - z)), [cp.sum(p) == 1]), z, p

    def concave(n):
        z, p = cp.Parameter(n), cp.Variable(n)
        return cp.Problem(cp.Maximize(z @ p + cp.sum_squares(p)), [p >= 0, cp.sum(p) == 1]), z, p

    def other_shape(n):
        z, p = cp.Parameter(n), cp.Variable(n + 1)
        return cp.Problem(cp.Maximize(z @ p[:n] - cp.sum_squares(p)), [p >= 0, cp.sum(p) == 1]), z, p

    reasons = {
        two_parameters: "only parameter",
        inside_constraint: "inside a constraint",
        attribute: "without attributes",
        concave: "DPP",
        other_shape: "one shape",
    }
    for build, reason in reasons.items():
        with pytest.raises(OptionError, match=reason):
            register_cvxpy_view("mine", build)
    with pytest.raises(OptionError, match="taken"):
        register_cvxpy_view("softmax", capped)
    assert "mine" not in VIEWS


def test_an_infeasible_problem_raises_with_the_status(own_view):
    def infeasible(n):
        problem, z, p = capped(n)
        return cp.Problem(problem.objective, [*problem.constraints, p <= 0.1]), z, p  # 4 × .1 < 1

    register_cvxpy_view("infeasible", infeasible)
    for solver in SOLVERS:
        with pytest.raises(SolverError, match="primal infeasible"):
            transform(torch.zeros(1, 4), view="infeasible", solver=solver)


def test_cone_projection_derivatives_match_differences_of_the_projection():
    # x* of min ½‖x − z‖² over the second-order cone is the projection; as a cone program in (x, t)
    n = 3
    G = np.vstack([-np.eye(n, n + 1), np.zeros((n + 2, n + 1))])
    G[n, n] = G[-1, n] = -1
    G[n + 1 : -1, :n] = -2 * np.eye(n)
    h = np.r_[np.zeros(n), 1, np.zeros(n), -1]
    constant = np.zeros((len(h), n))
    program = ConeProgram(
        Affine(np.r_[np.zeros(n), 0.5], -np.eye(n + 1, n)),
        G,
        Affine(h, constant),
        np.zeros((0, n + 1)),
        Affine(np.zeros(0), np.zeros((0, n))),
        {"l": 0, "q": [n, n + 2]},
        np.arange(n),
    )

    def project(w):
        t, v = w[0], w[1:]
        r = np.linalg.norm(v)
        return w if r <= t else 0 * w if r <= -t else (t + r) / 2 * np.r_[1, v / r]

    z = np.array([[0.3, 1.0, -0.5], [2.0, 0.5, 0.5], [-3.0, 0.5, 0.5]])  # outside, inside, in the polar cone
    found = program.solve(z, abstol=1e-11, reltol=1e-11, feastol=1e-11)
    np.testing.assert_allclose(found.p, [project(row) for row in z], atol=1e-5)
    for g in np.eye(n):
        ours = program.vjp(found.slack, found.dual, np.tile(g, (3, 1)))
        for row in range(3):
            differences = [
                (project(z[row] + 1e-6 * e) - project(z[row] - 1e-6 * e)) @ g / 2e-6 for e in np.eye(n)
            ]
            np.testing.assert_allclose(ours[row], differences, atol=1e-3)


@pytest.mark.parametrize(
    ("point", "derivative"),
    [
        ([-1.0, 2.0, 1.0], [1, 1, 1]),  # inside the cone: stays where it is
        ([1.0, -3.0, -1.0], [0, 0, 0]),  # in the polar cone: goes to 0
        ([-1.0, 1.0, -0.5], [1, 1, 0]),  # beside the flat face z = 0, x <= 0 <= y: falls on it
        ([-1.0, -1.0, -0.5], [1, 0, 0]),  # and on its edge
    ],
    ids=["inside", "polar", "face", "edge"],
)
def test_the_exponential_cones_projection_has_the_derivative_of_its_zone(point, derivative):
    # min ½‖x − z‖² over the cone, in (x, t) with ‖x‖² <= t
    G = np.zeros((8, 4))
    G[0, 3] = G[4, 3] = -1
    G[1:4, :3], G[5:, :3] = -2 * np.eye(3), -np.eye(3)
    h = np.zeros(8)
    h[0], h[4] = 1, -1
    program = ConeProgram(
        Affine(np.r_[np.zeros(3), 0.5], -np.eye(4, 3)),
        G,
        Affine(h, np.zeros((8, 3))),
        np.zeros((0, 4)),
        Affine(np.zeros(0), np.zeros((0, 3))),
        {"l": 0, "q": [5], "e": 1},
        np.arange(3),
    )
    found = program.solve(np.array([point]), abstol=1e-9, reltol=1e-9, feastol=1e-9)
    np.testing.assert_allclose(found.p[0], np.array(derivative) * point, atol=1e-4)
    slack, dual = found.slack.repeat(3, axis=0), found.dual.repeat(3, axis=0)
    np.testing.assert_allclose(program.vjp(slack, dual, np.eye(3)), np.diag(derivative), atol=1e-3)
