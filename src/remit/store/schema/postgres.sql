CREATE TABLE access_keys (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    digest text NOT NULL,
    roles text NOT NULL DEFAULT ''::text,
    label text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    revoked_by text NOT NULL DEFAULT ''::text,
    scope text NOT NULL DEFAULT ''::text,
    CONSTRAINT access_keys_pkey PRIMARY KEY (id)
);
CREATE INDEX access_keys_person ON access_keys USING btree (team, person);

CREATE TABLE access_reviews (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    rights bigint NOT NULL,
    due bigint NOT NULL,
    opened_at bigint NOT NULL,
    opened_by text NOT NULL,
    CONSTRAINT access_reviews_pkey PRIMARY KEY (id)
);
CREATE INDEX access_reviews_team ON access_reviews USING btree (team, opened_at);

CREATE TABLE anchors (
    name text NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    at bigint,
    failed_at bigint,
    error text NOT NULL DEFAULT ''::text,
    contradiction text NOT NULL DEFAULT ''::text,
    CONSTRAINT anchors_pkey PRIMARY KEY (name)
);

CREATE TABLE answers (
    id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    run text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    previous text COLLATE "C" NOT NULL DEFAULT ''::text,
    status text NOT NULL,
    body bytea NOT NULL,
    at bigint NOT NULL,
    expires bigint NOT NULL,
    CONSTRAINT answers_pkey PRIMARY KEY (id),
    CONSTRAINT answers_kind_check CHECK ((kind = ANY (ARRAY['response'::text, 'cache'::text])))
);
CREATE INDEX answers_by_expiry ON answers USING btree (expires);
CREATE INDEX answers_by_key ON answers USING btree (key_id);

CREATE TABLE approval_notes (
    approval text COLLATE "C" NOT NULL,
    asked bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT approval_notes_pkey PRIMARY KEY (approval, asked, seq),
    CONSTRAINT approval_notes_kind_check CHECK ((kind = ANY (ARRAY['question'::text, 'answer'::text])))
);

CREATE TABLE approvals (
    id text COLLATE "C" NOT NULL,
    team text NOT NULL,
    run text COLLATE "C" NOT NULL,
    path text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL DEFAULT ''::text,
    grp text NOT NULL,
    fingerprint text NOT NULL DEFAULT ''::text,
    asked_at bigint NOT NULL,
    due bigint,
    status text NOT NULL DEFAULT 'open'::text,
    decided_by text NOT NULL DEFAULT ''::text,
    decided_at bigint,
    quorum bigint NOT NULL DEFAULT 1,
    votes bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0,
    used bigint NOT NULL DEFAULT 0,
    requester text NOT NULL DEFAULT ''::text,
    assignee text NOT NULL DEFAULT ''::text,
    canary bigint NOT NULL DEFAULT 0,
    edit_seq bigint,
    edited bigint NOT NULL DEFAULT 0,
    CONSTRAINT approvals_pkey PRIMARY KEY (id),
    CONSTRAINT approvals_check CHECK (((decided_at IS NULL) = (status = 'open'::text))),
    CONSTRAINT approvals_kind_check CHECK ((kind = ANY (ARRAY['human'::text, 'unknown'::text, 'write'::text, 'approval'::text]))),
    CONSTRAINT approvals_status_check CHECK ((status = ANY (ARRAY['open'::text, 'approved'::text, 'rejected'::text, 'expired'::text, 'withdrawn'::text])))
);
CREATE INDEX approvals_asked ON approvals USING btree (team, asked_at);
CREATE INDEX approvals_open ON approvals USING btree (team, grp, asked_at) WHERE (status = 'open'::text);
CREATE INDEX approvals_unknown ON approvals USING btree (fingerprint) WHERE ((status = 'open'::text) AND (fingerprint <> ''::text));

CREATE TABLE attack_reports (
    team text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    whole bigint NOT NULL,
    reached bigint NOT NULL,
    untried bigint NOT NULL,
    tried bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT attack_reports_pkey PRIMARY KEY (team, id)
);
CREATE INDEX attack_reports_at ON attack_reports USING btree (team, at);

CREATE TABLE attack_turns (
    team text COLLATE "C" NOT NULL,
    turn bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT attack_turns_pkey PRIMARY KEY (team, turn)
);

CREATE TABLE batches (
    writer text COLLATE "C" NOT NULL,
    n bigint NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT batches_pkey PRIMARY KEY (writer)
) WITH (fillfactor=50);

CREATE TABLE blobs (
    id bytea NOT NULL,
    key_id text NOT NULL,
    body bytea NOT NULL STORAGE EXTERNAL,
    CONSTRAINT blobs_pkey PRIMARY KEY (id),
    CONSTRAINT blobs_id_check CHECK ((length(id) = 32))
);
CREATE INDEX blobs_key ON blobs USING btree (key_id);

CREATE TABLE budget_accounts (
    id text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    money bigint NOT NULL DEFAULT 0,
    tokens bigint NOT NULL DEFAULT 0,
    steps bigint NOT NULL DEFAULT 0,
    calls bigint NOT NULL DEFAULT 0,
    leased_money bigint NOT NULL DEFAULT 0,
    leased_tokens bigint NOT NULL DEFAULT 0,
    leased_steps bigint NOT NULL DEFAULT 0,
    leased_calls bigint NOT NULL DEFAULT 0,
    recall bigint NOT NULL DEFAULT 0,
    CONSTRAINT budget_accounts_pkey PRIMARY KEY (id, period),
    CONSTRAINT budget_accounts_leased_calls_check CHECK ((leased_calls >= 0)),
    CONSTRAINT budget_accounts_leased_money_check CHECK ((leased_money >= 0)),
    CONSTRAINT budget_accounts_leased_steps_check CHECK ((leased_steps >= 0)),
    CONSTRAINT budget_accounts_leased_tokens_check CHECK ((leased_tokens >= 0))
) WITH (fillfactor=70);

CREATE TABLE budget_leases (
    account text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,
    granted_money bigint NOT NULL DEFAULT 0,
    granted_tokens bigint NOT NULL DEFAULT 0,
    granted_steps bigint NOT NULL DEFAULT 0,
    granted_calls bigint NOT NULL DEFAULT 0,
    used_money bigint NOT NULL DEFAULT 0,
    used_tokens bigint NOT NULL DEFAULT 0,
    used_steps bigint NOT NULL DEFAULT 0,
    used_calls bigint NOT NULL DEFAULT 0,
    open_money bigint NOT NULL DEFAULT 0,
    open_tokens bigint NOT NULL DEFAULT 0,
    open_steps bigint NOT NULL DEFAULT 0,
    open_calls bigint NOT NULL DEFAULT 0,
    answered bigint NOT NULL DEFAULT 0,
    CONSTRAINT budget_leases_pkey PRIMARY KEY (account, period, holder),
    CONSTRAINT budget_leases_granted_calls_check CHECK ((granted_calls >= 0)),
    CONSTRAINT budget_leases_granted_money_check CHECK ((granted_money >= 0)),
    CONSTRAINT budget_leases_granted_steps_check CHECK ((granted_steps >= 0)),
    CONSTRAINT budget_leases_granted_tokens_check CHECK ((granted_tokens >= 0))
) WITH (fillfactor=70);
CREATE INDEX budget_leases_holder ON budget_leases USING btree (holder);

CREATE TABLE canaries (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    against text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    started_at bigint NOT NULL,
    decided_at bigint,
    said_stream text COLLATE "C" NOT NULL DEFAULT ''::text,
    said_seq bigint NOT NULL DEFAULT 0,
    CONSTRAINT canaries_pkey PRIMARY KEY (id),
    CONSTRAINT canaries_status_check CHECK ((status = ANY (ARRAY['running'::text, 'cleared'::text, 'held'::text, 'promoted'::text, 'rolled_back'::text, 'ended'::text])))
);
CREATE UNIQUE INDEX canaries_open ON canaries USING btree (team) WHERE (status = ANY (ARRAY['running'::text, 'cleared'::text, 'held'::text]));

CREATE TABLE channels (
    team text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    previous text COLLATE "C" NOT NULL DEFAULT ''::text,
    percent bigint NOT NULL DEFAULT 100,
    salt text NOT NULL DEFAULT ''::text,
    since bigint NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT channels_pkey PRIMARY KEY (team, channel),
    CONSTRAINT channels_channel_check CHECK ((channel = ANY (ARRAY['stable'::text, 'canary'::text, 'shadow'::text]))),
    CONSTRAINT channels_percent_check CHECK (((percent >= 0) AND (percent <= 100)))
);

CREATE TABLE checkpointer (
    id text NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    holder text NOT NULL DEFAULT ''::text,
    lease_until bigint NOT NULL DEFAULT 0,
    size bigint NOT NULL DEFAULT 0,
    tx bigint NOT NULL DEFAULT 0,
    pos bigint NOT NULL DEFAULT 0,
    stream text NOT NULL DEFAULT ''::text,
    seq bigint NOT NULL DEFAULT 0,
    frontier bytea NOT NULL DEFAULT '\x'::bytea,
    error text NOT NULL DEFAULT ''::text,
    CONSTRAINT checkpointer_pkey PRIMARY KEY (id),
    CONSTRAINT checkpointer_id_check CHECK ((id = 'log'::text))
);

CREATE TABLE checkpoints (
    size bigint NOT NULL,
    at bigint NOT NULL,
    note text NOT NULL,
    upto bigint NOT NULL,
    late text NOT NULL DEFAULT ''::text,
    gaps text NOT NULL DEFAULT ''::text,
    heads text NOT NULL DEFAULT ''::text,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (size),
    CONSTRAINT checkpoints_size_check CHECK ((size > 0))
);

CREATE TABLE data_keys (
    id text COLLATE "C" NOT NULL,
    team text NOT NULL,
    subject_tag text NOT NULL DEFAULT ''::text,
    wrapped bytea,
    created_at bigint NOT NULL,
    shredded_at bigint,
    CONSTRAINT data_keys_pkey PRIMARY KEY (id),
    CONSTRAINT data_keys_check CHECK (((wrapped IS NULL) = (shredded_at IS NOT NULL)))
);
CREATE INDEX data_keys_subject ON data_keys USING btree (subject_tag) WHERE (subject_tag <> ''::text);

CREATE TABLE decisions (
    trace text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    span text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    decision text COLLATE "C" NOT NULL,
    rules text COLLATE "C" NOT NULL,
    by text COLLATE "C" NOT NULL,
    CONSTRAINT decisions_pkey PRIMARY KEY (trace, seq)
);

CREATE TABLE deletions (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    subject_tag text COLLATE "C" NOT NULL,
    started_by text NOT NULL,
    started_at bigint NOT NULL,
    done_at bigint,
    receipt text NOT NULL DEFAULT ''::text,
    CONSTRAINT deletions_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX deletions_open ON deletions USING btree (subject_tag) WHERE (done_at IS NULL);

CREATE TABLE drift_findings (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    what text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    found_at bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT drift_findings_pkey PRIMARY KEY (id)
);
CREATE INDEX drift_findings_newest ON drift_findings USING btree (team, found_at);

CREATE TABLE drift_watches (
    team text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    anchor bigint NOT NULL,
    looked bigint NOT NULL,
    CONSTRAINT drift_watches_pkey PRIMARY KEY (team, kind, subject),
    CONSTRAINT drift_watches_kind_check CHECK ((kind = ANY (ARRAY['agent'::text, 'flow'::text])))
);

CREATE TABLE effects (
    trace text COLLATE "C" NOT NULL,
    span text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    tool text COLLATE "C" NOT NULL,
    effect text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    undoes text COLLATE "C" NOT NULL,
    undoes_span text COLLATE "C" NOT NULL,
    CONSTRAINT effects_pkey PRIMARY KEY (trace, span)
);
CREATE INDEX effects_undoing ON effects USING btree (undoes, undoes_span) WHERE (undoes <> ''::text);

CREATE TABLE events (
    pos bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    team text NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    path text NOT NULL,
    body bytea NOT NULL STORAGE EXTERNAL,
    key_id text NOT NULL,
    commitment bytea NOT NULL,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT events_stream_seq PRIMARY KEY (stream, seq),
    CONSTRAINT events_commitment_check CHECK ((length(commitment) = 32)),
    CONSTRAINT events_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT events_prev_hash_check CHECK ((length(prev_hash) = 32)),
    CONSTRAINT events_seq_check CHECK ((seq > 0))
) WITH (toast_tuple_target=8160);
CREATE INDEX events_tx_pos ON events USING btree (tx, pos);

CREATE TABLE exchanges (
    tag text COLLATE "C" NOT NULL,
    run text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    body text NOT NULL DEFAULT ''::text,
    at bigint NOT NULL,
    CONSTRAINT exchanges_pkey PRIMARY KEY (tag),
    CONSTRAINT exchanges_kind_check CHECK ((kind = ANY (ARRAY['action'::text, 'request'::text])))
);
CREATE INDEX exchanges_by_age ON exchanges USING btree (at);
CREATE INDEX exchanges_by_run ON exchanges USING btree (run);

CREATE TABLE experiments (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    suite text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    arm text COLLATE "C" NOT NULL,
    against text COLLATE "C" NOT NULL,
    gate bigint NOT NULL,
    by text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT experiments_pkey PRIMARY KEY (id)
);
CREATE INDEX experiments_at ON experiments USING btree (team, at);

CREATE TABLE exports (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    path text NOT NULL,
    host text NOT NULL,
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    gone_at bigint,
    CONSTRAINT exports_pkey PRIMARY KEY (id),
    CONSTRAINT exports_kind_check CHECK ((kind = ANY (ARRAY['keys'::text, 'content'::text])))
);

CREATE TABLE flags (
    team text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL DEFAULT ''::text,
    said text NOT NULL,
    percent bigint NOT NULL,
    salt text NOT NULL,
    since bigint NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT flags_pkey PRIMARY KEY (team, name),
    CONSTRAINT flags_kind_check CHECK ((kind = ANY (ARRAY['tool'::text, 'route'::text, 'value'::text]))),
    CONSTRAINT flags_percent_check CHECK (((percent >= 0) AND (percent <= 100)))
);

CREATE TABLE foreign_batches (
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    pos bigint NOT NULL,
    team text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    signal text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    blob text COLLATE "C" NOT NULL,
    book text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    taken bigint NOT NULL,
    rejected bigint NOT NULL,
    lost bigint NOT NULL,
    dropped bigint NOT NULL,
    skewed bigint NOT NULL,
    size bigint NOT NULL,
    CONSTRAINT foreign_batches_pkey PRIMARY KEY (stream, seq)
);
CREATE INDEX foreign_batches_by_key ON foreign_batches USING btree (key_id);
CREATE INDEX foreign_batches_by_source ON foreign_batches USING btree (team, source, at);

CREATE TABLE foreign_books (
    team text COLLATE "C" NOT NULL,
    book text COLLATE "C" NOT NULL,
    prices text COLLATE "C" NOT NULL,
    CONSTRAINT foreign_books_pkey PRIMARY KEY (team, book)
);

CREATE TABLE foreign_parts (
    trace text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT foreign_parts_pkey PRIMARY KEY (trace, stream, seq)
);
CREATE INDEX foreign_parts_by_batch ON foreign_parts USING btree (stream, seq);

CREATE TABLE foreign_records (
    team text COLLATE "C" NOT NULL,
    trace text COLLATE "C" NOT NULL,
    pos bigint NOT NULL,
    records bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    blob text COLLATE "C" NOT NULL,
    CONSTRAINT foreign_records_pkey PRIMARY KEY (team, trace, pos)
);
CREATE INDEX foreign_records_by_key ON foreign_records USING btree (key_id);

CREATE TABLE foreign_spans (
    trace text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    dialect text COLLATE "C" NOT NULL,
    weight bigint NOT NULL,
    calls bigint NOT NULL,
    absent bigint NOT NULL,
    skewed bigint NOT NULL,
    dropped bigint NOT NULL,
    session text COLLATE "C" NOT NULL,
    workflow text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    nth bigint NOT NULL,
    CONSTRAINT foreign_spans_pkey PRIMARY KEY (trace, id)
);

CREATE TABLE grants (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    tool text NOT NULL,
    agent text NOT NULL DEFAULT ''::text,
    run text NOT NULL DEFAULT ''::text,
    uses bigint NOT NULL,
    used bigint NOT NULL DEFAULT 0,
    expires_at bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    revoked_at bigint,
    revoked_by text NOT NULL DEFAULT ''::text,
    CONSTRAINT grants_pkey PRIMARY KEY (id),
    CONSTRAINT grants_check CHECK (((used >= 0) AND (used <= uses))),
    CONSTRAINT grants_uses_check CHECK ((uses > 0))
);
CREATE INDEX grants_by_tool ON grants USING btree (team, tool) WHERE (revoked_at IS NULL);

CREATE TABLE halt_state (
    id bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT halt_state_pkey PRIMARY KEY (id),
    CONSTRAINT halt_state_id_check CHECK ((id = 1))
);

CREATE TABLE halts (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    target text NOT NULL,
    mode text NOT NULL,
    at bigint NOT NULL,
    made_by text NOT NULL,
    until bigint,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    lifted_at bigint,
    lifted_by text NOT NULL DEFAULT ''::text,
    CONSTRAINT halts_pkey PRIMARY KEY (id),
    CONSTRAINT halts_mode_check CHECK ((mode = ANY (ARRAY['halt'::text, 'quarantine'::text]))),
    CONSTRAINT halts_scope_check CHECK ((scope = ANY (ARRAY['all'::text, 'team'::text, 'agent'::text, 'release'::text, 'tool'::text, 'model'::text, 'principal'::text, 'run'::text])))
);
CREATE INDEX halts_standing ON halts USING btree (at) WHERE (lifted_at IS NULL);

CREATE TABLE histograms (
    day text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    sort text COLLATE "C" NOT NULL,
    metric text COLLATE "C" NOT NULL,
    bucket bigint NOT NULL,
    n bigint NOT NULL,
    total bigint NOT NULL,
    CONSTRAINT histograms_pkey PRIMARY KEY (day, team, agent, flow, sort, metric, bucket)
);

CREATE TABLE holds (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    subject_tag text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    words bytea NOT NULL,
    placed_by text NOT NULL,
    placed_at bigint NOT NULL,
    released_by text NOT NULL DEFAULT ''::text,
    released_at bigint,
    CONSTRAINT holds_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX holds_open ON holds USING btree (subject_tag) WHERE (released_at IS NULL);

CREATE TABLE inbox (
    n bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
    run text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    name text NOT NULL DEFAULT ''::text,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (n)
) WITH (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=500);
CREATE UNIQUE INDEX inbox_run_id ON inbox USING btree (run, id);

CREATE TABLE judge_cards (
    team text COLLATE "C" NOT NULL,
    judge text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    card text COLLATE "C" NOT NULL,
    labels text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    made_at bigint NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    changed_at bigint NOT NULL,
    why text COLLATE "C" NOT NULL DEFAULT ''::text,
    CONSTRAINT judge_cards_pkey PRIMARY KEY (team, judge, digest),
    CONSTRAINT judge_cards_status_check CHECK ((status = ANY (ARRAY['current'::text, 'suspended'::text])))
);

CREATE TABLE judge_checks (
    team text COLLATE "C" NOT NULL,
    judge text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    item text COLLATE "C" NOT NULL,
    agreed bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT judge_checks_pkey PRIMARY KEY (team, judge, digest, at, item),
    CONSTRAINT judge_checks_agreed_check CHECK ((agreed = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE label_items (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    run text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL DEFAULT ''::text,
    settled_by text COLLATE "C" NOT NULL DEFAULT ''::text,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT label_items_team_queue_source_key UNIQUE (team, queue, source),
    CONSTRAINT label_items_pkey PRIMARY KEY (id),
    CONSTRAINT label_items_status_check CHECK ((status = ANY (ARRAY['open'::text, 'disputed'::text, 'settled'::text, 'withdrawn'::text])))
);
CREATE INDEX label_items_of_queue ON label_items USING btree (team, queue, status, at);

CREATE TABLE label_queues (
    team text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    choices text COLLATE "C" NOT NULL,
    scale text COLLATE "C" NOT NULL,
    labellers bigint NOT NULL,
    readers text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    CONSTRAINT label_queues_pkey PRIMARY KEY (team, name),
    CONSTRAINT label_queues_labellers_check CHECK ((labellers >= 1)),
    CONSTRAINT label_queues_scale_check CHECK ((scale = ANY (ARRAY['nominal'::text, 'ordinal'::text])))
);

CREATE TABLE label_sets (
    team text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    digest text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    items bigint NOT NULL,
    status text COLLATE "C" NOT NULL,
    readers text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    made_at bigint NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    reviewed_at bigint,
    reviewed_by text COLLATE "C" NOT NULL DEFAULT ''::text,
    CONSTRAINT label_sets_pkey PRIMARY KEY (team, name, version),
    CONSTRAINT label_sets_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'usable'::text, 'redacted'::text, 'refused'::text])))
);

CREATE TABLE labels (
    item text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT labels_pkey PRIMARY KEY (item, person)
);

CREATE TABLE limits_in_force (
    team text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    protected bigint NOT NULL DEFAULT 0,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    since bigint NOT NULL,
    by text NOT NULL,
    CONSTRAINT limits_in_force_pkey PRIMARY KEY (team, name),
    CONSTRAINT limits_in_force_name_check CHECK ((name = ANY (ARRAY['budgets'::text, 'retention'::text]))),
    CONSTRAINT limits_in_force_protected_check CHECK ((protected = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE memory (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    key_id text NOT NULL,
    body bytea NOT NULL,
    size bigint NOT NULL,
    stamp text NOT NULL,
    at bigint NOT NULL,
    expires bigint,
    CONSTRAINT memory_pkey PRIMARY KEY (id),
    CONSTRAINT memory_scope_check CHECK ((scope = ANY (ARRAY['run'::text, 'user'::text, 'agent'::text, 'team'::text])))
);
CREATE INDEX memory_by_expiry ON memory USING btree (expires) WHERE (expires IS NOT NULL);
CREATE INDEX memory_by_key ON memory USING btree (key_id);
CREATE INDEX memory_by_place ON memory USING btree (place, id);
CREATE INDEX memory_by_team ON memory USING btree (team, id);

CREATE TABLE migrations (
    version bigint NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    at bigint NOT NULL DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000000)::numeric))::bigint,
    CONSTRAINT migrations_pkey PRIMARY KEY (version)
);

CREATE TABLE model_figures (
    day text COLLATE "C" NOT NULL,
    route text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    prompt bigint NOT NULL,
    cached bigint NOT NULL,
    hits bigint NOT NULL,
    avoided bigint NOT NULL,
    CONSTRAINT model_figures_pkey PRIMARY KEY (day, route, model)
);

CREATE TABLE online_scores (
    team text COLLATE "C" NOT NULL,
    run text COLLATE "C" NOT NULL,
    metric text COLLATE "C" NOT NULL,
    value bigint,
    judge text COLLATE "C" NOT NULL,
    most bigint NOT NULL,
    agent text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    ended bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT online_scores_pkey PRIMARY KEY (team, run, metric),
    CONSTRAINT online_scores_value_check CHECK (((value >= 0) AND (value <= 1000000)))
);
CREATE INDEX online_scores_by_end ON online_scores USING btree (team, metric, ended);
CREATE INDEX online_scores_paid ON online_scores USING btree (team, at) WHERE (most > 0);

CREATE TABLE open_writes (
    run text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    CONSTRAINT open_writes_pkey PRIMARY KEY (run, path)
);
CREATE INDEX open_writes_by_fingerprint ON open_writes USING btree (fingerprint);

CREATE TABLE people (
    team text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    active bigint NOT NULL DEFAULT 1,
    created_at bigint NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT people_pkey PRIMARY KEY (team, id),
    CONSTRAINT people_active_check CHECK ((active = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT people_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'service'::text])))
);

CREATE TABLE person_roles (
    team text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    CONSTRAINT person_roles_pkey PRIMARY KEY (team, person, role)
);

CREATE TABLE policies_in_force (
    team text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    protected bigint NOT NULL DEFAULT 0,
    since bigint NOT NULL,
    by text NOT NULL,
    CONSTRAINT policies_in_force_pkey PRIMARY KEY (team),
    CONSTRAINT policies_in_force_protected_check CHECK ((protected = ANY (ARRAY[(0)::bigint, (1)::bigint])))
);

CREATE TABLE policy_versions (
    team text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT policy_versions_pkey PRIMARY KEY (team, digest)
);

CREATE TABLE principals (
    id text COLLATE "C" NOT NULL,
    team text NOT NULL,
    kind text NOT NULL,
    key_digest bytea NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    CONSTRAINT principals_key_digest_key UNIQUE (key_digest),
    CONSTRAINT principals_pkey PRIMARY KEY (id),
    CONSTRAINT principals_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'service'::text])))
);

CREATE TABLE projections (
    name text NOT NULL,
    tx bigint NOT NULL,
    pos bigint NOT NULL,
    CONSTRAINT projections_pkey PRIMARY KEY (name)
);

CREATE TABLE proposals (
    id text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    needed bigint NOT NULL,
    votes bigint NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'open'::text,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    made_at bigint NOT NULL,
    made_by text NOT NULL,
    due bigint NOT NULL,
    decided_at bigint,
    decided_by text NOT NULL DEFAULT ''::text,
    CONSTRAINT proposals_pkey PRIMARY KEY (id),
    CONSTRAINT proposals_needed_check CHECK ((needed > 0)),
    CONSTRAINT proposals_status_check CHECK ((status = ANY (ARRAY['open'::text, 'approved'::text, 'rejected'::text, 'expired'::text, 'withdrawn'::text])))
);
CREATE UNIQUE INDEX proposals_open ON proposals USING btree (team, kind, name, digest) WHERE (status = 'open'::text);

CREATE TABLE ratings (
    approval text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    rating bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT ratings_pkey PRIMARY KEY (approval, person),
    CONSTRAINT ratings_rating_check CHECK (((rating >= 1) AND (rating <= 5)))
);

CREATE TABLE receipts (
    run text NOT NULL,
    path text NOT NULL,
    object text NOT NULL,
    team text NOT NULL,
    at bigint NOT NULL,
    undone_by text NOT NULL DEFAULT ''::text,
    undone_at bigint,
    taking_by text NOT NULL DEFAULT ''::text,
    CONSTRAINT receipts_pkey PRIMARY KEY (run, path, object)
);
CREATE INDEX receipts_by_object ON receipts USING btree (team, object, at);

CREATE TABLE reductions (
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT reductions_pkey PRIMARY KEY (stream, seq)
);
CREATE INDEX reductions_key ON reductions USING btree (key_id);

CREATE TABLE releases (
    team text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    policy text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT releases_pkey PRIMARY KEY (team, digest)
);
CREATE UNIQUE INDEX releases_name ON releases USING btree (team, name);

CREATE TABLE restores (
    number bigint NOT NULL,
    at bigint NOT NULL,
    note text NOT NULL,
    CONSTRAINT restores_note_key UNIQUE (note),
    CONSTRAINT restores_pkey PRIMARY KEY (number),
    CONSTRAINT restores_number_check CHECK ((number > 0))
);

CREATE TABLE reviewed_rights (
    review text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    verdict text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    by text NOT NULL,
    CONSTRAINT reviewed_rights_pkey PRIMARY KEY (review, subject),
    CONSTRAINT reviewed_rights_verdict_check CHECK ((verdict = ANY (ARRAY['confirmed'::text, 'revoked'::text])))
);

CREATE TABLE revocations (
    team text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    by text NOT NULL,
    CONSTRAINT revocations_pkey PRIMARY KEY (team, kind, subject),
    CONSTRAINT revocations_kind_check CHECK ((kind = ANY (ARRAY['right'::text, 'capability'::text])))
);

CREATE TABLE root_keys (
    id text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    turn bigint NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT root_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE run_classes (
    run text COLLATE "C" NOT NULL,
    data_class text COLLATE "C" NOT NULL,
    settled_at bigint,
    CONSTRAINT run_classes_pkey PRIMARY KEY (run, data_class)
);
CREATE INDEX run_classes_due ON run_classes USING btree (run) WHERE (settled_at IS NULL);

CREATE TABLE run_days (
    day text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    sort text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    failure text COLLATE "C" NOT NULL,
    runs bigint NOT NULL,
    human bigint NOT NULL,
    cost bigint NOT NULL,
    model_calls bigint NOT NULL,
    tool_calls bigint NOT NULL,
    tool_failures bigint NOT NULL,
    retries bigint NOT NULL,
    denials bigint NOT NULL,
    asks bigint NOT NULL,
    loops bigint NOT NULL,
    handoffs bigint NOT NULL,
    writes bigint NOT NULL,
    undone bigint NOT NULL,
    asked bigint NOT NULL,
    looped bigint NOT NULL,
    complete bigint NOT NULL,
    CONSTRAINT run_days_pkey PRIMARY KEY (day, team, agent, flow, purpose, release, source, sort, status, failure)
);

CREATE TABLE run_facts (
    run text COLLATE "C" NOT NULL,
    events bigint NOT NULL,
    steps bigint NOT NULL,
    last_at bigint NOT NULL,
    last text NOT NULL,
    CONSTRAINT run_facts_pkey PRIMARY KEY (run)
);

CREATE TABLE runs (
    id text COLLATE "C" NOT NULL,
    team text NOT NULL,
    flow text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL DEFAULT ''::text,
    due bigint,
    priority bigint NOT NULL DEFAULT 100,
    owner text,
    epoch bigint NOT NULL DEFAULT 0,
    pin text NOT NULL,
    parent text,
    key_id text NOT NULL,
    base_seq bigint NOT NULL DEFAULT 1,
    generation bigint NOT NULL DEFAULT 1,
    mail bigint NOT NULL DEFAULT 0,
    paused bigint NOT NULL DEFAULT 0,
    error text NOT NULL DEFAULT ''::text,
    session text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL,
    ended_at bigint,
    release text COLLATE "C" NOT NULL DEFAULT ''::text,
    channel text COLLATE "C" NOT NULL DEFAULT ''::text,
    CONSTRAINT runs_pkey PRIMARY KEY (id),
    CONSTRAINT runs_check CHECK (((owner IS NOT NULL) = (status = 'running'::text))),
    CONSTRAINT runs_check1 CHECK (((ended_at IS NOT NULL) = (status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text])))),
    CONSTRAINT runs_check2 CHECK (((due IS NULL) OR (status = ANY (ARRAY['ready'::text, 'parked'::text])))),
    CONSTRAINT runs_paused_check CHECK ((paused = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['ready'::text, 'running'::text, 'parked'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
) WITH (fillfactor=75, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=500);
CREATE INDEX runs_channel ON runs USING btree (release, created_at) WHERE (channel <> ''::text);
CREATE INDEX runs_due ON runs USING btree (priority, due) WHERE (due IS NOT NULL);
CREATE INDEX runs_next ON runs USING btree (due) WHERE (due IS NOT NULL);
CREATE INDEX runs_owner ON runs USING btree (owner) WHERE (owner IS NOT NULL);
CREATE INDEX runs_parent ON runs USING btree (parent) WHERE (parent IS NOT NULL);
CREATE INDEX runs_released ON runs USING btree (release, due) WHERE ((release <> ''::text) AND (ended_at IS NULL));

CREATE TABLE schedules (
    id text COLLATE "C" NOT NULL,
    team text NOT NULL,
    flow text NOT NULL,
    cron text NOT NULL,
    tz text NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    next_at bigint,
    active bigint NOT NULL,
    CONSTRAINT schedules_pkey PRIMARY KEY (id),
    CONSTRAINT schedules_active_check CHECK ((active = ANY (ARRAY[(0)::bigint, (1)::bigint]))),
    CONSTRAINT schedules_check CHECK (((active = 1) OR (next_at IS NULL)))
);
CREATE INDEX schedules_next ON schedules USING btree (next_at) WHERE (next_at IS NOT NULL);

CREATE TABLE search_blocks (
    first bigint NOT NULL,
    last bigint NOT NULL,
    names bytea NOT NULL,
    bits bytea NOT NULL,
    CONSTRAINT search_blocks_pkey PRIMARY KEY (first)
);

CREATE TABLE search_documents (
    n bigint NOT NULL,
    run text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    path text NOT NULL,
    part text NOT NULL,
    at bigint NOT NULL,
    team text NOT NULL,
    flow text NOT NULL,
    agent text NOT NULL,
    tool text NOT NULL,
    model text NOT NULL,
    error text NOT NULL,
    readers text NOT NULL,
    key_id text NOT NULL,
    words text NOT NULL,
    vector bytea NOT NULL,
    CONSTRAINT search_documents_pkey PRIMARY KEY (n)
);
CREATE INDEX search_documents_by_key ON search_documents USING btree (key_id);
CREATE INDEX search_documents_by_run ON search_documents USING btree (run, n);
CREATE INDEX search_documents_by_word ON search_documents USING gin (string_to_array(words, ' '::text));

CREATE TABLE search_meanings (
    n bigint NOT NULL,
    model text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    vector bytea NOT NULL,
    CONSTRAINT search_meanings_pkey PRIMARY KEY (n)
);
CREATE INDEX search_meanings_by_key ON search_meanings USING btree (key_id);

CREATE TABLE signing_keys (
    number bigint NOT NULL,
    public text NOT NULL,
    introduction text NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (number),
    CONSTRAINT signing_keys_number_check CHECK ((number > 0))
);

CREATE TABLE span_labels (
    trace text COLLATE "C" NOT NULL,
    span text COLLATE "C" NOT NULL,
    integrity text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    CONSTRAINT span_labels_pkey PRIMARY KEY (trace, span)
);

CREATE TABLE spans (
    n bigint NOT NULL,
    trace text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    started bigint NOT NULL,
    ended bigint,
    status text COLLATE "C" NOT NULL,
    error text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    requested text COLLATE "C" NOT NULL,
    served text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    route text COLLATE "C" NOT NULL,
    input bigint NOT NULL,
    cached bigint NOT NULL,
    cache_written bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    cost bigint NOT NULL,
    queued bigint,
    first_token bigint,
    human bigint NOT NULL,
    prompt text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    retries bigint NOT NULL,
    cache text COLLATE "C" NOT NULL,
    decision text COLLATE "C" NOT NULL,
    effect text COLLATE "C" NOT NULL,
    simulated bigint NOT NULL,
    score bigint,
    detail text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    CONSTRAINT spans_pkey PRIMARY KEY (n)
);
CREATE INDEX spans_below ON spans USING btree (trace, parent, started, n);
CREATE UNIQUE INDEX spans_of_trace ON spans USING btree (trace, id);

CREATE TABLE stream_heads (
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT stream_heads_pkey PRIMARY KEY (stream)
) WITH (fillfactor=50);

CREATE TABLE task_hooks (
    run text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    seen text NOT NULL DEFAULT ''::text,
    told text NOT NULL DEFAULT ''::text,
    at bigint NOT NULL,
    CONSTRAINT task_hooks_pkey PRIMARY KEY (run, id)
);

CREATE TABLE tasks (
    run text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT tasks_tag_key UNIQUE (tag),
    CONSTRAINT tasks_pkey PRIMARY KEY (run)
);
CREATE INDEX tasks_by_owner ON tasks USING btree (team, owner, agent, run);

CREATE TABLE tellings (
    n bigint NOT NULL,
    trace text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    upto bigint NOT NULL,
    over bigint NOT NULL,
    CONSTRAINT tellings_pkey PRIMARY KEY (n)
);
CREATE INDEX tellings_of_trace ON tellings USING btree (trace, upto);

CREATE TABLE tool_days (
    day text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    tool text COLLATE "C" NOT NULL,
    calls bigint NOT NULL,
    failed bigint NOT NULL,
    denied bigint NOT NULL,
    CONSTRAINT tool_days_pkey PRIMARY KEY (day, team, agent, flow, tool)
);

CREATE TABLE tool_digests (
    team text COLLATE "C" NOT NULL,
    tool text COLLATE "C" NOT NULL,
    digest text NOT NULL DEFAULT ''::text,
    accepted_by text NOT NULL DEFAULT ''::text,
    accepted_at bigint,
    manifest text NOT NULL DEFAULT ''::text,
    pending text NOT NULL DEFAULT ''::text,
    pending_manifest text NOT NULL DEFAULT ''::text,
    CONSTRAINT tool_digests_pkey PRIMARY KEY (team, tool),
    CONSTRAINT tool_digests_check CHECK (((accepted_at IS NULL) = (digest = ''::text))),
    CONSTRAINT tool_digests_check1 CHECK (((digest <> ''::text) OR (pending <> ''::text)))
);

CREATE TABLE trace_keys (
    key_id text COLLATE "C" NOT NULL,
    trace text COLLATE "C" NOT NULL,
    CONSTRAINT trace_keys_pkey PRIMARY KEY (key_id, trace)
);

CREATE TABLE traces (
    id text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    session text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    principal text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    sort text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    error text COLLATE "C" NOT NULL,
    failure text COLLATE "C" NOT NULL,
    signature text COLLATE "C" NOT NULL,
    suspect text COLLATE "C" NOT NULL,
    started bigint NOT NULL,
    ended bigint,
    human bigint NOT NULL,
    spans bigint NOT NULL,
    model_calls bigint NOT NULL,
    tool_calls bigint NOT NULL,
    tool_failures bigint NOT NULL,
    retries bigint NOT NULL,
    denials bigint NOT NULL,
    asks bigint NOT NULL,
    loops bigint NOT NULL,
    handoffs bigint NOT NULL,
    writes bigint NOT NULL,
    undone bigint NOT NULL,
    input bigint NOT NULL,
    cached bigint NOT NULL,
    cache_written bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    cost bigint NOT NULL,
    simulated bigint NOT NULL,
    prompt text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    missing bigint NOT NULL,
    score bigint,
    CONSTRAINT traces_pkey PRIMARY KEY (id)
);
CREATE INDEX traces_by_agent ON traces USING btree (team, agent, started, id);
CREATE INDEX traces_by_asks ON traces USING btree (team, started, id) WHERE (asks > 0);
CREATE INDEX traces_by_denials ON traces USING btree (team, started, id) WHERE (denials > 0);
CREATE INDEX traces_by_end ON traces USING btree (team, ended, status, agent, flow, started, human, cost, denials) WHERE ((ended IS NOT NULL) AND (sort = 'task'::text));
CREATE INDEX traces_by_error ON traces USING btree (team, error, started, id) WHERE (error <> ''::text);
CREATE INDEX traces_by_failure ON traces USING btree (team, failure, started, id) WHERE (failure <> ''::text);
CREATE INDEX traces_by_flow ON traces USING btree (team, flow, started, id);
CREATE INDEX traces_by_loops ON traces USING btree (team, started, id) WHERE (loops > 0);
CREATE INDEX traces_by_model ON traces USING btree (team, model, started, id);
CREATE INDEX traces_by_parent ON traces USING btree (team, parent, started, id) WHERE (parent <> ''::text);
CREATE INDEX traces_by_principal ON traces USING btree (team, principal, started, id);
CREATE INDEX traces_by_prompt ON traces USING btree (team, prompt, started, id);
CREATE INDEX traces_by_purpose ON traces USING btree (team, purpose, started, id);
CREATE INDEX traces_by_release ON traces USING btree (team, release, started, id);
CREATE INDEX traces_by_session ON traces USING btree (team, session, started, id) WHERE (session <> ''::text);
CREATE INDEX traces_by_signature ON traces USING btree (team, signature, started, id) WHERE (signature <> ''::text);
CREATE INDEX traces_by_source ON traces USING btree (team, source, started, id) WHERE (source <> ''::text);
CREATE INDEX traces_by_start ON traces USING btree (team, started, id);
CREATE INDEX traces_by_status ON traces USING btree (team, status, started, id);

CREATE TABLE trials (
    tag text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    run text COLLATE "C" NOT NULL,
    experiment text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT trials_pkey PRIMARY KEY (tag)
);

CREATE TABLE usage_days (
    day text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    prompt text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    simulated bigint NOT NULL,
    calls bigint NOT NULL,
    failed bigint NOT NULL,
    retries bigint NOT NULL,
    input bigint NOT NULL,
    cached bigint NOT NULL,
    cache_written bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    cost bigint NOT NULL,
    CONSTRAINT usage_days_pkey PRIMARY KEY (day, team, agent, flow, purpose, model, provider, prompt, release, simulated)
);

CREATE TABLE votes (
    subject text COLLATE "C" NOT NULL,
    asked bigint NOT NULL,
    revision bigint NOT NULL,
    person text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT votes_pkey PRIMARY KEY (subject, asked, revision, person)
);

CREATE TABLE waivers (
    team text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    arm text COLLATE "C" NOT NULL,
    against text COLLATE "C" NOT NULL,
    experiment text COLLATE "C" NOT NULL,
    by text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    CONSTRAINT waivers_pkey PRIMARY KEY (team, version, arm, against)
);

CREATE TABLE workers (
    id text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    host text NOT NULL,
    pid bigint NOT NULL,
    lease_until bigint NOT NULL,
    started_at bigint NOT NULL,
    fenced_at bigint,
    release text COLLATE "C" NOT NULL DEFAULT ''::text,
    CONSTRAINT workers_pkey PRIMARY KEY (id)
) WITH (fillfactor=50);

CREATE TABLE workspace (
    name text NOT NULL,
    value text NOT NULL,
    CONSTRAINT workspace_pkey PRIMARY KEY (name)
);
