"""The sections of `remit.toml`: every choice with its default, its bounds and one line on what it means. Nouns only;
how they are read and checked is the business of `settings`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from remit.control.quality_sections import RedTeamSettings
from remit.control.setting import setting as _setting

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """Who this is."""

    name: str = _setting("", "the name shown to people; empty = the folder's name")
    team: str = _setting("default", "the team that runs belong to")
    environment: str = _setting(
        "dev",
        "dev, stage or prod: what rules and the simulated model go by",
        words=("dev", "stage", "prod"),  # in "production" nothing would be demanded of what prod demands
    )


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How work is done."""

    processes: int = _setting(1, "worker processes that `remit up` keeps alive", least=1)
    concurrency: int = _setting(200, "runs that one worker executes at once", least=1)
    lease_seconds: int = _setting(30, "how long a silent worker keeps its runs", least=2, most=_DAY)
    drain_seconds: int = _setting(25, "how long a stopping worker lets steps finish", most=_DAY)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What is refused."""

    result_bytes: int = _setting(4_194_304, "the largest result of a step, as JSON", least=1024)
    journal_events: int = _setting(
        20_000, "events of one generation of a run (see run.continue_as)", least=100
    )


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What holds for steps that do not say otherwise."""

    timeout_seconds: int = _setting(30, "how long a write may take", least=1)
    grace_seconds: int = _setting(
        5, "how long after its timeout a lost write is left alone before it is reconciled"
    )


@dataclass(frozen=True, slots=True)
class KeySettings:
    """Where the root key is kept, under which all other keys lie."""

    provider: str = _setting(
        "", "file, environment, vault or aws; empty = environment if REMIT_ROOT_KEY is set, else file"
    )
    file: str = _setting("", "the key file; empty = .remit/keys/root.key in the workspace")
    key: str = _setting("", "the name of the transit key in Vault, or the id or ARN of the key in AWS KMS")
    address: str = _setting("", "the address of Vault")
    endpoint: str = _setting("", "another endpoint of AWS KMS than the one of the region")
    mount: str = _setting("", "the mount of the transit engine; empty = transit")
    namespace: str = _setting("", "the namespace in Vault")
    region: str = _setting("", "the AWS region; empty = what the environment says")


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """What is kept of data by its class once a run has ended."""

    classes: tuple[str, ...] = _setting(
        ("personal=redact", "secret=redact"),
        'a rule for a data class: "CLASS=keep|redact|hash|drop", or only for an environment: "prod:CLASS=drop"',
    )
    detect: bool = _setting(
        default=False, meaning="also look for personal data and secrets in runs that declared no data class"
    )
    undo_days: int = _setting(
        7, "how long after its end a run that can be undone keeps what undo needs", most=36_500
    )


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long content is kept after the end of a run."""

    days: int = _setting(0, "days until the content of an ended run is destroyed; 0 = never", most=36_500)
    classes: tuple[str, ...] = _setting((), 'other days for runs that hold a data class: "CLASS=DAYS"')
    sweep_seconds: int = _setting(
        300, "how often a worker applies the rules of capture and retention", least=1
    )


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """How the log proves what it says."""

    anchors: tuple[str, ...] = _setting(
        ("file:.remit/anchor/checkpoints.jsonl",),
        "where signed checkpoints are also kept, outside the database: file:PATH, https://…, syslog+udp://…, "
        "syslog+tcp://…, s3://BUCKET/PREFIX",
    )
    seconds: int = _setting(
        1, "how often a checkpoint is made while there is anything new", least=1, most=3600
    )


@dataclass(frozen=True, slots=True)
class ContractSettings:
    """What every contract is held to, and who needs one."""

    required: str = _setting("prod", "never, prod or always: where an agent that can act needs a contract")
    reads: tuple[str, ...] = _setting(
        (), "data classes and systems that contracts may let be read; none = any"
    )
    sinks: tuple[str, ...] = _setting(
        (), 'where data may go: "*@example.com", "*.example.com"; none = anywhere'
    )
    on_violation: str = _setting("", "deny = nobody is asked about what no contract has; ask = always")
    propose: str = _setting(
        "",
        "a route whose model may propose which calls a request asks for, seeing the request alone; empty = none",
    )
    unreadable: tuple[str, ...] = _setting(
        (),
        'what a provider of models may not read: "CLASS=refuse" (it is not asked) or "CLASS=redact" (it is asked '
        'without it); "*=redact" = of every class',
    )
    show_above: str = _setting(
        "",
        "nothing, low or medium: whoever asked has to agree to a contract that puts more at stake; empty = never",
    )


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How rules are changed, tried and reviewed."""

    protect: str = _setting(
        "prod", "never, prod or always: where a change of rules, budgets or retention needs a second person"
    )
    shadow: str = _setting("", "a folder of rules that are only tried beside those in force; empty = none")
    overdue: str = _setting(
        "keep",
        "what becomes of a right that nobody has confirmed when the review of access is due: keep or deny",
    )


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """How questions to people are watched over."""

    canary_percent: int = _setting(
        0,
        "of the questions that rules ask, so many more are canaries, which ought to be refused; 0 = none",
        most=50,
    )
    rating_percent: int = _setting(
        10, "how often whoever decides in a terminal is asked how well they could; 0 = never", most=100
    )


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """How figures are counted."""

    decision_cents: int = _setting(
        0,
        "what one decision of a person costs, in hundredths, in the cost of a successful task; 0 = not counted",
    )


@dataclass(frozen=True, slots=True)
class OnlineSettings:
    """How live runs are scored."""

    percent: int = _setting(
        0, "of the tasks that end, how many are scored without a model; 0 = none", most=100
    )
    judges: tuple[str, ...] = _setting((), "judges that these are shown as well; none = no model is asked")
    judge_cents: int = _setting(100, "what judges may spend on that in a day, in hundredths")
    seconds: int = _setting(60, "how often a worker looks for tasks that ended", least=1)


@dataclass(frozen=True, slots=True)
class HaltSettings:
    """How halts are known."""

    age_seconds: int = _setting(
        5, "how old what is known of halts may be when it cannot be read; after that nothing acts", least=1
    )


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When an agent is stopped without anybody being asked; 0 of a limit: never for that."""

    action: str = _setting("quarantine", "what a breaker does to the agent: quarantine, halt or off")
    window_seconds: int = _setting(60, "how far back breakers look", least=1, most=_DAY)
    cool_down_seconds: int = _setting(0, "how long it stays stopped; 0 = until a person lifts it")
    deny_percent: int = _setting(80, "of its actions, how many may be refused", most=100)
    deny_least: int = _setting(20, "so many refusals there have to be before that counts", least=1)
    repeats: int = _setting(50, "how often it may make the same call with the same arguments")
    cost_cents: int = _setting(0, "how much it may spend, in hundredths")
    fan_out: int = _setting(0, "how often it may hand on to other agents")


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """How long what cannot be undone is held back, so that it can be called back."""

    window: str = _setting("", "such as 10m; 0 = not at all; empty = 10m in prod, 0 elsewhere")
    tools: tuple[str, ...] = _setting((), 'another time for calls of a tool, whatever its effect: "TOOL=5m"')


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where other agents come in."""

    host: str = _setting("127.0.0.1", "the address that the server listens on")
    port: int = _setting(4040, "its port; 0 = any that is free", most=65_535)
    hosts: tuple[str, ...] = _setting(
        (), "other names under which it is reached, as clients say them in Host; * = any"
    )
    origins: tuple[str, ...] = _setting((), "web pages that may call it: https://app.example.com")
    body_bytes: int = _setting(33_554_432, "the largest request", least=1024)
    at_once: int = _setting(1000, "requests that one process answers at once", least=1)
    keep_alive_seconds: int = _setting(10, "how often a client that waits is sent a sign of life", least=1)
    approval_seconds: int = _setting(
        50, "how long a request waits for a person before it is told to ask again"
    )
    open_metrics: bool = _setting(default=False, meaning="whether /metrics is told to anybody, without a key")


@dataclass(frozen=True, slots=True)
class A2aSettings:
    """Which agents others may give tasks to by A2A, and whom they are told of."""

    agents: tuple[str, ...] = _setting(
        (), "agents and flows that others may give tasks to; none = nobody is served"
    )
    url: str = _setting("", "the address under which others reach this server; empty = the one they asked at")
    push: tuple[str, ...] = _setting(
        (), 'hosts that may be told how a task goes: "hooks.example.com"; none = no host'
    )
    push_private: tuple[str, ...] = _setting((), "such hosts that may lie inside, on this machine or network")


@dataclass(frozen=True, slots=True)
class AguiSettings:
    """Which agents front ends may run by AG-UI."""

    agents: tuple[str, ...] = _setting(
        (), "agents and flows that front ends may run; none = nobody is served"
    )


@dataclass(frozen=True, slots=True)
class McpSettings:
    """What is served at /mcp beside tools."""

    flows: tuple[str, ...] = _setting((), "flows that are served as tools; none = no flow")
    flow_seconds: int = _setting(
        25, "how long a call of a flow waits for its end; the run goes on after that"
    )
    sessions: int = _setting(10_000, "sessions of older clients that one process holds", least=1)
    authorization_servers: tuple[str, ...] = _setting(
        (), "who gives keys, as clients are told: https://id.example.com"
    )


@dataclass(frozen=True, slots=True)
class OtelSettings:
    """Who else is told what was recorded."""

    endpoint: str = _setting("", "where it goes by OTLP/HTTP, such as http://localhost:4318; empty = nowhere")
    signals: tuple[str, ...] = _setting(("traces", "logs", "metrics"), "which of these are sent")
    older: bool = _setting(
        default=True, meaning="send what the conventions have renamed under its older name as well"
    )
    service: str = _setting("remit", "the name under which it stands there")
    content: bool = _setting(
        default=False, meaning="also send what models and tools were told and said, as far as it may leave"
    )


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """What is taken of telemetry that others send."""

    unpacked_bytes: int = _setting(67_108_864, "the largest request, once it is unpacked", least=1024)
    waiting_bytes: int = _setting(
        134_217_728, "how much may wait to be written; senders of more are told to come again", least=1024
    )
    entries_a_minute: int = _setting(
        0, "how many spans, records and metrics one key may send in a minute; 0 = any number"
    )


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """What helps to find what runs said."""

    route: str = _setting(
        "", "the route of an embeddings model that compares texts by what they mean; empty = none"
    )
    texts: int = _setting(64, "how many texts it compares in a search at most", least=1, most=1000)
    learn: bool = _setting(
        default=False,
        meaning="show it every text once, when it is new; a search then asks for the question alone",
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the processes of a workspace say while they work."""

    format: str = _setting("text", "text, or json: one object a line for a log store", words=("text", "json"))
    sentry: str = _setting(
        "", "the DSN of a Sentry-compatible service that is told of errors; empty = nobody is"
    )


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """What is released, who meets which release, and on what terms a canary is tried."""

    leave_out: tuple[str, ...] = _setting(
        (), 'files of the workspace that are data and no part of a release: "data", "*.csv"'
    )
    sticky: tuple[str, ...] = _setting(
        ("session", "subject"),
        "by what runs keep to one release, the first that a run has: session, subject, principal, team, input.NAME; "
        "none = each run by itself",
    )
    canary_steps: tuple[str, ...] = _setting(
        ("5", "25", "50"), "the shares of new runs that a canary gets, in percent, one after the other"
    )
    canary_step_runs: int = _setting(
        50, "runs of a canary that have to be over before it gets the next share", least=1
    )
    canary_runs: int = _setting(
        2000,
        "runs of a canary after which it is held for a person, if it is neither worse nor fine",
        least=10,
    )
    canary_hours: int = _setting(336, "hours after which it is held all the same", least=1, most=8760)
    canary_margin: int = _setting(3, "percentage points by which success may be rarer", least=1, most=50)
    canary_slack: int = _setting(
        25, "percent by which a run may be dearer or slower than nine in ten before it", most=1000
    )
    canary_harms: int = _setting(0, "harms that a canary may do before it is rolled back")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a workspace chose."""

    database: str = _setting("", "postgresql://… or sqlite:///…; empty = .remit/remit.db in the workspace")
    code: tuple[str, ...] = _setting(
        ("flows", "agents", "tools"), "folders or modules of the workspace that hold flows, agents and tools"
    )
    workspace: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    step: StepSettings = field(default_factory=StepSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    halts: HaltSettings = field(default_factory=HaltSettings)
    breakers: BreakerSettings = field(default_factory=BreakerSettings)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    contracts: ContractSettings = field(default_factory=ContractSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    reporting: ReportingSettings = field(default_factory=ReportingSettings)
    online: OnlineSettings = field(default_factory=OnlineSettings)
    a2a: A2aSettings = field(default_factory=A2aSettings)
    agui: AguiSettings = field(default_factory=AguiSettings)
    mcp: McpSettings = field(default_factory=McpSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    otel: OtelSettings = field(default_factory=OtelSettings)
    collect: CollectSettings = field(default_factory=CollectSettings)
    logs: LogSettings = field(default_factory=LogSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    releases: ReleaseSettings = field(default_factory=ReleaseSettings)
    redteam: RedTeamSettings = field(default_factory=RedTeamSettings)
