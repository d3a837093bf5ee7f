CREATE TABLE access_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    roles      TEXT    NOT NULL DEFAULT '',
    label      TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    revoked_by TEXT    NOT NULL DEFAULT ''
, scope TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

CREATE INDEX access_keys_person ON access_keys (team, person);

CREATE TABLE access_reviews (
    id        TEXT    NOT NULL PRIMARY KEY,
    team      TEXT    NOT NULL,
    stream    TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    rights    INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    opened_by TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX access_reviews_team ON access_reviews (team, opened_at);

CREATE TABLE anchors (
    name      TEXT    NOT NULL PRIMARY KEY,
    size      INTEGER NOT NULL DEFAULT 0,
    at        INTEGER,
    failed_at INTEGER,
    error     TEXT    NOT NULL DEFAULT '',
    contradiction TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    id       TEXT    NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL CHECK (kind IN ('response', 'cache')),
    run      TEXT    NOT NULL,
    key_id   TEXT    NOT NULL,
    previous TEXT    NOT NULL DEFAULT '',
    status   TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    expires  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_expiry ON answers (expires);

CREATE INDEX answers_by_key ON answers (key_id);

CREATE TABLE approval_notes (
    approval TEXT    NOT NULL,
    asked    INTEGER NOT NULL,
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('question', 'answer')),
    at       INTEGER NOT NULL,
    PRIMARY KEY (approval, asked, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    run         TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('human', 'unknown', 'write', 'approval')),
    name        TEXT    NOT NULL DEFAULT '',
    grp         TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL DEFAULT '',
    asked_at    INTEGER NOT NULL,
    due         INTEGER,
    status      TEXT    NOT NULL DEFAULT 'open'
                CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'withdrawn')),
    decided_by  TEXT    NOT NULL DEFAULT '',
    decided_at  INTEGER, quorum INTEGER NOT NULL DEFAULT 1, votes INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0, requester TEXT NOT NULL DEFAULT '', assignee TEXT NOT NULL DEFAULT '', canary INTEGER NOT NULL DEFAULT 0, edit_seq INTEGER, edited INTEGER NOT NULL DEFAULT 0,
    CHECK ((decided_at IS NULL) = (status = 'open'))
) STRICT, WITHOUT ROWID;

CREATE INDEX approvals_asked ON approvals (team, asked_at);

CREATE INDEX approvals_open ON approvals (team, grp, asked_at) WHERE status = 'open';

CREATE INDEX approvals_unknown ON approvals (fingerprint) WHERE status = 'open' AND fingerprint <> '';

CREATE TABLE attack_reports (
    team    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    whole   INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    untried INTEGER NOT NULL,
    tried   INTEGER NOT NULL,
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (team, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attack_reports_at ON attack_reports (team, at);

CREATE TABLE attack_turns (
    team TEXT    NOT NULL,
    turn INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (team, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
    id     BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    key_id TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX blobs_key ON blobs (key_id);

CREATE TABLE budget_accounts (
    id            TEXT NOT NULL,
    period        TEXT NOT NULL,
    money         INTEGER NOT NULL DEFAULT 0,
    tokens        INTEGER NOT NULL DEFAULT 0,
    steps         INTEGER NOT NULL DEFAULT 0,
    calls         INTEGER NOT NULL DEFAULT 0,
    leased_money  INTEGER NOT NULL DEFAULT 0 CHECK (leased_money >= 0),
    leased_tokens INTEGER NOT NULL DEFAULT 0 CHECK (leased_tokens >= 0),
    leased_steps  INTEGER NOT NULL DEFAULT 0 CHECK (leased_steps >= 0),
    leased_calls  INTEGER NOT NULL DEFAULT 0 CHECK (leased_calls >= 0),
    recall        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget_leases (
    account        TEXT NOT NULL,
    period         TEXT NOT NULL,
    holder         TEXT NOT NULL,
    granted_money  INTEGER NOT NULL DEFAULT 0 CHECK (granted_money >= 0),
    granted_tokens INTEGER NOT NULL DEFAULT 0 CHECK (granted_tokens >= 0),
    granted_steps  INTEGER NOT NULL DEFAULT 0 CHECK (granted_steps >= 0),
    granted_calls  INTEGER NOT NULL DEFAULT 0 CHECK (granted_calls >= 0),
    used_money     INTEGER NOT NULL DEFAULT 0,
    used_tokens    INTEGER NOT NULL DEFAULT 0,
    used_steps     INTEGER NOT NULL DEFAULT 0,
    used_calls     INTEGER NOT NULL DEFAULT 0,
    open_money     INTEGER NOT NULL DEFAULT 0,
    open_tokens    INTEGER NOT NULL DEFAULT 0,
    open_steps     INTEGER NOT NULL DEFAULT 0,
    open_calls     INTEGER NOT NULL DEFAULT 0,
    answered       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, period, holder)
) STRICT, WITHOUT ROWID;

CREATE INDEX budget_leases_holder ON budget_leases (holder);

CREATE TABLE canaries (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    release    TEXT    NOT NULL,
    against    TEXT    NOT NULL,
    status     TEXT    NOT NULL CHECK (status IN ('running', 'cleared', 'held', 'promoted', 'rolled_back', 'ended')),
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    decided_at INTEGER,
    said_stream TEXT   NOT NULL DEFAULT '',
    said_seq   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX canaries_open ON canaries (team) WHERE status IN ('running', 'cleared', 'held');

CREATE TABLE channels (
    team     TEXT    NOT NULL,
    channel  TEXT    NOT NULL CHECK (channel IN ('stable', 'canary', 'shadow')),
    release  TEXT    NOT NULL,
    previous TEXT    NOT NULL DEFAULT '',
    percent  INTEGER NOT NULL DEFAULT 100 CHECK (percent BETWEEN 0 AND 100),
    salt     TEXT    NOT NULL DEFAULT '',
    since    INTEGER NOT NULL,
    set_by   TEXT    NOT NULL,
    PRIMARY KEY (team, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpointer (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (id = 'log'),
    epoch       INTEGER NOT NULL DEFAULT 0,
    holder      TEXT    NOT NULL DEFAULT '',
    lease_until INTEGER NOT NULL DEFAULT 0,
    size        INTEGER NOT NULL DEFAULT 0,
    tx          INTEGER NOT NULL DEFAULT 0,
    pos         INTEGER NOT NULL DEFAULT 0,
    stream      TEXT    NOT NULL DEFAULT '',
    seq         INTEGER NOT NULL DEFAULT 0,
    frontier    BLOB    NOT NULL DEFAULT x'',
    error       TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    size  INTEGER NOT NULL PRIMARY KEY CHECK (size > 0),
    at    INTEGER NOT NULL,
    note  TEXT    NOT NULL,
    upto  INTEGER NOT NULL,
    late  TEXT    NOT NULL DEFAULT '',
    gaps  TEXT    NOT NULL DEFAULT '',
    heads TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE data_keys (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    subject_tag TEXT    NOT NULL DEFAULT '',
    wrapped     BLOB,
    created_at  INTEGER NOT NULL,
    shredded_at INTEGER,
    CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX data_keys_subject ON data_keys (subject_tag) WHERE subject_tag <> '';

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

CREATE TABLE deletions (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    subject_tag TEXT    NOT NULL,
    started_by  TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    done_at     INTEGER,
    receipt     TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX deletions_open ON deletions (subject_tag) WHERE done_at IS NULL;

CREATE TABLE drift_findings (
    id       TEXT    NOT NULL PRIMARY KEY,
    team     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    what     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX drift_findings_newest ON drift_findings (team, found_at);

CREATE TABLE drift_watches (
    team    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('agent', 'flow')),
    subject TEXT    NOT NULL,
    anchor  INTEGER NOT NULL,
    looked  INTEGER NOT NULL,
    PRIMARY KEY (team, kind, subject)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE events (
    pos        INTEGER PRIMARY KEY,
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq > 0),
    team       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    key_id     TEXT    NOT NULL,
    commitment BLOB    NOT NULL CHECK (length(commitment) = 32),
    prev_hash  BLOB    NOT NULL CHECK (length(prev_hash) = 32),
    hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE UNIQUE INDEX events_stream_seq ON events (stream, seq);

CREATE TABLE exchanges (
    tag  TEXT    NOT NULL PRIMARY KEY,
    run  TEXT    NOT NULL,
    kind TEXT    NOT NULL CHECK (kind IN ('action', 'request')),
    body TEXT    NOT NULL DEFAULT '',
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX exchanges_by_age ON exchanges (at);

CREATE INDEX exchanges_by_run ON exchanges (run);

CREATE TABLE experiments (
    id      TEXT    PRIMARY KEY,
    team    TEXT    NOT NULL,
    suite   TEXT    NOT NULL,
    version TEXT    NOT NULL,
    arm     TEXT    NOT NULL,
    against TEXT    NOT NULL,
    gate    INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX experiments_at ON experiments (team, at);

CREATE TABLE exports (
    id      TEXT    NOT NULL PRIMARY KEY,
    team    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('keys', 'content')),
    path    TEXT    NOT NULL,
    host    TEXT    NOT NULL,
    made_by TEXT    NOT NULL,
    made_at INTEGER NOT NULL,
    gone_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE flags (
    team    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('tool', 'route', 'value')),
    target  TEXT    NOT NULL DEFAULT '',
    said    TEXT    NOT NULL,
    percent INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
    salt    TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    set_by  TEXT    NOT NULL,
    PRIMARY KEY (team, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE foreign_batches (
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    pos      INTEGER NOT NULL,
    team     TEXT    NOT NULL,
    source   TEXT    NOT NULL,
    signal   TEXT    NOT NULL,
    key_id   TEXT    NOT NULL,
    blob     TEXT    NOT NULL,
    book     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    taken    INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    lost     INTEGER NOT NULL,
    dropped  INTEGER NOT NULL,
    skewed   INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX foreign_batches_by_key ON foreign_batches (key_id);

CREATE INDEX foreign_batches_by_source ON foreign_batches (team, source, at);

CREATE TABLE foreign_books (
    team   TEXT NOT NULL,
    book   TEXT NOT NULL,
    prices TEXT NOT NULL,
    PRIMARY KEY (team, book)
) STRICT, WITHOUT ROWID;

CREATE TABLE foreign_parts (
    trace  TEXT    NOT NULL,
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (trace, stream, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX foreign_parts_by_batch ON foreign_parts (stream, seq);

CREATE TABLE foreign_records (
    team    TEXT    NOT NULL,
    trace   TEXT    NOT NULL,
    pos     INTEGER NOT NULL,
    records INTEGER NOT NULL,
    source  TEXT    NOT NULL,
    key_id  TEXT    NOT NULL,
    blob    TEXT    NOT NULL,
    PRIMARY KEY (team, trace, pos)
) STRICT, WITHOUT ROWID;

CREATE INDEX foreign_records_by_key ON foreign_records (key_id);

CREATE TABLE foreign_spans (
    trace       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    parent      TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    dialect     TEXT    NOT NULL,
    weight      INTEGER NOT NULL,
    calls       INTEGER NOT NULL,
    absent      INTEGER NOT NULL,
    skewed      INTEGER NOT NULL,
    dropped     INTEGER NOT NULL,
    session     TEXT    NOT NULL,
    workflow    TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    nth         INTEGER NOT NULL,
    PRIMARY KEY (trace, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    tool       TEXT    NOT NULL,
    agent      TEXT    NOT NULL DEFAULT '',
    run        TEXT    NOT NULL DEFAULT '',
    uses       INTEGER NOT NULL CHECK (uses > 0),
    used       INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL,
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT    NOT NULL DEFAULT '',
    CHECK (used >= 0 AND used <= uses)
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_by_tool ON grants (team, tool) WHERE revoked_at IS NULL;

CREATE TABLE halt_state (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE halts (
    id        TEXT NOT NULL PRIMARY KEY,
    team      TEXT NOT NULL,
    scope     TEXT NOT NULL
              CHECK (scope IN ('all', 'team', 'agent', 'release', 'tool', 'model', 'principal', 'run')),
    target    TEXT NOT NULL,
    mode      TEXT NOT NULL CHECK (mode IN ('halt', 'quarantine')),
    at        INTEGER NOT NULL,
    made_by   TEXT NOT NULL,
    until     INTEGER,
    stream    TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    lifted_at INTEGER,
    lifted_by TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX halts_standing ON halts (at) WHERE lifted_at IS NULL;

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

CREATE TABLE holds (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    subject_tag TEXT    NOT NULL,
    key_id      TEXT    NOT NULL,
    words       BLOB    NOT NULL,
    placed_by   TEXT    NOT NULL,
    placed_at   INTEGER NOT NULL,
    released_by TEXT    NOT NULL DEFAULT '',
    released_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX holds_open ON holds (subject_tag) WHERE released_at IS NULL;

CREATE TABLE inbox (
    n      INTEGER PRIMARY KEY,
    run    TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL DEFAULT '',
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX inbox_run_id ON inbox (run, id);

CREATE TABLE judge_cards (
    team    TEXT    NOT NULL,
    judge   TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    status  TEXT    NOT NULL CHECK (status IN ('current', 'suspended')),
    card    TEXT    NOT NULL,
    labels  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    why     TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (team, judge, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE judge_checks (
    team   TEXT    NOT NULL,
    judge  TEXT    NOT NULL,
    digest TEXT    NOT NULL,
    item   TEXT    NOT NULL,
    agreed INTEGER NOT NULL CHECK (agreed IN (0, 1)),
    at     INTEGER NOT NULL,
    PRIMARY KEY (team, judge, digest, at, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE label_items (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    queue      TEXT    NOT NULL,
    run        TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    status     TEXT    NOT NULL CHECK (status IN ('open', 'disputed', 'settled', 'withdrawn')),
    label      TEXT    NOT NULL DEFAULT '',
    settled_by TEXT    NOT NULL DEFAULT '',
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (team, queue, source)
) STRICT, WITHOUT ROWID;

CREATE INDEX label_items_of_queue ON label_items (team, queue, status, at);

CREATE TABLE label_queues (
    team      TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    choices   TEXT    NOT NULL,
    scale     TEXT    NOT NULL CHECK (scale IN ('nominal', 'ordinal')),
    labellers INTEGER NOT NULL CHECK (labellers >= 1),
    readers   TEXT    NOT NULL,
    made_at   INTEGER NOT NULL,
    made_by   TEXT    NOT NULL,
    PRIMARY KEY (team, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE label_sets (
    team        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    digest      TEXT    NOT NULL,
    queue       TEXT    NOT NULL,
    items       INTEGER NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('waiting', 'usable', 'redacted', 'refused')),
    readers     TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    made_by     TEXT    NOT NULL,
    reviewed_at INTEGER,
    reviewed_by TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (team, name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE labels (
    item   TEXT    NOT NULL,
    person TEXT    NOT NULL,
    label  TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (item, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE limits_in_force (
    team      TEXT    NOT NULL,
    name      TEXT    NOT NULL CHECK (name IN ('budgets', 'retention')),
    digest    TEXT    NOT NULL,
    protected INTEGER NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    stream    TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    by        TEXT    NOT NULL,
    PRIMARY KEY (team, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
    id       TEXT    NOT NULL PRIMARY KEY,
    team     TEXT    NOT NULL,
    place    TEXT    NOT NULL,
    scope    TEXT    NOT NULL CHECK (scope IN ('run', 'user', 'agent', 'team')),
    key_id   TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    size     INTEGER NOT NULL,
    stamp    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    expires  INTEGER
) STRICT;

CREATE INDEX memory_by_expiry ON memory (expires) WHERE expires IS NOT NULL;

CREATE INDEX memory_by_key ON memory (key_id);

CREATE INDEX memory_by_place ON memory (place, id);

CREATE INDEX memory_by_team ON memory (team, id);

CREATE TABLE migrations (
    version INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    at      INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;

CREATE TABLE model_figures (
    day     TEXT    NOT NULL,
    route   TEXT    NOT NULL,
    model   TEXT    NOT NULL,
    calls   INTEGER NOT NULL,
    prompt  INTEGER NOT NULL,
    cached  INTEGER NOT NULL,
    hits    INTEGER NOT NULL,
    avoided INTEGER NOT NULL,
    PRIMARY KEY (day, route, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE online_scores (
    team   TEXT    NOT NULL,
    run    TEXT    NOT NULL,
    metric TEXT    NOT NULL,
    value  INTEGER CHECK (value BETWEEN 0 AND 1000000),
    judge  TEXT    NOT NULL,
    most   INTEGER NOT NULL,
    agent  TEXT    NOT NULL,
    flow   TEXT    NOT NULL,
    ended  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (team, run, metric)
) STRICT, WITHOUT ROWID;

CREATE INDEX online_scores_by_end ON online_scores (team, metric, ended);

CREATE INDEX online_scores_paid ON online_scores (team, at) WHERE most > 0;

CREATE TABLE open_writes (
    run         TEXT NOT NULL,
    path        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (run, path)
) STRICT, WITHOUT ROWID;

CREATE INDEX open_writes_by_fingerprint ON open_writes (fingerprint);

CREATE TABLE people (
    team       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('user', 'service')),
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    PRIMARY KEY (team, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_roles (
    team   TEXT NOT NULL,
    person TEXT NOT NULL,
    role   TEXT NOT NULL,
    PRIMARY KEY (team, person, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies_in_force (
    team      TEXT    NOT NULL PRIMARY KEY,
    digest    TEXT    NOT NULL,
    protected INTEGER NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    since     INTEGER NOT NULL,
    by        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_versions (
    team   TEXT    NOT NULL,
    digest TEXT    NOT NULL,
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (team, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE principals (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('user', 'service')),
    key_digest BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE projections (
    name TEXT    NOT NULL PRIMARY KEY,
    tx   INTEGER NOT NULL,
    pos  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE proposals (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    needed     INTEGER NOT NULL CHECK (needed > 0),
    votes      INTEGER NOT NULL DEFAULT 0,
    status     TEXT    NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'withdrawn')),
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    made_by    TEXT    NOT NULL,
    due        INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX proposals_open ON proposals (team, kind, name, digest) WHERE status = 'open';

CREATE TABLE ratings (
    approval TEXT    NOT NULL,
    person   TEXT    NOT NULL,
    team     TEXT    NOT NULL,
    rating   INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    at       INTEGER NOT NULL,
    PRIMARY KEY (approval, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    run        TEXT NOT NULL,
    path       TEXT NOT NULL,
    object     TEXT NOT NULL,
    team       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    undone_by  TEXT NOT NULL DEFAULT '',
    undone_at  INTEGER, taking_by TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, path, object)
) STRICT, WITHOUT ROWID;

CREATE INDEX receipts_by_object ON receipts (team, object, at);

CREATE TABLE reductions (
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    key_id TEXT    NOT NULL,
    body   BLOB    NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX reductions_key ON reductions (key_id);

CREATE TABLE releases (
    team    TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    policy  TEXT    NOT NULL,
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    made_by TEXT    NOT NULL,
    PRIMARY KEY (team, digest)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX releases_name ON releases (team, name);

CREATE TABLE restores (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    at     INTEGER NOT NULL,
    note   TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE reviewed_rights (
    review  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    verdict TEXT    NOT NULL CHECK (verdict IN ('confirmed', 'revoked')),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    PRIMARY KEY (review, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE revocations (
    team    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('right', 'capability')),
    subject TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    PRIMARY KEY (team, kind, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE root_keys (
    id     TEXT    NOT NULL PRIMARY KEY,
    sealed BLOB    NOT NULL,
    turn   INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_classes (
    run        TEXT    NOT NULL,
    data_class TEXT    NOT NULL,
    settled_at INTEGER,
    PRIMARY KEY (run, data_class)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_classes_due ON run_classes (run) WHERE settled_at IS NULL;

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

CREATE TABLE run_facts (
    run     TEXT    NOT NULL PRIMARY KEY,
    events  INTEGER NOT NULL,
    steps   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    flow       TEXT    NOT NULL,
    status     TEXT    NOT NULL
               CHECK (status IN ('ready', 'running', 'parked', 'succeeded', 'failed', 'cancelled')),
    reason     TEXT    NOT NULL DEFAULT '',
    due        INTEGER,
    priority   INTEGER NOT NULL DEFAULT 100,
    owner      TEXT,
    epoch      INTEGER NOT NULL DEFAULT 0,
    pin        TEXT    NOT NULL,
    parent     TEXT,
    key_id     TEXT    NOT NULL,
    base_seq   INTEGER NOT NULL DEFAULT 1,
    generation INTEGER NOT NULL DEFAULT 1,
    mail       INTEGER NOT NULL DEFAULT 0,
    paused     INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    error      TEXT    NOT NULL DEFAULT '',
    session    TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    ended_at   INTEGER, release TEXT NOT NULL DEFAULT '', channel TEXT NOT NULL DEFAULT '',
    CHECK ((owner IS NOT NULL) = (status = 'running')),
    CHECK ((ended_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))),
    CHECK (due IS NULL OR status IN ('ready', 'parked'))
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_channel ON runs (release, created_at) WHERE channel <> '';

CREATE INDEX runs_due ON runs (priority, due) WHERE due IS NOT NULL;

CREATE INDEX runs_next ON runs (due) WHERE due IS NOT NULL;

CREATE INDEX runs_owner ON runs (owner) WHERE owner IS NOT NULL;

CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;

CREATE INDEX runs_released ON runs (release, due) WHERE release <> '' AND ended_at IS NULL;

CREATE TABLE schedules (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    flow       TEXT    NOT NULL,
    cron       TEXT    NOT NULL,
    tz         TEXT    NOT NULL,
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    next_at    INTEGER,
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    CHECK (active = 1 OR next_at IS NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE search_blocks (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL,
    names BLOB NOT NULL,
    bits  BLOB NOT NULL
) STRICT;

CREATE TRIGGER search_document_comes AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_text (rowid, words) VALUES (new.n, new.words);
END;

CREATE TRIGGER search_document_goes AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_text (search_text, rowid, words) VALUES ('delete', old.n, old.words);
    DELETE FROM search_blocks WHERE old.n BETWEEN first AND last;
END;

CREATE TABLE search_documents (
    n       INTEGER PRIMARY KEY,
    run     TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    path    TEXT NOT NULL,
    part    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    team    TEXT NOT NULL,
    flow    TEXT NOT NULL,
    agent   TEXT NOT NULL,
    tool    TEXT NOT NULL,
    model   TEXT NOT NULL,
    error   TEXT NOT NULL,
    readers TEXT NOT NULL,
    key_id  TEXT NOT NULL,
    words   TEXT NOT NULL,
    vector  BLOB NOT NULL
) STRICT;

CREATE INDEX search_documents_by_key ON search_documents (key_id);

CREATE INDEX search_documents_by_run ON search_documents (run, n);

CREATE TABLE search_meanings (
    n      INTEGER NOT NULL PRIMARY KEY,
    model  TEXT    NOT NULL,
    key_id TEXT    NOT NULL,
    vector BLOB    NOT NULL
) STRICT;

CREATE INDEX search_meanings_by_key ON search_meanings (key_id);

CREATE VIRTUAL TABLE search_text USING fts5 (
    words, content = 'search_documents', content_rowid = 'n', detail = 'none', tokenize = 'ascii'
);

CREATE TABLE 'search_text_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'search_text_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'search_text_docsize'(id INTEGER PRIMARY KEY, sz BLOB);

CREATE TABLE 'search_text_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE VIRTUAL TABLE search_words USING fts5vocab ('search_text', 'row');

CREATE TABLE signing_keys (
    number       INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    public       TEXT    NOT NULL,
    introduction TEXT    NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

CREATE TABLE span_labels (
    trace     TEXT NOT NULL,
    span      TEXT NOT NULL,
    integrity TEXT NOT NULL,
    source    TEXT NOT NULL,
    PRIMARY KEY (trace, span)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX spans_below ON spans (trace, parent, started, n);

CREATE UNIQUE INDEX spans_of_trace ON spans (trace, id);

CREATE TABLE stream_heads (
    stream TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    hash   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE task_hooks (
    run    TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    sealed BLOB    NOT NULL,
    key_id TEXT    NOT NULL,
    seen   TEXT    NOT NULL DEFAULT '',
    told   TEXT    NOT NULL DEFAULT '',
    at     INTEGER NOT NULL,
    PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
    run   TEXT    NOT NULL PRIMARY KEY,
    team  TEXT    NOT NULL,
    owner TEXT    NOT NULL,
    agent TEXT    NOT NULL,
    tag   TEXT    NOT NULL UNIQUE,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tasks_by_owner ON tasks (team, owner, agent, run);

CREATE TABLE tellings (
    n     INTEGER NOT NULL PRIMARY KEY,
    trace TEXT NOT NULL,
    since INTEGER NOT NULL,
    upto  INTEGER NOT NULL,
    over  INTEGER NOT NULL
) STRICT;

CREATE INDEX tellings_of_trace ON tellings (trace, upto);

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

CREATE TABLE tool_digests (
    team             TEXT    NOT NULL,
    tool             TEXT    NOT NULL,
    digest           TEXT    NOT NULL DEFAULT '',
    accepted_by      TEXT    NOT NULL DEFAULT '',
    accepted_at      INTEGER,
    manifest         TEXT    NOT NULL DEFAULT '',
    pending          TEXT    NOT NULL DEFAULT '',
    pending_manifest TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (team, tool),
    CHECK ((accepted_at IS NULL) = (digest = '')),
    CHECK (digest <> '' OR pending <> '')
) STRICT, WITHOUT ROWID;

CREATE TABLE trace_keys (
    key_id TEXT NOT NULL,
    trace  TEXT NOT NULL,
    PRIMARY KEY (key_id, trace)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX traces_by_agent ON traces (team, agent, started, id);

CREATE INDEX traces_by_asks ON traces (team, started, id) WHERE asks > 0;

CREATE INDEX traces_by_denials ON traces (team, started, id) WHERE denials > 0;

CREATE INDEX traces_by_end
    ON traces (team, ended, status, agent, flow, started, human, cost, denials) WHERE ended IS NOT NULL AND sort = 'task';

CREATE INDEX traces_by_error ON traces (team, error, started, id) WHERE error <> '';

CREATE INDEX traces_by_failure ON traces (team, failure, started, id) WHERE failure <> '';

CREATE INDEX traces_by_flow ON traces (team, flow, started, id);

CREATE INDEX traces_by_loops ON traces (team, started, id) WHERE loops > 0;

CREATE INDEX traces_by_model ON traces (team, model, started, id);

CREATE INDEX traces_by_parent ON traces (team, parent, started, id) WHERE parent <> '';

CREATE INDEX traces_by_principal ON traces (team, principal, started, id);

CREATE INDEX traces_by_prompt ON traces (team, prompt, started, id);

CREATE INDEX traces_by_purpose ON traces (team, purpose, started, id);

CREATE INDEX traces_by_release ON traces (team, release, started, id);

CREATE INDEX traces_by_session ON traces (team, session, started, id) WHERE session <> '';

CREATE INDEX traces_by_signature ON traces (team, signature, started, id) WHERE signature <> '';

CREATE INDEX traces_by_source ON traces (team, source, started, id) WHERE source <> '';

CREATE INDEX traces_by_start ON traces (team, started, id);

CREATE INDEX traces_by_status ON traces (team, status, started, id);

CREATE TABLE trials (
    tag        TEXT    PRIMARY KEY,
    team       TEXT    NOT NULL,
    run        TEXT    NOT NULL,
    experiment TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE votes (
    subject  TEXT    NOT NULL,
    asked    INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    person   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (subject, asked, revision, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE waivers (
    team       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    arm        TEXT    NOT NULL,
    against    TEXT    NOT NULL,
    experiment TEXT    NOT NULL,
    by         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (team, version, arm, against)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    id          TEXT    NOT NULL PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    host        TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    fenced_at   INTEGER
, release TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

CREATE TABLE workspace (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
