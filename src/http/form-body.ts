import express, { type RequestHandler } from "express";
import { AppError } from "../shared/errors.ts";

const FORM = "application/x-www-form-urlencoded";
/** More than any form of ours has. */
const MOST_FIELDS = 100;
const NAME = /^([^[\]]+)((?:\[[^[\]]*\]){1,3})$/;

/**
 * Reads a form into `request.body`: strings, `a[b]` as `{a: {b}}`, and a list where a name came more than once, so that no later value
 * hides an earlier one. Nothing is left out: a name like `__proto__` is a key like any other, for the schema to refuse (qs, which Express
 * uses, drops it without a word).
 */
export function formBody(limitBytes: number): RequestHandler {
  const readText = express.text({ type: FORM, limit: limitBytes });
  return async (request, response, next) => {
    await new Promise<void>((resolve, reject) => {
      readText(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
    if (request.is(FORM)) request.body = parseForm(typeof request.body === "string" ? request.body : "");
    next();
  };
}

type Fields = Record<string, unknown>;

/** @throws AppError for more fields than any form has */
function parseForm(text: string): Fields {
  const fields = emptyFields();
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > MOST_FIELDS) {
    throw new AppError("invalid", "invalid_request", `The form has more than ${MOST_FIELDS} fields. Send fewer.`);
  }
  for (const [name, value] of pairs) put(fields, stepsOf(name), value);
  return fields;
}

/** A name that isn't of the form `a[b][c][d]` stays whole, and no schema knows it. */
function stepsOf(name: string): readonly string[] {
  const [, first, brackets] = NAME.exec(name) ?? [];
  if (first === undefined || brackets === undefined) return [name];
  return [first, ...brackets.slice(1, -1).split("][")];
}

function put(into: Fields, [step = "", ...rest]: readonly string[], value: string): void {
  const known = into[step];
  if (rest.length === 0) into[step] = known === undefined ? value : [known, value].flat();
  else if (isFields(known)) put(known, rest, value);
  else {
    const inner = emptyFields();
    put(inner, rest, value);
    into[step] = known === undefined ? inner : [known, inner].flat();
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without a prototype: no name means anything else than itself. */
function emptyFields(): Fields {
  return Object.create(null) as Fields;
}
