-- Projections: what happened, told for those who look. Numbers, digests and identifiers of code alone: content stays in the
-- log and is fetched from there. All of it can be deleted and read from the log again.

-- A trace: one run, or one trace of a foreign source. Times are microseconds, money is millionths.
CREATE TABLE traces (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    source        text COLLATE "C" NOT NULL,
    team          text COLLATE "C" NOT NULL,
    session       text COLLATE "C" NOT NULL,
    flow          text COLLATE "C" NOT NULL,
    agent         text COLLATE "C" NOT NULL,
    principal     text COLLATE "C" NOT NULL,
    purpose       text COLLATE "C" NOT NULL,
    release       text COLLATE "C" NOT NULL,
    environment   text COLLATE "C" NOT NULL,
    sort          text COLLATE "C" NOT NULL,
    parent        text COLLATE "C" NOT NULL,
    key_id        text COLLATE "C" NOT NULL,
    status        text COLLATE "C" NOT NULL,
    error         text COLLATE "C" NOT NULL,
    failure       text COLLATE "C" NOT NULL,
    signature     text COLLATE "C" NOT NULL,
    suspect       text COLLATE "C" NOT NULL,
    started       bigint NOT NULL,
    ended         bigint,
    human         bigint NOT NULL,
    spans         bigint NOT NULL,
    model_calls   bigint NOT NULL,
    tool_calls    bigint NOT NULL,
    tool_failures bigint NOT NULL,
    retries       bigint NOT NULL,
    denials       bigint NOT NULL,
    asks          bigint NOT NULL,
    loops         bigint NOT NULL,
    handoffs      bigint NOT NULL,
    writes        bigint NOT NULL,
    undone        bigint NOT NULL,
    input         bigint NOT NULL,
    cached        bigint NOT NULL,
    cache_written bigint NOT NULL,
    output        bigint NOT NULL,
    reasoning     bigint NOT NULL,
    cost          bigint NOT NULL,
    simulated     bigint NOT NULL,
    prompt        text COLLATE "C" NOT NULL,
    model         text COLLATE "C" NOT NULL,
    missing       bigint NOT NULL,
    score         bigint
);
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
    n             bigint NOT NULL PRIMARY KEY,
    trace         text COLLATE "C" NOT NULL,
    id            text COLLATE "C" NOT NULL,
    parent        text COLLATE "C" NOT NULL,
    kind          text COLLATE "C" NOT NULL,
    name          text COLLATE "C" NOT NULL,
    started       bigint NOT NULL,
    ended         bigint,
    status        text COLLATE "C" NOT NULL,
    error         text COLLATE "C" NOT NULL,
    team          text COLLATE "C" NOT NULL,
    agent         text COLLATE "C" NOT NULL,
    requested     text COLLATE "C" NOT NULL,
    served        text COLLATE "C" NOT NULL,
    provider      text COLLATE "C" NOT NULL,
    route         text COLLATE "C" NOT NULL,
    input         bigint NOT NULL,
    cached        bigint NOT NULL,
    cache_written bigint NOT NULL,
    output        bigint NOT NULL,
    reasoning     bigint NOT NULL,
    cost          bigint NOT NULL,
    queued        bigint,
    first_token   bigint,
    human         bigint NOT NULL,
    prompt        text COLLATE "C" NOT NULL,
    release       text COLLATE "C" NOT NULL,
    retries       bigint NOT NULL,
    cache         text COLLATE "C" NOT NULL,
    decision      text COLLATE "C" NOT NULL,
    effect        text COLLATE "C" NOT NULL,
    simulated     bigint NOT NULL,
    score         bigint,
    detail        text COLLATE "C" NOT NULL,
    stream        text COLLATE "C" NOT NULL,
    seq           bigint NOT NULL,
    key_id        text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX spans_of_trace ON spans (trace, id);
CREATE INDEX spans_below ON spans (trace, parent, started, n);

-- Keys under which a part of a run stands, beside its own: whose shred it has to follow.
CREATE TABLE trace_keys (
    key_id text COLLATE "C" NOT NULL,
    trace  text COLLATE "C" NOT NULL,
    PRIMARY KEY (key_id, trace)
);

-- What was decided about it, by a rule or by somebody.
CREATE TABLE decisions (
    trace    text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    span     text COLLATE "C" NOT NULL,
    at       bigint NOT NULL,
    team     text COLLATE "C" NOT NULL,
    agent    text COLLATE "C" NOT NULL,
    subject  text COLLATE "C" NOT NULL,
    decision text COLLATE "C" NOT NULL,
    rules    text COLLATE "C" NOT NULL,
    by       text COLLATE "C" NOT NULL,
    PRIMARY KEY (trace, seq)
);

-- Writes, and what became of them; `undoes` and `undoes_span` say what one of them takes back.
CREATE TABLE effects (
    trace       text COLLATE "C" NOT NULL,
    span        text COLLATE "C" NOT NULL,
    at          bigint NOT NULL,
    team        text COLLATE "C" NOT NULL,
    agent       text COLLATE "C" NOT NULL,
    tool        text COLLATE "C" NOT NULL,
    effect      text COLLATE "C" NOT NULL,
    state       text COLLATE "C" NOT NULL,
    undoes      text COLLATE "C" NOT NULL,
    undoes_span text COLLATE "C" NOT NULL,
    PRIMARY KEY (trace, span)
);
CREATE INDEX effects_undoing ON effects (undoes, undoes_span) WHERE undoes <> '';

-- Where results come from.
CREATE TABLE span_labels (
    trace     text COLLATE "C" NOT NULL,
    span      text COLLATE "C" NOT NULL,
    integrity text COLLATE "C" NOT NULL,
    source    text COLLATE "C" NOT NULL,
    PRIMARY KEY (trace, span)
);

-- Sums that can be added up: calls of models by the day on which they ended, runs by the day on which they began.
CREATE TABLE usage_days (
    day           text COLLATE "C" NOT NULL,
    team          text COLLATE "C" NOT NULL,
    agent         text COLLATE "C" NOT NULL,
    flow          text COLLATE "C" NOT NULL,
    purpose       text COLLATE "C" NOT NULL,
    model         text COLLATE "C" NOT NULL,
    provider      text COLLATE "C" NOT NULL,
    prompt        text COLLATE "C" NOT NULL,
    release       text COLLATE "C" NOT NULL,
    simulated     bigint NOT NULL,
    calls         bigint NOT NULL,
    failed        bigint NOT NULL,
    retries       bigint NOT NULL,
    input         bigint NOT NULL,
    cached        bigint NOT NULL,
    cache_written bigint NOT NULL,
    output        bigint NOT NULL,
    reasoning     bigint NOT NULL,
    cost          bigint NOT NULL,
    PRIMARY KEY (day, team, agent, flow, purpose, model, provider, prompt, release, simulated)
);

CREATE TABLE run_days (
    day           text COLLATE "C" NOT NULL,
    team          text COLLATE "C" NOT NULL,
    agent         text COLLATE "C" NOT NULL,
    flow          text COLLATE "C" NOT NULL,
    purpose       text COLLATE "C" NOT NULL,
    release       text COLLATE "C" NOT NULL,
    source        text COLLATE "C" NOT NULL,
    sort          text COLLATE "C" NOT NULL,
    status        text COLLATE "C" NOT NULL,
    failure       text COLLATE "C" NOT NULL,
    runs          bigint NOT NULL,
    human         bigint NOT NULL,
    cost          bigint NOT NULL,
    model_calls   bigint NOT NULL,
    tool_calls    bigint NOT NULL,
    tool_failures bigint NOT NULL,
    retries       bigint NOT NULL,
    denials       bigint NOT NULL,
    asks          bigint NOT NULL,
    loops         bigint NOT NULL,
    handoffs      bigint NOT NULL,
    writes        bigint NOT NULL,
    undone        bigint NOT NULL,
    asked         bigint NOT NULL,
    looped        bigint NOT NULL,
    complete      bigint NOT NULL,
    PRIMARY KEY (day, team, agent, flow, purpose, release, source, sort, status, failure)
);

CREATE TABLE tool_days (
    day    text COLLATE "C" NOT NULL,
    team   text COLLATE "C" NOT NULL,
    agent  text COLLATE "C" NOT NULL,
    flow   text COLLATE "C" NOT NULL,
    tool   text COLLATE "C" NOT NULL,
    calls  bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL,
    PRIMARY KEY (day, team, agent, flow, tool)
);

CREATE TABLE histograms (
    day    text COLLATE "C" NOT NULL,
    team   text COLLATE "C" NOT NULL,
    agent  text COLLATE "C" NOT NULL,
    flow   text COLLATE "C" NOT NULL,
    sort   text COLLATE "C" NOT NULL,
    metric text COLLATE "C" NOT NULL,
    bucket bigint NOT NULL,
    n      bigint NOT NULL,
    total  bigint NOT NULL,
    PRIMARY KEY (day, team, agent, flow, sort, metric, bucket)
);
