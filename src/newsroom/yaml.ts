import { readFileSync } from "node:fs";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";

/** One thing that is wrong in a file: where, and what was expected. Never the value. */
export interface FileFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface YamlFile<T> {
  /** Null when there are faults. */
  readonly data: T | null;
  readonly faults: readonly string[];
  /** A fault as it is reported: `newsroom.yaml:12: currencies.USD.once.minimum: must be …`. */
  readonly describe: (fault: FileFault) => string;
}

/** What was read last under each name: when one file is edited, the others needn't be parsed again, which takes long. */
const lately = new Map<string, { readonly text: string; readonly schema: unknown; readonly file: YamlFile<unknown> }>();

/** Reads a YAML file and holds it against a schema; every fault is collected, none is thrown. */
export function readYaml<T>(path: string, name: string, schema: z.ZodType<T>): YamlFile<T> {
  const source = readText(path);
  if (source.text === null) return broken(`${name}: can't be read (${source.code})`);
  const kept = lately.get(name);
  if (kept?.text === source.text && kept.schema === schema) return kept.file as YamlFile<T>;
  const file = parse(source.text, name, schema);
  lately.set(name, { text: source.text, schema, file });
  return file;
}

function parse<T>(text: string, name: string, schema: z.ZodType<T>): YamlFile<T> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  if (document.errors.length > 0) {
    // Their messages quote the file, so only the place and the code are passed on.
    return broken(
      ...document.errors.map((error) => {
        const { line, col } = counter.linePos(error.pos[0]);
        return `${name}:${line}: is not valid YAML at column ${col} (${error.code})`;
      }),
    );
  }

  const describe = (fault: FileFault) => {
    const where = fault.path.length === 0 ? "" : `${fault.path.map(String).join(".")}: `;
    return `${name}:${lineOf(document, counter, fault.path)}: ${where}${fault.message}`;
  };
  const content = toPlain(document);
  if (content === undefined) return broken(`${name}: has an alias that can't be resolved`);
  const result = schema.safeParse(content, { error: (issue) => expectation(issue) });
  if (result.success) return { data: result.data, faults: [], describe };
  return {
    data: null,
    faults: result.error.issues.flatMap((issue) => toFaults(issue, content)).map(describe),
    describe,
  };
}

function broken(...faults: readonly string[]): YamlFile<never> {
  return { data: null, faults, describe: (fault) => fault.message };
}

function readText(
  path: string,
): { readonly text: string; readonly code: null } | { readonly text: null; readonly code: string } {
  try {
    return { text: readFileSync(path, "utf8"), code: null };
  } catch (error) {
    return { text: null, code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
  }
}

function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 }) ?? {};
  } catch {
    return undefined;
  }
}

function expectation(issue: { readonly code?: string | undefined; readonly expected?: unknown }): string {
  const names: Record<string, string> = {
    object: "a group of keys",
    record: "a group of keys",
    array: "a list",
    int: "a whole number",
  };
  const expected = String(issue.expected ?? "another value");
  return `expected ${names[expected] ?? expected}`;
}

function toFaults(issue: z.core.$ZodIssue, content: unknown): readonly FileFault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: "is not a key that is known here" }));
  }
  if (issue.code === "invalid_key") {
    return [{ path: issue.path, message: issue.issues[0]?.message ?? "is not a key that is known here" }];
  }
  const missing = issue.path.length > 0 && valueAt(content, issue.path) === undefined;
  return [{ path: issue.path, message: missing ? "is missing" : issue.message }];
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    return typeof value === "object" && value !== null && Object.hasOwn(value, key)
      ? (value as Record<PropertyKey, unknown>)[key]
      : undefined;
  }, content);
}

/** The line of the deepest part of the path that is in the file. */
function lineOf(document: Document, counter: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (!pair || !isNode(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return counter.linePos(offset).line || 1;
}
