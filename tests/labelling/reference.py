"""The hierarchical partial-label model again, slowly: a loop a delivery, rule and class, as the equations stand."""

from __future__ import annotations

import math

import numpy as np

from slowpaths.labelling.rules.votes import NOT_ASKED, VoteMatrix

M, A0, IN0, OUT0, SHRINK, LIMIT, LEAN = 30.0, 0.78, 0.65, 0.25, 6.0, 200.0, 10.0


def hierarchical(
    votes: VoteMatrix, *, tied_rounds: int = 40, confusion_rounds: int = 5, gold: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior (N, C) and the estimated accuracies (R,)."""
    S = votes.symbols_NR
    N, R = S.shape
    W = votes.weights
    Y = votes.num_classes
    B = [spec.sets_SC for spec in votes.specs]
    n = [len(sets) for sets in B]
    inside = [[any(B[k][s][y] for s in range(n[k])) for y in range(Y)] for k in range(R)]
    a = [0.999 if n[k] == 1 else A0 for k in range(R)]
    in0, out0 = [], []
    for k in range(R):
        asked = [i for i in range(N) if S[i, k] != NOT_ASKED]
        speaks = (sum(W[i, k] * (S[i, k] >= 0) for i in asked) + 1) / (sum(W[i, k] for i in asked) + 2)
        covered = sum(inside[k]) / Y
        in0.append(min(speaks / (covered + OUT0 / IN0 * (1 - covered)), 0.95))
        rest = (speaks - in0[k] * covered) / (1 - covered) if covered < 1 else 0.0
        out0.append(min(max(rest, OUT0 / IN0 * in0[k]), in0[k]))
    c_in, c_out = list(in0), list(out0)
    pi = [1.0 / Y] * Y
    Z = votes.features.values_NF.astype(float) if votes.features is not None else np.empty((N, 0))
    F = Z.shape[1]
    V = votes.features.weights.astype(float) if votes.features is not None else Z
    rule_weight = [(S[:, k] >= 0).any() / sum(alike(votes, j, k) ** 3 for j in range(R)) for k in range(R)]
    weight = F / sum(correlation(Z, V, f, g) ** 2 for f in range(F) for g in range(F)) if F else 0.0
    mean: list[list[float]] | None = None
    variance = [1.0] * F

    def learn_features(Q: list[list[float]]) -> None:
        nonlocal mean
        mean = []
        for f in range(F):
            seen = [i for i in range(N) if not math.isnan(Z[i, f])]
            mass = [sum(V[i, f] * Q[i][y] for i in seen) for y in range(Y)]
            total = [sum(V[i, f] * Q[i][y] * Z[i, f] for i in seen) for y in range(Y)]
            between = sum(total[y] ** 2 / mass[y] for y in range(Y))
            whole = sum(V[i, f] for i in seen)
            noise = (sum(V[i, f] * Z[i, f] ** 2 for i in seen) - between + M) / (whole + M)
            effect = (between - (Y - 1) * noise) / whole
            shrink = max(SHRINK, noise / effect) if effect > 1e-9 else 1e9 * noise
            mean.append([total[y] / (mass[y] + shrink) for y in range(Y)])
            spread = sum(V[i, f] * Q[i][y] * (Z[i, f] - mean[f][y]) ** 2 for i in seen for y in range(Y))
            variance[f] = (spread + M) / (whole + M)

    def moves(i: int, y: int) -> float:
        """Return the logarithm of how likely the features are, without what all classes share."""
        seen = [f for f in range(F) if not math.isnan(Z[i, f])]
        return (
            sum(-0.5 * V[i, f] * ((Z[i, f] - mean[f][y]) ** 2 - Z[i, f] ** 2) / variance[f] for f in seen)
            if mean
            else 0.0
        )

    def tied_row(k: int, y: int) -> list[float]:
        right = sum(bool(B[k][s][y]) for s in range(n[k]))
        row = []
        for s in range(n[k]):
            if not inside[k][y]:
                row.append(c_out[k] / n[k])
            elif B[k][s][y]:
                row.append(a[k] * c_in[k] / right)
            else:
                row.append((1 - a[k]) * c_in[k] / (n[k] - right))
        return [*row, 1 - sum(row)]  # the last symbol is to abstain

    def e_step(table: list[list[list[float]]]) -> list[list[float]]:
        posterior = []
        for i in range(N):
            if gold is not None and gold[i] >= 0:
                posterior.append([float(y == gold[i]) for y in range(Y)])
                continue
            logs = []
            for y in range(Y):
                total = math.log(pi[y]) + weight * moves(i, y)
                for k in range(R):
                    if S[i, k] != NOT_ASKED:
                        total += W[i, k] * rule_weight[k] * math.log(table[k][y][S[i, k]])  # -1 is the last symbol
                logs.append(total)
            top = max(logs)
            weights = [math.exp(value - top) for value in logs]
            posterior.append([weight / sum(weights) for weight in weights])
        return posterior

    def shares(Q: list[list[float]]) -> list[float]:
        counts = min(0.5 * N, LIMIT)
        return [(sum(Q[i][y] for i in range(N)) + counts / Y) / (N + counts) for y in range(Y)]

    table = [[tied_row(k, y) for y in range(Y)] for k in range(R)]
    for _ in range(tied_rounds):
        Q = e_step(table)
        pi = shares(Q)
        learn_features(Q)
        for k in range(R):
            right = cast_in = cast_out = all_in = all_out = 0.0
            for i in range(N):
                if S[i, k] == NOT_ASKED:
                    continue
                for y in range(Y):
                    q = W[i, k] * Q[i][y]
                    if inside[k][y]:
                        all_in += q
                        if S[i, k] >= 0:
                            cast_in += q
                            right += q * B[k][S[i, k]][y]
                    else:
                        all_out += q
                        cast_out += q * (S[i, k] >= 0)
            c_in[k] = (cast_in + M * in0[k]) / (all_in + M)
            c_out[k] = (cast_out + M * out0[k]) / (all_out + M)
            a[k] = 0.999 if n[k] == 1 else (right + M * A0) / (cast_in + M)
        table = [[tied_row(k, y) for y in range(Y)] for k in range(R)]
    anchor = table
    for _ in range(confusion_rounds):
        Q = e_step(table)
        pi = shares(Q)
        learn_features(Q)
        table = []
        for k in range(R):
            rows = []
            for y in range(Y):
                row = [M * value for value in anchor[k][y]]
                for i in range(N):
                    if S[i, k] != NOT_ASKED:
                        row[S[i, k]] += W[i, k] * Q[i][y]
                rows.append([value / sum(row) for value in row])
            table.append(rows)
    Q = e_step(table)
    for i in range(N):  # few deliveries teach little: the majority has its say
        said = [k for k in range(R) if S[i, k] >= 0]
        if said and (gold is None or gold[i] < 0):
            for y in range(Y):
                tally = sum(W[i, k] * B[k][S[i, k]][y] / sum(B[k][S[i, k]]) for k in said)
                share = tally / sum(W[i, k] for k in said)
                Q[i][y] += LEAN / (LEAN + N) * (share - Q[i][y])
    accuracy = []
    for k in range(R):
        right = sum(W[i, k] * Q[i][y] * B[k][S[i, k]][y] for i in range(N) if S[i, k] >= 0 for y in range(Y))
        covered = sum(W[i, k] * Q[i][y] for i in range(N) if S[i, k] >= 0 for y in range(Y) if inside[k][y])
        accuracy.append(right / covered if covered and n[k] > 1 else float("nan"))
    return np.array(Q), np.array(accuracy)


def correlation(Z: np.ndarray, V: np.ndarray, f: int, g: int) -> float:
    """Return the correlation about zero of what both features measure, each as far as it counts."""
    both = [i for i in range(len(Z)) if not math.isnan(Z[i, f]) and not math.isnan(Z[i, g])]
    mean = sum(V[i, f] * Z[i, f] * V[i, g] * Z[i, g] for i in both) / max(sum(V[i, f] * V[i, g] for i in both), 1)
    spread = [sum((V[i, h] * Z[i, h]) ** 2 for i in range(len(Z)) if not math.isnan(Z[i, h])) for h in (f, g)]
    mass = [sum(V[i, h] ** 2 for i in range(len(Z)) if not math.isnan(Z[i, h])) for h in (f, g)]
    return max(-1.0, min(1.0, mean / math.sqrt(spread[0] / mass[0] * spread[1] / mass[1])))


def alike(votes: VoteMatrix, j: int, k: int) -> float:
    """Return the share of the deliveries with a vote of either rule on which both say the same set of strokes."""
    same = either = 0
    for row in votes.symbols_NR:
        said = [votes.specs[rule].sets_SC[row[rule]].tolist() if row[rule] >= 0 else None for rule in (j, k)]
        either += said != [None, None]
        same += said[0] is not None and said[0] == said[1]
    return same / either if either else float(j == k)
