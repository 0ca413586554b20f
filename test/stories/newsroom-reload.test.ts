import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type WatchedNewsroom, watchNewsroom } from "../../src/newsroom.ts";
import { SetupError } from "../../src/shared/errors.ts";
import { edit, newsroomFiles, SHIPPED } from "../support/newsroom-files.ts";

let directory = "";
let file = "";
let locale: (name: string) => string;
const files = newsroomFiles();
beforeEach(() => {
  ({ directory, file, locale } = files());
});

describe("while the service runs", () => {
  let watched: WatchedNewsroom | null = null;
  const log = { info: vi.fn(), error: vi.fn() };
  const watchIt = () => {
    log.info.mockClear();
    log.error.mockClear();
    watched = watchNewsroom(file, log, { quietMs: 30, pollMs: 200 });
    return watched;
  };
  afterEach(() => {
    watched?.close();
    watched = null;
  });

  const until = (check: () => void) => vi.waitFor(check, { timeout: 6000, interval: 20 });

  test("an edit takes effect", async () => {
    const { current } = watchIt();
    const before = current();
    edit(file, ["newsroom.name", "The Evening Post"]);
    await until(() => expect(current().newsroom.name).toBe("The Evening Post"));
    expect(before.newsroom.name).toBe("The Harbour Courier");
    expect(log.error).not.toHaveBeenCalled();
  });

  test("so does an edit of a language, and a new language", async () => {
    const { current } = watchIt();
    edit(locale("de"), ["form.lead", "Neu."]);
    await until(() => expect(current().copy.de?.form.lead).toBe("Neu."));
    cpSync(locale("de"), locale("de-AT"));
    await until(() => expect(current().locales).toContain("de-AT"));
  });

  test("editors that replace the file are followed, time after time", async () => {
    const { current } = watchIt();
    for (const name of ["First", "Second", "Third"]) {
      const draft = `${file}.swp`;
      cpSync(file, draft);
      edit(draft, ["newsroom.name", name]);
      renameSync(draft, file);
      await until(() => expect(current().newsroom.name).toBe(name));
    }
  });

  test("a volume whose files are links is followed", async () => {
    const versions = ["..one", "..two"].map((name) => join(directory, name));
    for (const version of versions) {
      mkdirSync(version);
      cpSync(join(SHIPPED, "newsroom.yaml"), join(version, "newsroom.yaml"));
    }
    edit(join(versions[1] ?? "", "newsroom.yaml"), ["newsroom.name", "Linked"]);
    rmSync(file);
    symlinkSync(versions[0] ?? "", join(directory, "..data"));
    symlinkSync("..data/newsroom.yaml", file);
    const { current } = watchIt();
    symlinkSync(versions[1] ?? "", join(directory, "..next"));
    renameSync(join(directory, "..next"), join(directory, "..data"));
    await until(() => expect(current().newsroom.name).toBe("Linked"));
  });

  test("a change that the system doesn't report is found by looking", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "newsroom-elsewhere-"));
    renameSync(file, join(elsewhere, "newsroom.yaml"));
    symlinkSync(join(elsewhere, "newsroom.yaml"), file);
    const { current } = watchIt();
    edit(join(elsewhere, "newsroom.yaml"), ["newsroom.name", "Found"]);
    await until(() => expect(current().newsroom.name).toBe("Found"));
    rmSync(elsewhere, { recursive: true });
  });

  test("a broken edit keeps the last good one, says why once, and mending it is enough", async () => {
    const { current } = watchIt();
    const good = current();
    edit(file, ["newsroom.contact_email", "hunter2"], ["newsroom.name", "Never shown"]);
    await until(() => expect(log.error).toHaveBeenCalled());
    expect(current()).toBe(good);
    expect(log.error.mock.calls[0]?.[0]).toEqual({
      faults: [expect.stringMatching(/^newsroom\.yaml:\d+: newsroom\.contact_email: expected an e-mail address$/)],
    });
    expect(JSON.stringify(log.error.mock.calls)).not.toContain("hunter2");

    // Longer than a poll: the same broken file is not complained about again.
    await new Promise((resolveLater) => setTimeout(resolveLater, 500));
    expect(log.error).toHaveBeenCalledTimes(1);

    edit(file, ["newsroom.contact_email", "desk@example.org"]);
    await until(() =>
      expect(current().newsroom).toMatchObject({ name: "Never shown", contact_email: "desk@example.org" }),
    );
  });

  test("a file that is gone for a while is no reason to stop", async () => {
    const { current } = watchIt();
    const good = current();
    renameSync(file, `${file}.away`);
    await until(() => expect(log.error).toHaveBeenCalled());
    expect(current()).toBe(good);
    renameSync(`${file}.away`, file);
    await until(() => expect(log.info).toHaveBeenCalled());
    expect(current()).toEqual(good);
  });

  test("a broken language keeps the last good one too", async () => {
    const { current } = watchIt();
    edit(locale("ru"), ["form.cover_fees", "без суммы"]);
    await until(() => expect(log.error).toHaveBeenCalled());
    expect(current().copy.ru?.form.cover_fees).toContain("{amount}");
  });

  test("after it is closed nothing is followed", async () => {
    const { current, close } = watchIt();
    close();
    edit(file, ["newsroom.name", "Too late"]);
    await new Promise((resolveLater) => setTimeout(resolveLater, 500));
    expect(current().newsroom.name).toBe("The Harbour Courier");
  });

  test("the first load has no last good one: a fault stops the start", () => {
    edit(file, ["newsroom.name", ""]);
    expect(() => watchNewsroom(file, log)).toThrow(SetupError);
  });
});
