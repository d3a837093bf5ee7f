-- Projections: what happened, told for those who look. Numbers, digests and identifiers of code alone: content stays in the
-- log and is fetched from there. All of it can be deleted and read from the log again.

-- A trace: one run, or one trace of a foreign source. Times are microseconds, money is millionths.
CREATE TABLE traces (
    id            TEXT NOT NULL PRIMARY KEY,
    source        TEXT NOT NULL,
    team          TEXT NOT NULL,
    session       TEXT NOT NULL,
    flow          TEXT NOT NULL,
    agent         TEXT NOT NULL,
    principal     TEXT NOT NULL,
    purpose       TEXT NOT NULL,
    release       TEXT NOT NULL,
    environment   TEXT NOT NULL,
    sort          TEXT NOT NULL,
    parent        TEXT NOT NULL,
    key_id        TEXT NOT NULL,
    status        TEXT NOT NULL,
    error         TEXT NOT NULL,
    failure       TEXT NOT NULL,
    signature     TEXT NOT NULL,
    suspect       TEXT NOT NULL,
    started       INTEGER NOT NULL,
    ended         INTEGER,
    human         INTEGER NOT NULL,
    spans         INTEGER NOT NULL,
    model_calls   INTEGER NOT NULL,
    tool_calls    INTEGER NOT NULL,
    tool_failures INTEGER NOT NULL,
    retries       INTEGER NOT NULL,
    denials       INTEGER NOT NULL,
    asks          INTEGER NOT NULL,
    loops         INTEGER NOT NULL,
    handoffs      INTEGER NOT NULL,
    writes        INTEGER NOT NULL,
    undone        INTEGER NOT NULL,
    input         INTEGER NOT NULL,
    cached        INTEGER NOT NULL,
    cache_written INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cost          INTEGER NOT NULL,
    simulated     INTEGER NOT NULL,
    prompt        TEXT NOT NULL,
    model         TEXT NOT NULL,
    missing       INTEGER NOT NULL,
    score         INTEGER
) STRICT;
CREATE INDEX traces_by_start ON traces (team, started, id);
CREATE INDEX traces_by_flow ON traces (team, flow, started, id);
CREATE INDEX traces_by_agent ON traces (team, agent, started, id);
CREATE INDEX traces_by_status ON traces (team, status, started, id);
CREATE INDEX traces_by_release ON traces (team, release, started, id);
CREATE INDEX traces_by_principal ON traces (team, principal, started, id);
CREATE INDEX traces_by_purpose ON traces (team, purpose, started, id);
CREATE INDEX traces_by_model ON traces (team, model, started, id);
CREATE INDEX traces_by_prompt ON traces (team, prompt, started, id);
CREATE INDEX traces_by_asks ON traces (team, started, id) WHERE asks > 0;
CREATE INDEX traces_by_loops ON traces (team, started, id) WHERE loops > 0;
CREATE INDEX traces_by_denials ON traces (team, started, id) WHERE denials > 0;
CREATE INDEX traces_by_session ON traces (team, session, started, id) WHERE session <> '';
CREATE INDEX traces_by_signature ON traces (team, signature, started, id) WHERE signature <> '';
CREATE INDEX traces_by_failure ON traces (team, failure, started, id) WHERE failure <> '';
CREATE INDEX traces_by_error ON traces (team, error, started, id) WHERE error <> '';
CREATE INDEX traces_by_parent ON traces (team, parent, started, id) WHERE parent <> '';
CREATE INDEX traces_by_source ON traces (team, source, started, id) WHERE source <> '';

-- What was done in it. `n` is made of the position of the event that began it, so that a rebuild gives the same.
CREATE TABLE spans (
    n             INTEGER PRIMARY KEY,
    trace         TEXT NOT NULL,
    id            TEXT NOT NULL,
    parent        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    started       INTEGER NOT NULL,
    ended         INTEGER,
    status        TEXT NOT NULL,
    error         TEXT NOT NULL,
    team          TEXT NOT NULL,
    agent         TEXT NOT NULL,
    requested     TEXT NOT NULL,
    served        TEXT NOT NULL,
    provider      TEXT NOT NULL,
    route         TEXT NOT NULL,
    input         INTEGER NOT NULL,
    cached        INTEGER NOT NULL,
    cache_written INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cost          INTEGER NOT NULL,
    queued        INTEGER,
    first_token   INTEGER,
    human         INTEGER NOT NULL,
    prompt        TEXT NOT NULL,
    release       TEXT NOT NULL,
    retries       INTEGER NOT NULL,
    cache         TEXT NOT NULL,
    decision      TEXT NOT NULL,
    effect        TEXT NOT NULL,
    simulated     INTEGER NOT NULL,
    score         INTEGER,
    detail        TEXT NOT NULL,
    stream        TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    key_id        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX spans_of_trace ON spans (trace, id);
CREATE INDEX spans_below ON spans (trace, parent, started, n);

-- Keys under which a part of a run stands, beside its own: whose shred it has to follow.
CREATE TABLE trace_keys (
    key_id TEXT NOT NULL,
    trace  TEXT NOT NULL,
    PRIMARY KEY (key_id, trace)
) STRICT, WITHOUT ROWID;

-- What was decided about it, by a rule or by somebody.
CREATE TABLE decisions (
    trace    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    span     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    team     TEXT NOT NULL,
    agent    TEXT NOT NULL,
    subject  TEXT NOT NULL,
    decision TEXT NOT NULL,
    rules    TEXT NOT NULL,
    by       TEXT NOT NULL,
    PRIMARY KEY (trace, seq)
) STRICT, WITHOUT ROWID;

-- Writes, and what became of them; `undoes` and `undoes_span` say what one of them takes back.
CREATE TABLE effects (
    trace       TEXT NOT NULL,
    span        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    team        TEXT NOT NULL,
    agent       TEXT NOT NULL,
    tool        TEXT NOT NULL,
    effect      TEXT NOT NULL,
    state       TEXT NOT NULL,
    undoes      TEXT NOT NULL,
    undoes_span TEXT NOT NULL,
    PRIMARY KEY (trace, span)
) STRICT, WITHOUT ROWID;
CREATE INDEX effects_undoing ON effects (undoes, undoes_span) WHERE undoes <> '';

-- Where results come from.
CREATE TABLE span_labels (
    trace     TEXT NOT NULL,
    span      TEXT NOT NULL,
    integrity TEXT NOT NULL,
    source    TEXT NOT NULL,
    PRIMARY KEY (trace, span)
) STRICT, WITHOUT ROWID;

-- Sums that can be added up: calls of models by the day on which they ended, runs by the day on which they began.
CREATE TABLE usage_days (
    day           TEXT NOT NULL,
    team          TEXT NOT NULL,
    agent         TEXT NOT NULL,
    flow          TEXT NOT NULL,
    purpose       TEXT NOT NULL,
    model         TEXT NOT NULL,
    provider      TEXT NOT NULL,
    prompt        TEXT NOT NULL,
    release       TEXT NOT NULL,
    simulated     INTEGER NOT NULL,
    calls         INTEGER NOT NULL,
    failed        INTEGER NOT NULL,
    retries       INTEGER NOT NULL,
    input         INTEGER NOT NULL,
    cached        INTEGER NOT NULL,
    cache_written INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cost          INTEGER NOT NULL,
    PRIMARY KEY (day, team, agent, flow, purpose, model, provider, prompt, release, simulated)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_days (
    day           TEXT NOT NULL,
    team          TEXT NOT NULL,
    agent         TEXT NOT NULL,
    flow          TEXT NOT NULL,
    purpose       TEXT NOT NULL,
    release       TEXT NOT NULL,
    source        TEXT NOT NULL,
    sort          TEXT NOT NULL,
    status        TEXT NOT NULL,
    failure       TEXT NOT NULL,
    runs          INTEGER NOT NULL,
    human         INTEGER NOT NULL,
    cost          INTEGER NOT NULL,
    model_calls   INTEGER NOT NULL,
    tool_calls    INTEGER NOT NULL,
    tool_failures INTEGER NOT NULL,
    retries       INTEGER NOT NULL,
    denials       INTEGER NOT NULL,
    asks          INTEGER NOT NULL,
    loops         INTEGER NOT NULL,
    handoffs      INTEGER NOT NULL,
    writes        INTEGER NOT NULL,
    undone        INTEGER NOT NULL,
    asked         INTEGER NOT NULL,
    looped        INTEGER NOT NULL,
    complete      INTEGER NOT NULL,
    PRIMARY KEY (day, team, agent, flow, purpose, release, source, sort, status, failure)
) STRICT, WITHOUT ROWID;

CREATE TABLE tool_days (
    day    TEXT NOT NULL,
    team   TEXT NOT NULL,
    agent  TEXT NOT NULL,
    flow   TEXT NOT NULL,
    tool   TEXT NOT NULL,
    calls  INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    denied INTEGER NOT NULL,
    PRIMARY KEY (day, team, agent, flow, tool)
) STRICT, WITHOUT ROWID;

CREATE TABLE histograms (
    day    TEXT NOT NULL,
    team   TEXT NOT NULL,
    agent  TEXT NOT NULL,
    flow   TEXT NOT NULL,
    sort   TEXT NOT NULL,
    metric TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    total  INTEGER NOT NULL,
    PRIMARY KEY (day, team, agent, flow, sort, metric, bucket)
) STRICT, WITHOUT ROWID;
