import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { compose } from "../../src/compose.ts";
import type { DataKey } from "../../src/config.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { createKeyring, type Keyring } from "../../src/vault/keyring.ts";
import { loadLookupKey } from "../../src/vault/lookup-key.queries.ts";
import { replaceSealed } from "../../src/vault/rotate.queries.ts";
import { type Rotated, rotateKeys } from "../../src/vault/rotate.ts";
import { contextOf, SEALED_COLUMNS, type SealedColumn } from "../../src/vault/sealed-columns.ts";
import { createVault, open } from "../../src/vault/vault.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { give, start } from "../support/giving.ts";
import { sealedUnder, sealsUnder } from "../support/keys.ts";
import { dumpDatabase, findLeaks } from "../support/leaks.ts";

const newKey = (id: string): DataKey => ({ id, key: randomBytes(32) });
const vaultOf = (...keys: DataKey[]) =>
  createVault(
    createKeyring(() => keys),
    Buffer.alloc(32, 7),
  );

describe("a sealed value", () => {
  const key = newKey("k1");
  const vault = vaultOf(key);
  const context = "donors.name:1";

  test.each(["", "Ada", "Ада Лавлейс 👩‍💻", "\0", "x".repeat(1_000_000)])("opens to what it was: %#", (value) => {
    expect(vault.open(vault.seal(value, context), context)).toBe(value);
  });

  test("is another one each time, and neither shows the text nor its hash", () => {
    const [one, other] = [vault.seal("ada@example.org", context), vault.seal("ada@example.org", context)];
    expect(one.equals(other)).toBe(false);
    const places = [one, other].map((bytes) => ({
      name: "sealed",
      content: `${bytes.toString("latin1")} ${bytes.toString("hex")}`,
    }));
    expect(findLeaks(places, { email: "ada@example.org" })).toEqual([]);
  });

  test("doesn't open in another place", () => {
    const sealed = vault.seal("Ada", context);
    for (const other of ["donors.name:2", "donors.email:1", "", `${context} `]) {
      expect(() => vault.open(sealed, other), other).toThrow();
    }
  });

  test("doesn't open with any bit changed, at any length cut, or lengthened", () => {
    const sealed = vault.seal("Ada", context);
    for (let at = 0; at < sealed.length * 8; at++) {
      const flipped = Buffer.from(sealed);
      flipped[at >> 3] = (flipped[at >> 3] as number) ^ (1 << (at & 7));
      expect(() => vault.open(flipped, context), `bit ${at}`).toThrow();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => vault.open(sealed.subarray(0, length), context), `length ${length}`).toThrow();
    }
    expect(() => vault.open(Buffer.concat([sealed, Buffer.from([0])]), context)).toThrow();
  });

  test("under an unknown key says that key's id, and nothing else of it", () => {
    const sealed = vault.seal("Ada", context);
    const message = messageOf(() => vaultOf(newKey("k2")).open(sealed, context));
    expect(message).toContain('"k1"');
    expect(message).not.toContain("k2");
    const places = [{ name: "message", content: message }];
    expect(findLeaks(places, { key: key.key.toString("base64"), hex: key.key.toString("hex") })).toEqual([]);
  });

  test("doesn't open with another key of the same id", () => {
    const sealed = vault.seal("Ada", context);
    expect(() => vaultOf(newKey("k1")).open(sealed, context)).toThrow();
  });

  test("opens with any of the keys, and the first one seals", () => {
    const both = vaultOf(newKey("k2"), key);
    const old = vault.seal("Ada", context);
    expect(both.open(old, context)).toBe("Ada");
    expect(both.isCurrent(old)).toBe(false);
    expect(both.isCurrent(both.seal("Ada", context))).toBe(true);
  });

  test("under a key that was added meanwhile opens without a restart", () => {
    const keys = [key];
    const running = createVault(
      createKeyring(() => [...keys]),
      Buffer.alloc(32),
    );
    const next = newKey("k2");
    const sealed = vaultOf(next).seal("Ada", context);
    expect(() => running.open(sealed, context)).toThrow(SetupError);
    keys.unshift(next);
    expect(running.open(sealed, context)).toBe("Ada");
    expect(running.isCurrent(running.seal("Ada", context))).toBe(true);
    expect(running.open(vault.seal("Ada", context), context)).toBe("Ada");
  });

  test("is under the new first key soon after that was put there, and under the last known while they can't be read", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let keys = [key];
    let readable = true;
    let loads = 0;
    const running = createKeyring(() => {
      loads += 1;
      if (!readable) throw new Error("not now");
      return keys;
    });
    for (let call = 0; call < 100; call++) running.current();
    expect(loads).toBe(1);
    keys = [newKey("k2"), key];
    vi.advanceTimersByTime(1_000);
    expect(running.current().id).toBe("k2");
    readable = false;
    vi.advanceTimersByTime(1_000);
    expect(running.current().id).toBe("k2");
    expect(loads).toBe(3);
  });

  test("can't be made without a key", () => {
    expect(() => vaultOf().seal("Ada", context)).toThrow(SetupError);
  });
});

describe("a keyed hash", () => {
  test("is the same for the same thing, and another one for each purpose, value and lookup key", () => {
    const hash = (purpose: string, value: string, key = 7) =>
      createVault(
        createKeyring(() => []),
        Buffer.alloc(32, key),
      )
        .hash(purpose, value)
        .toString("hex");
    expect(hash("email", "ada@example.org")).toBe(hash("email", "ada@example.org"));
    const others = [
      hash("email", "ada@example.org"),
      hash("email", "Ada@example.org"),
      hash("token", "ada@example.org"),
      hash("email", "ada@example.org", 8),
      hash("emailada", "@example.org"),
      hash("", "email\0ada@example.org"),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  describe("'s own key", () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await testDatabase();
    });
    afterAll(() => database.drop());

    test("is made once, by whichever of several comes first, and is stored wrapped", async () => {
      const keyring = createKeyring(() => [shared]);
      const loaded = await Promise.all(Array.from({ length: 8 }, () => loadLookupKey(database.db, keyring)));
      expect(new Set(loaded.map((key) => key.toString("hex"))).size).toBe(1);
      const dump = await dumpDatabase(database.db);
      expect(
        findLeaks(dump, { hex: loaded[0]?.toString("hex") ?? "", base64: loaded[0]?.toString("base64") ?? "" }),
      ).toEqual([]);
      const wrong = createKeyring(() => [newKey(shared.id)]);
      await expect(loadLookupKey(database.db, wrong)).rejects.toThrow(/^DATA_KEYS: /);
      await expect(
        loadLookupKey(
          database.db,
          createKeyring(() => [newKey("else")]),
        ),
      ).rejects.toThrow(/^DATA_KEYS: .*"shared"/);
    });
    const shared = newKey("shared");
  });
});

describe("rotation", () => {
  let keys: readonly DataKey[] = [newKey("first")];
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ loadKeys: () => keys });
  });
  afterAll(() => app.close());

  async function rotate(): Promise<readonly Rotated[]> {
    const keyring = createKeyring(() => keys);
    return await rotateKeys(app.db, createVault(keyring, await loadLookupKey(app.db, keyring)), keyring);
  }

  test("knows every sealed column that there is", async () => {
    const { rows } = await sql<{ column: string }>`
      select table_name || '.' || column_name as column from information_schema.columns
      where table_schema = 'public' and data_type = 'bytea' and column_name !~ '_hash$'
    `.execute(app.db);
    const known = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`);
    expect(known.toSorted()).toEqual(rows.map(({ column }) => column).toSorted());
    expect(known.filter((column) => !column.endsWith("_sealed"))).toEqual(["vault_lookup_key.wrapped"]);
  });

  test("goes on while readers give, is broken off, begins again, and then the old key may go", async () => {
    const older = keys;
    const oldId = older[0]?.id ?? "none";
    await sealsUnder(app, oldId);
    const donor = { email: "ada@example.org", name: "Ada Lovelace" };
    const key = { "idempotency-key": "before-the-rotation" };
    const body = { frequency: "once", amount: 2500, currency: "USD" };
    const before = await (await start(app, body, key)).json();
    const given = await give(app, { frequency: "monthly", amount: 1000 }, donor);
    await app.settle();
    const newer = [newKey("second")];
    keys = [...newer, ...older];

    const gifts = (async () => {
      for (let gift = 0; gift < 12; gift++) await give(app, { amount: 2500 + gift, email: donor.email }, donor);
    })();
    await plugAfter(app, 3);
    await expect(rotate()).rejects.toThrow("pulled the plug");
    await unplug(app);
    expect(await keyIds(app)).toEqual(expect.arrayContaining([oldId, "second"]));
    const rounds = [...(await rotate()), ...(await rotate())];
    await gifts;
    await app.settle();
    expect(rounds.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(5);
    // What the writers sealed under the old key, until they met the new one.
    await sealsUnder(app, "second");
    await rotate();
    for (const { column, rows, unreadable } of await rotate())
      expect([column, rows, unreadable]).toEqual([column, 0, []]);
    expect(await keyIds(app)).toEqual(["second"]);

    keys = newer;
    const newsroom = { current: app.deps.newsroom, close: () => undefined };
    const later = await compose(app.settings, { name: "later", connections: 1, log: app.deps.log, newsroom });
    try {
      expect(await openAll(app, later.keyring)).toBeGreaterThan(50);
      expect(later.deps.vault.hash("email", "x")).toEqual(app.deps.vault.hash("email", "x"));
    } finally {
      await later.close();
    }
    expect(await (await start(app, body, key)).json()).toEqual(before);
    const again = await give(app, { amount: 9900 }, donor);
    await app.settle();
    const donorOf = async ({ id }: { id: string }) =>
      (await app.db.selectFrom("donations").select("donor_id").where("id", "=", id).executeTakeFirst())?.donor_id;
    expect(await donorOf(again)).toEqual(expect.any(String));
    expect(await donorOf(again)).toBe(await donorOf(given));
  });

  test("passes by what doesn't open, and names it", async () => {
    const { id } = await give(app, {}, { email: "grace@example.org" });
    await app.settle();
    const context = `checkouts.url_sealed:${id}`;
    const put = async (url: Buffer) =>
      await app.db.updateTable("checkouts").set({ url_sealed: url }).where("donation_id", "=", id).execute();
    await put(app.deps.vault.seal("https://pay.example", "another row's"));
    keys = [newKey("third"), ...keys];
    const rotated = await rotate();
    const unreadable = (name: string) => rotated.find(({ column }) => column === name)?.unreadable.map((row) => row.id);
    expect(unreadable("checkouts.url_sealed")).toEqual([id]);
    expect(unreadable("stripe_customers.email_sealed")).toEqual([]);
    await put(app.deps.vault.seal("https://pay.example", context));
    await rotate();
    expect(new Set(await keyIds(app))).toEqual(new Set(["third"]));
  });

  test("leaves a row to its writer who was quicker", async () => {
    const { id } = (await (await start(app, { frequency: "once", amount: 700, currency: "USD" })).json()) as {
      id: string;
    };
    const column = SEALED_COLUMNS.find((each) => each.column === "url_sealed");
    if (column === undefined) throw new Error("The column has another name.");
    const row = (await sealedRows(app, column)).find((each) => each.id === id);
    if (row === undefined) throw new Error("The checkout isn't there.");
    const stale = { id, sealed: app.deps.vault.seal("what the rotation read", contextOf(column, id)) };
    expect(await replaceSealed(app.db, column, stale, Buffer.from("lost"))).toBe(0);
    expect((await sealedRows(app, column)).find((each) => each.id === id)).toEqual(row);
    expect(await replaceSealed(app.db, column, row, stale.sealed)).toBe(1);
  });

  test("or not, a stolen dump names no donor: nothing in it opens without the key", async () => {
    const donor = { email: "hedy.lamarr@example.org", name: "Hedy Lamarr-Kiesler" };
    await give(app, { email: donor.email }, donor);
    await app.settle();
    expect(findLeaks(await dumpDatabase(app.db), donor)).toEqual([]);
    const guessed = createKeyring(() => keys.map(({ id }) => newKey(id)));
    for (const column of SEALED_COLUMNS) {
      for (const row of await sealedRows(app, column)) {
        expect(() => open(guessed, row.sealed, contextOf(column, row.id))).toThrow();
      }
    }
    const opened: string[] = [];
    await openAll(
      app,
      createKeyring(() => keys),
      (text) => opened.push(text),
    );
    expect(opened).toEqual(expect.arrayContaining([donor.email, donor.name]));
  });
});

interface SealedRow {
  readonly id: string;
  readonly sealed: Buffer;
}

async function sealedRows(app: TestApp, { table, id, column }: SealedColumn): Promise<readonly SealedRow[]> {
  const { rows } = await sql<SealedRow>`
    select ${sql.ref(id)}::text as id, ${sql.ref(column)} as sealed from ${sql.table(table)} where ${sql.ref(column)} is not null
  `.execute(app.db);
  return rows;
}

/** Opens all that is sealed. @returns how much that was */
async function openAll(
  app: TestApp,
  keyring: Keyring,
  seen: (text: string) => void = () => undefined,
): Promise<number> {
  let opened = 0;
  for (const column of SEALED_COLUMNS) {
    for (const row of await sealedRows(app, column)) {
      seen(open(keyring, row.sealed, contextOf(column, row.id)).toString("utf8"));
      opened += 1;
    }
  }
  return opened;
}

/** The ids of all keys that something is sealed under, sorted. */
async function keyIds(app: TestApp): Promise<string[]> {
  const ids = new Set<string>();
  for (const column of SEALED_COLUMNS) {
    for (const { sealed } of await sealedRows(app, column)) ids.add(sealedUnder(sealed));
  }
  return [...ids].toSorted();
}

/** Lets the database refuse to seal any more events anew after so many. */
async function plugAfter(app: TestApp, count: number): Promise<void> {
  await sql`
    create sequence plug_count;
    create function plug() returns trigger language plpgsql as $$
    begin
      if nextval('plug_count') > ${sql.lit(count)} then raise exception 'pulled the plug'; end if;
      return new;
    end $$;
    create trigger plug before update of payload_sealed on stripe_events for each row execute function plug();
  `.execute(app.db);
}

async function unplug(app: TestApp): Promise<void> {
  await sql`drop trigger plug on stripe_events; drop function plug; drop sequence plug_count`.execute(app.db);
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  throw new Error("That should have thrown.");
}
