import { parameterError } from "./errors.ts";

/** A decoded form: nested by brackets, every leaf a string. Objects have no prototype, so any name is safe. */
export interface Form {
  [name: string]: string | Form;
}

const MAX_DEPTH = 8;

/** Decodes `a=1&b[c]=2&d[0][e]=3&f[]=4` as Stripe does; lists are objects with the keys 0, 1, … until a schema reads them. */
export function decodeForm(text: string): Form {
  const form: Form = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    setLeaf(form, segments(name), value, name);
  }
  return form;
}

function segments(name: string): string[] {
  const open = name.indexOf("[");
  if (open <= 0) return [name];
  const inner = name.slice(open);
  if (!/^(\[[^[\]]*\])+$/.test(inner)) return [name];
  return [name.slice(0, open), ...inner.slice(1, -1).split("][")];
}

function setLeaf(form: Form, path: string[], value: string, name: string): void {
  if (path.length > MAX_DEPTH) throw parameterError("parameter_unknown", `Received unknown parameter: ${name}`, name);
  let at = form;
  for (const [index, segment] of path.entries()) {
    const key = segment === "" && index > 0 ? String(Object.keys(at).length) : segment;
    if (index === path.length - 1) {
      if (typeof at[key] === "object") throw invalidObject(name);
      at[key] = value;
      return;
    }
    const next = at[key] ?? (Object.create(null) as Form);
    if (typeof next === "string") throw invalidObject(name);
    at[key] = next;
    at = next;
  }
}

function invalidObject(name: string) {
  return parameterError(null, `Invalid object: '${name}' was sent both as a value and as an object`, name);
}
