"""The hierarchical partial-label model again, slowly: a loop a delivery, rule and class, as the equations stand."""

from __future__ import annotations

import math

import numpy as np

from slowpaths.labelling.votes import NOT_ASKED, VoteMatrix

M, A0, IN0, OUT0, ALIGN = 30.0, 0.78, 0.65, 0.25, 0.5


def hierarchical(
    votes: VoteMatrix, *, tied_rounds: int = 40, confusion_rounds: int = 5, gold: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior (N, Y) and the estimated accuracies (R,)."""
    S = votes.symbols_NR
    N, R = S.shape
    Y = votes.num_classes
    B = [ballot.sets_SY for ballot in votes.ballots]
    n = [len(sets) for sets in B]
    inside = [[any(B[k][s][y] for s in range(n[k])) for y in range(Y)] for k in range(R)]
    a = [0.999 if n[k] == 1 else A0 for k in range(R)]
    c_in, c_out = [IN0] * R, [OUT0] * R
    pi = [1.0 / Y] * Y

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
                total = math.log(pi[y])
                for k in range(R):
                    if S[i, k] != NOT_ASKED:
                        total += math.log(table[k][y][S[i, k]])  # -1 is the last symbol
                logs.append(total)
            top = max(logs)
            weights = [math.exp(value - top) for value in logs]
            posterior.append([weight / sum(weights) for weight in weights])
        return posterior

    def shares(Q: list[list[float]]) -> list[float]:
        seen = [sum(Q[i][y] for i in range(N)) for y in range(Y)]
        power = ALIGN * 100 / (100 + N)
        mass = [(total + 0.5 * N / Y) * (1 / Y / (total + 1 / Y)) ** power for total in seen]
        return [value / sum(mass) for value in mass]

    table = [[tied_row(k, y) for y in range(Y)] for k in range(R)]
    for _ in range(tied_rounds):
        Q = e_step(table)
        pi = shares(Q)
        for k in range(R):
            right = cast_in = cast_out = all_in = all_out = 0.0
            for i in range(N):
                if S[i, k] == NOT_ASKED:
                    continue
                for y in range(Y):
                    if inside[k][y]:
                        all_in += Q[i][y]
                        if S[i, k] >= 0:
                            cast_in += Q[i][y]
                            right += Q[i][y] * B[k][S[i, k]][y]
                    else:
                        all_out += Q[i][y]
                        cast_out += Q[i][y] * (S[i, k] >= 0)
            c_in[k] = (cast_in + M * IN0) / (all_in + M)
            c_out[k] = (cast_out + M * OUT0) / (all_out + M)
            a[k] = 0.999 if n[k] == 1 else (right + M * A0) / (cast_in + M)
        table = [[tied_row(k, y) for y in range(Y)] for k in range(R)]
    anchor = table
    for _ in range(confusion_rounds):
        Q = e_step(table)
        pi = shares(Q)
        table = []
        for k in range(R):
            rows = []
            for y in range(Y):
                row = [M * value for value in anchor[k][y]]
                for i in range(N):
                    if S[i, k] != NOT_ASKED:
                        row[S[i, k]] += Q[i][y]
                rows.append([value / sum(row) for value in row])
            table.append(rows)
    Q = e_step(table)
    accuracy = []
    for k in range(R):
        right = sum(Q[i][y] * B[k][S[i, k]][y] for i in range(N) if S[i, k] >= 0 for y in range(Y))
        covered = sum(Q[i][y] for i in range(N) if S[i, k] >= 0 for y in range(Y) if inside[k][y])
        accuracy.append(right / covered if covered and n[k] > 1 else float("nan"))
    return np.array(Q), np.array(accuracy)
