"""`[sql.NAME]` of tools.toml: declared queries and statements over one database, checked when they are opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest, Undo
from remit.store.foreign.database import NotNow, StatementRefused
from remit.store.foreign.opening import open_foreign
from remit.tools.arguments import check_schema
from remit.tools.sql.database import SqlDatabase
from remit.tools.sql.keys import DEFINITION, TABLE
from remit.tools.sql.reading import AnyQueryBinding, QueryBinding
from remit.tools.sql.statement import StatementError, Verb, read_statement
from remit.tools.sql.writing import WriteBinding, WriteSpec
from remit.tools.tool import Tool
from remit.tools.unreachable import SourceUnreachable

if TYPE_CHECKING:
    from pathlib import Path

    from remit.store.foreign.database import Table
    from remit.tools.sql.declared import Declared, SqlSource
    from remit.tools.sql.statement import Statement

Json = Any
_ANYTHING = ["string", "number", "boolean", "null"]
_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "any"})


async def open_sql(source: SqlSource, workspace: Path, password: str = "") -> list[Tool]:
    """The tools of a database; each statement is checked by the database itself."""
    driver = open_foreign(source.url, workspace)
    opening = _Opening(source, SqlDatabase(source.name, driver, source.secret, source.seconds), password)
    try:
        tools = [await opening.read(each) for each in source.read]
        tools += [await opening.write(each) for each in source.write]
    except NotNow as wrong:
        await driver.close()
        raise SourceUnreachable(
            f"[sql.{source.name}] cannot be reached: {wrong}.", "Start it, or correct its url in tools.toml."
        ) from None
    except BaseException:
        await driver.close()
        raise
    return [*tools, *opening.any_query()]


class _Opening:
    """Makes the tools of one source."""

    def __init__(self, source: SqlSource, database: SqlDatabase, password: str) -> None:
        self._source = source
        self._database = database
        self._password = password

    async def read(self, declared: Declared) -> Tool:
        statement = self._statement(declared)
        if statement.verb is not Verb.READ:
            raise self._wrong(declared, "is no query", "Put what changes something under write.")
        most = declared.rows or self._source.rows
        sql = statement.sql()
        manifest = await self._manifest(declared, statement, Effect.READ)
        return Tool(manifest, QueryBinding(self._database, sql, most), self._place(declared))

    async def write(self, declared: Declared) -> Tool:
        statement = self._statement(declared)
        if statement.verb is Verb.READ:
            raise self._wrong(declared, "changes nothing", "Put a query under read.")
        table, why = await self._undoable(declared, statement)
        if declared.keyed:
            await self._check_keys(declared)
        effect = Effect.IRREVERSIBLE if declared.irreversible else Effect.WRITE
        manifest = await self._manifest(
            declared,
            statement,
            effect,
            Undo.RESTORE if table is not None else Undo.NONE,
            why,
            keyed=declared.keyed,
        )
        label = f"{self._source.name}.{statement.table.lower()}"
        spec = WriteSpec(declared.name, statement, table, label, declared.rows or 100, declared.keyed)
        return Tool(manifest, WriteBinding(self._database, spec), self._place(declared))

    def any_query(self) -> list[Tool]:
        """The tool that executes whatever it is given, if there is to be one."""
        source = self._source
        if not source.query:
            return []
        manifest = ToolManifest(
            name=source.query,
            description=(
                f"Executes one SQL query that changes nothing over {source.name} "
                f"({'SQLite' if source.url.startswith('sqlite') else 'PostgreSQL'}); at most {source.rows:,} rows."
            ),
            parameters={
                "type": "object",
                "properties": {"sql": {"type": "string", "description": "One SELECT, values written into it."}},
                "required": ["sql"], "additionalProperties": False,
            },
            effect=Effect.READ, roles={"sql": ArgumentRole.CODE}, **self._shared(),
        )  # fmt: skip
        return [
            Tool(manifest, AnyQueryBinding(self._database, source.rows), f"tools.toml [sql.{source.name}]")
        ]

    async def _manifest(
        self, declared: Declared, statement: Statement, effect: Effect, undo: Undo = Undo.NONE, why: str = "",
        *, keyed: bool = False,
    ) -> ToolManifest:  # fmt: skip
        parameters = await self._parameters(declared, statement)
        check_schema(parameters, declared.name)
        description = declared.description or " ".join(declared.text.split())
        return ToolManifest(
            name=declared.name, description=description, parameters=parameters, effect=effect,
            roles=self._roles(declared, statement), undo=undo, best_effort=why, keyed=keyed,
            reconciles=keyed, **self._shared(), version=statement.sql().text,
        )  # fmt: skip

    def _shared(self) -> dict[str, Any]:
        source = self._source
        return {
            "label": ResultLabel(source.name, source.trusted, data_class=source.data_class),
            "timeout": source.seconds + 5, "secrets": (source.secret,) if source.secret else (),
            "source": f"sql:{source.name}", "owner": source.owner,
        }  # fmt: skip

    def _statement(self, declared: Declared) -> Statement:
        try:
            return read_statement(declared.text)
        except StatementError as wrong:
            raise self._wrong(declared, f"cannot be read: {wrong}") from None

    async def _parameters(self, declared: Declared, statement: Statement) -> dict[str, Json]:
        names = statement.names
        for name in declared.parameters:
            if name not in names:
                raise self._wrong(declared, f'describes the parameter "{name}", which it does not have')
        try:
            kinds = await self._database.driver.parameters(statement.sql().text, self._password)
        except StatementRefused as wrong:
            raise self._wrong(declared, f"is not taken by the database: {wrong}") from None
        found = dict(zip(names, kinds, strict=False))
        properties = {
            name: self._schema(declared, name, declared.parameters.get(name, found.get(name)))
            for name in names
        }
        return {
            "type": "object", "properties": properties, "required": list(names), "additionalProperties": False,
        }  # fmt: skip

    def _schema(self, declared: Declared, name: str, said: Json) -> dict[str, Json]:
        if isinstance(said, dict):
            return cast("dict[str, Json]", said)
        if said is None or said == "any":
            return {"type": _ANYTHING}
        if said not in _TYPES:
            raise self._wrong(
                declared, f'gives "{name}" the type "{said}"', f"There are {', '.join(sorted(_TYPES))}."
            )
        return {"type": said if name in declared.parameters else [said, "null"]}

    def _roles(self, declared: Declared, statement: Statement) -> dict[str, ArgumentRole]:
        found: dict[str, ArgumentRole] = {}
        for name, role in declared.roles.items():
            if name not in statement.names or role not in list(ArgumentRole):
                raise self._wrong(
                    declared, f'gives "{name}" the role "{role}"',
                    f"Its parameters are {', '.join(statement.names)}; roles are {', '.join(ArgumentRole)}.",
                )  # fmt: skip
            found[name] = ArgumentRole(role)
        return found

    async def _undoable(self, declared: Declared, statement: Statement) -> tuple[Table | None, str]:
        """The table whose rows undo will put back, or why there is none."""
        if declared.irreversible:
            return None, ""
        if statement.verb is Verb.OTHER:
            return None, "it is no INSERT, UPDATE or DELETE, so nobody knows which rows it touches"
        if statement.unclear:
            return None, f"{statement.unclear}, so it is not known beforehand which rows it touches"
        table = await self._database.driver.table(_plain(statement.table), self._password)
        if table is None:
            raise self._wrong(declared, f"changes {statement.table}, which is no table of the database")
        if not table.key:
            return None, f"{statement.table} has no primary key, so its rows have no names"
        if table.aside and not declared.complete:
            return (
                None,
                f"a change of {statement.table} sets off {', '.join(table.aside)}, which is not captured",
            )
        aside = f"what {', '.join(table.aside)} did is not put back" if table.aside else ""
        return table, aside

    async def _check_keys(self, declared: Declared) -> None:
        if await self._database.driver.table(TABLE, self._password) is None:
            raise self._wrong(
                declared, f"is keyed, and the database has no table {TABLE}", f"Make it: {DEFINITION};"
            )

    def _place(self, declared: Declared) -> str:
        return f"tools.toml [sql.{self._source.name}] {declared.name}"

    def _wrong(self, declared: Declared, what: str, hint: str = "") -> InvalidTool:
        return InvalidTool(
            f"tools.toml: {declared.name} of [sql.{self._source.name}] {what.rstrip('.')}.", hint
        )


def _plain(name: str) -> str:
    """A name as a catalog knows it, where it is quoted as only some databases read it."""
    if name[:1] in {"`", "["}:
        return name[1:-1]
    single = name.startswith('"') and name.endswith('"') and '"' not in name[1:-1]
    return name[1:-1] if single and name[1:-1].islower() else name
