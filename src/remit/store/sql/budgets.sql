-- name: budgets.open
-- An account of this period, if nobody has drawn on it yet.
INSERT INTO budget_accounts (id, period) VALUES ($1, $2) ON CONFLICT (id, period) DO NOTHING;

-- name: budgets.grant
-- Lease out so much of an account, if its limits allow that beside everything used and leased, to a worker that lives.
-- A unit that is not asked for is not looked at; a limit of nothing is no limit.
UPDATE budget_accounts SET
    leased_money = leased_money + $4, leased_tokens = leased_tokens + $5,
    leased_steps = leased_steps + $6, leased_calls = leased_calls + $7
WHERE id = $1 AND period = $2
  AND EXISTS (SELECT 1 FROM workers WHERE id = $3 AND fenced_at IS NULL)
  AND ($4::bigint = 0 OR $8::bigint IS NULL OR money + leased_money + $4 <= $8)
  AND ($5::bigint = 0 OR $9::bigint IS NULL OR tokens + leased_tokens + $5 <= $9)
  AND ($6::bigint = 0 OR $10::bigint IS NULL OR steps + leased_steps + $6 <= $10)
  AND ($7::bigint = 0 OR $11::bigint IS NULL OR calls + leased_calls + $7 <= $11);

-- name: budgets.lease
-- What was leased out belongs to this process.
INSERT INTO budget_leases
    (account, period, holder, granted_money, granted_tokens, granted_steps, granted_calls)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account, period, holder) DO UPDATE SET
    granted_money = budget_leases.granted_money + excluded.granted_money,
    granted_tokens = budget_leases.granted_tokens + excluded.granted_tokens,
    granted_steps = budget_leases.granted_steps + excluded.granted_steps,
    granted_calls = budget_leases.granted_calls + excluded.granted_calls;

-- name: budgets.admit
-- A call is about to be made on a lease; until it is settled it may cost so much.
INSERT INTO budget_leases (account, period, holder, open_money, open_tokens, open_steps, open_calls)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account, period, holder) DO UPDATE SET
    open_money = budget_leases.open_money + excluded.open_money,
    open_tokens = budget_leases.open_tokens + excluded.open_tokens,
    open_steps = budget_leases.open_steps + excluded.open_steps,
    open_calls = budget_leases.open_calls + excluded.open_calls;

-- name: budgets.settle
-- What a call did use, in the transaction of its result; what it might have used is no longer open.
INSERT INTO budget_leases (account, period, holder, used_money, used_tokens, used_steps, used_calls,
    open_money, open_tokens, open_steps, open_calls)
VALUES ($1, $2, $3, $4, $5, $6, $7, -$8::bigint, -$9::bigint, -$10::bigint, -$11::bigint)
ON CONFLICT (account, period, holder) DO UPDATE SET
    used_money = budget_leases.used_money + excluded.used_money,
    used_tokens = budget_leases.used_tokens + excluded.used_tokens,
    used_steps = budget_leases.used_steps + excluded.used_steps,
    used_calls = budget_leases.used_calls + excluded.used_calls,
    open_money = budget_leases.open_money + excluded.open_money,
    open_tokens = budget_leases.open_tokens + excluded.open_tokens,
    open_steps = budget_leases.open_steps + excluded.open_steps,
    open_calls = budget_leases.open_calls + excluded.open_calls;

-- name: budgets.take_back
-- An account gets back what a process does not need.
UPDATE budget_accounts SET
    leased_money = leased_money - $3, leased_tokens = leased_tokens - $4,
    leased_steps = leased_steps - $5, leased_calls = leased_calls - $6
WHERE id = $1 AND period = $2;

-- name: budgets.shrink
-- A lease is smaller by what was given back; the recall that asked for it is answered.
UPDATE budget_leases SET
    granted_money = granted_money - $4, granted_tokens = granted_tokens - $5,
    granted_steps = granted_steps - $6, granted_calls = granted_calls - $7, answered = $8
WHERE account = $1 AND period = $2 AND holder = $3;

-- name: budgets.heard
-- Who asks all others need not answer itself; what others asked of it before stays open.
UPDATE budget_leases SET answered = answered + 1
WHERE account = $1 AND period = $2 AND holder = $3
  AND answered = (SELECT recall FROM budget_accounts WHERE id = $1 AND period = $2);

-- name: budgets.recall
-- Ask all other processes for what they do not need of an account.
UPDATE budget_accounts SET recall = recall + 1 WHERE id = $1 AND period = $2 RETURNING recall;

-- name: budgets.call_in
-- More was used than anybody expected: all processes give back what they do not need, so that nobody draws on it.
UPDATE budget_accounts SET recall = recall + 1 WHERE id = $1 AND period = $2;

-- name: budgets.recalled
-- The recalls that a process has not answered yet.
SELECT a.id, a.period, a.recall FROM budget_leases l
JOIN budget_accounts a ON a.id = l.account AND a.period = l.period
WHERE l.holder = $1 AND a.recall > l.answered;

-- name: budgets.unanswered
-- How many living processes may still give something back, and have not answered this recall.
SELECT count(*) FROM budget_leases l
WHERE l.account = $1 AND l.period = $2 AND l.holder <> $3 AND l.answered < $4
  AND (l.granted_money > l.used_money OR l.granted_tokens > l.used_tokens
       OR l.granted_steps > l.used_steps OR l.granted_calls > l.used_calls)
  AND EXISTS (SELECT 1 FROM workers w WHERE w.id = l.holder AND w.fenced_at IS NULL);

-- name: budgets.balance
-- What of an account is used and leased, by unit; what of that is used; and whether this worker lives.
SELECT a.money + a.leased_money, a.tokens + a.leased_tokens, a.steps + a.leased_steps, a.calls + a.leased_calls,
    a.money + coalesce(sum(l.used_money), 0), a.tokens + coalesce(sum(l.used_tokens), 0),
    a.steps + coalesce(sum(l.used_steps), 0), a.calls + coalesce(sum(l.used_calls), 0),
    EXISTS (SELECT 1 FROM workers w WHERE w.id = $3 AND w.fenced_at IS NULL)
FROM budget_accounts a LEFT JOIN budget_leases l ON l.account = a.id AND l.period = a.period
WHERE a.id = $1 AND a.period = $2
GROUP BY a.id, a.period;

-- name: budgets.lives
-- Whether nobody has declared this worker dead.
SELECT 1 FROM workers WHERE id = $1 AND fenced_at IS NULL;

-- name: budgets.reconciled
-- Leases of dead processes whose calls are all settled: until then a dead lease counts as spent (S25).
SELECT account, period, holder FROM budget_leases l
WHERE open_money = 0 AND open_tokens = 0 AND open_steps = 0 AND open_calls = 0
  AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = l.holder AND w.fenced_at IS NULL);

-- name: budgets.fold
-- What a lease did use is used, the rest is no longer leased; the lease itself goes in the same transaction.
UPDATE budget_accounts SET
    money = money + l.used_money, tokens = tokens + l.used_tokens,
    steps = steps + l.used_steps, calls = calls + l.used_calls,
    leased_money = leased_money - l.granted_money, leased_tokens = leased_tokens - l.granted_tokens,
    leased_steps = leased_steps - l.granted_steps, leased_calls = leased_calls - l.granted_calls
FROM budget_leases l
WHERE id = $1 AND budget_accounts.period = $2
  AND l.account = $1 AND l.period = $2 AND l.holder = $3
  AND l.open_money = 0 AND l.open_tokens = 0 AND l.open_steps = 0 AND l.open_calls = 0;

-- name: budgets.drop_lease
-- A lease that was folded; nobody else can fold it again.
DELETE FROM budget_leases WHERE account = $1 AND period = $2 AND holder = $3
  AND open_money = 0 AND open_tokens = 0 AND open_steps = 0 AND open_calls = 0;

-- name: budgets.accounts
-- Every account of a period on or after this one, with what is used and what is leased.
SELECT a.id, a.period,
    a.money + coalesce(sum(l.used_money), 0), a.tokens + coalesce(sum(l.used_tokens), 0),
    a.steps + coalesce(sum(l.used_steps), 0), a.calls + coalesce(sum(l.used_calls), 0)
FROM budget_accounts a LEFT JOIN budget_leases l ON l.account = a.id AND l.period = a.period
WHERE a.period = '' OR a.period >= $1
GROUP BY a.id, a.period ORDER BY a.id, a.period;

-- name: budgets.note
-- What the budgets of a team are, unless somebody noted exactly that a moment ago.
INSERT INTO workspace (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE workspace.value <> excluded.value;
